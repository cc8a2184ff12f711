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

scene("the first visit makes an administrator, who is told what to do next", async (s) => {
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
  s.watch.expect(404);
  const again = await page.goto(server.setup);
  assert.equal(again.status(), 404, "the link works once");
});
