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
  s.watch.expect(404);
  const again = await page.goto(server.setup);
  assert.equal(again.status(), 404, "the link works once");
});
