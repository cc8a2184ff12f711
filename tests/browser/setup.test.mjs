// The first visit: an empty database, and nobody who could sign in.
import { strict as assert } from "node:assert";
import { after, before } from "node:test";
import { startEmpty } from "./support/demo.mjs";
import { DESK, scene } from "./support/scene.mjs";
import { axe, violations } from "./sweep.mjs";

let server;
before(async () => {
  server = await startEmpty();
});
after(async () => {
  await server.stop();
});

scene("the first visit leads from the first administrator to units, a drive, and a clerk who opens an invitation", async (s) => {
  for (const lang of ["en", "zh-CN"]) {
    const context = await s.browser({ lang, device: DESK, at: server.base });
    await context.addInitScript(axe);
    const page = await context.newPage();
    await page.goto(server.setup);
    assert.deepEqual(await violations(page), [], lang);
  }
  const context = await s.browser({ at: server.base });
  await context.addInitScript(axe);
  const page = await context.newPage();
  await page.goto(server.setup);
  await page.locator("#username").fill("first");
  await page.locator("#password").fill("a long word 4 nobody");
  await page.locator("#again").fill("a long word 4 nobody");
  await page.locator("button.main").click();
  await page.waitForURL(/login/);
  await page.locator("#username").fill("first");
  await page.locator("#password").fill("a long word 4 nobody");
  await page.locator("button.main").click();
  await page.waitForURL((url) => url.pathname === "/");
  assert.ok((await page.locator("main ol li").count()) >= 3);
  assert.deepEqual(await violations(page), []);
  // The units come from a sheet, which shows how it goes.
  await page.locator("main ol").getByRole("link", { name: "从表格导入" }).click();
  const sheet = "code,name,parent,kind\n371799,演示区,,\n371799001,演示街道,371799,\nys-edu,演示教体局,371799,department\n";
  await page.locator("#file").setInputFiles({ name: "单位.csv", mimeType: "text/csv", buffer: Buffer.from(sheet) });
  await page.getByRole("button", { name: "预览" }).click();
  await page.getByRole("button", { name: "写入这3个单位" }).click();
  await page.getByText("已写入3个单位").waitFor();
  await page.goto("/");
  await page.locator("main ol").getByRole("link", { name: "建立活动" }).click();
  await page.waitForURL(/\/campaigns$/);
  assert.deepEqual(await violations(page), []);
  // A drive that runs today.
  const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  const days = { "#starts_on": today, "#ends_on": new Date(Date.parse(today) + 6 * 86_400e3).toISOString().slice(0, 10) };
  for (const [field, date] of Object.entries(days)) await page.locator(field).fill(date);
  await page.getByRole("button", { name: "建立活动" }).click();
  await page.waitForURL(/\/settings\?new=1$/);
  assert.deepEqual(await violations(page), []);
  // Its page leads on to the invitations.
  await page.getByRole("status").getByRole("link", { name: "报送链接" }).click();
  await page.waitForURL(/\/links$/);
  await page.getByLabel("单位代码").fill("ys-edu");
  await page.getByRole("button", { name: "生成链接和二维码" }).click();
  const invitation = page.getByRole("status").filter({ hasText: "演示教体局" });
  assert.equal(await invitation.locator(".qr svg").count(), 1);
  const link = await invitation.locator("code").textContent();
  assert.equal(new URL(link).origin, server.base);
  assert.deepEqual(await violations(page), []);
  // A clerk opens it on a phone and is in the unit's form, with no account.
  const phone = await s.browser({ at: server.base });
  const clerk = await phone.newPage();
  await clerk.goto(link);
  await clerk.getByRole("heading", { name: "演示教体局", level: 1 }).waitFor();
  await clerk.getByLabel("横幅标语", { exact: true }).fill("6");
  await clerk.locator("button[value=submit]").click();
  await clerk.waitForURL(/done=1/);
  // The administrator begins now where the figures are.
  await page.goto("/");
  await page.waitForURL(/\/campaigns\/constitution-\d+$/);
  await page.locator("#live-latest").getByText("演示教体局").waitFor();
  assert.equal(await page.locator("#live-figures .cards a").filter({ hasText: "横幅标语" }).locator(".figure").textContent(), "6");
  s.watch.expect(404);
  const again = await page.goto(server.setup);
  assert.equal(again.status(), 404, "the link works once");
});
