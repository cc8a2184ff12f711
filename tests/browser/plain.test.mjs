// Without script, on a small screen, by keyboard; and what the form weighs.
import { strict as assert } from "node:assert";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { parse } from "acorn";
import { base, campaign, day, newUnit, session } from "./support/api.mjs";
import { DESK, SMALL, scene, signInAs, width } from "./support/scene.mjs";

const assets = new URL("../../web/assets/", import.meta.url);

scene("a clerk without script pastes, mends, reports and corrects", async (s) => {
  const unit = await newUnit();
  const page = await s.open(unit.link, { script: false });
  await page.getByText("粘贴报送文字").click();
  await page.getByLabel("报送文字").fill("悬挂横幅12条，解答咨询5人次。下午又悬挂横幅3条，入户2户。");
  await page.getByRole("button", { name: "识别并填入" }).click();
  await page.getByText("识别出 2 个数字").waitFor();
  // A second figure for one line and one that has no field are left to a person.
  assert.deepEqual(await page.locator("p:has-text('没有对应的空格') mark").allTextContents(), ["3条", "2户"]);
  s.watch.expect(422);
  await page.getByLabel("横幅标语", { exact: true }).fill("1.5");
  await page.locator("button[value=submit]").click();
  await page.getByText("数量须为整数").first().waitFor();
  await page.getByLabel("横幅标语", { exact: true }).fill("15");
  await page.locator("button[value=submit]").click();
  await page.waitForURL(/done=1/);
  await page.getByRole("link", { name: "修改本日上报" }).click();
  await page.getByLabel("横幅标语", { exact: true }).fill("16");
  await page.locator("button[value=submit]").click();
  await page.waitForURL(/done=2/);
  assert.deepEqual((await unit.versions(await day())).map((one) => one.items[0].count), [15, 16]);
});

scene("a zero report takes one press without script", async (s) => {
  const unit = await newUnit();
  const page = await s.open(unit.link, { script: false });
  await page.getByRole("button", { name: "零报告" }).click();
  await page.waitForURL(/done=1/);
  assert.equal((await unit.current(await day())).zero, true);
});

scene("the form weighs under 60 KB on the wire, and needs one request for HTML and one for CSS to be seen", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  const page = await context.newPage();
  await page.goto(unit.link);
  await page.close();
  const fresh = await context.newPage();
  const wire = await context.newCDPSession(fresh);
  await wire.send("Network.enable");
  await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
  const loads = new Map();
  wire.on("Network.requestWillBeSent", ({ requestId, request, type }) => loads.set(requestId, { url: request.url, type, priority: request.initialPriority }));
  wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => Object.assign(loads.get(requestId), { bytes: encodedDataLength }));
  await fresh.goto(unit.form, { waitUntil: "networkidle" });
  const all = [...loads.values()];
  const bytes = all.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  console.log(`the form: ${bytes} bytes in ${all.length} requests; HTML ${all.find((one) => one.type === "Document").bytes}`);
  assert.ok(all.every((one) => one.bytes > 0), JSON.stringify(all));
  assert.ok(bytes < 60_000, `${bytes} bytes`);
  const blocking = await fresh.evaluate(() => [
    ...document.querySelectorAll("link[rel=stylesheet], script:not([type=module]):not([defer]):not([async])"),
  ].map((one) => one.outerHTML));
  assert.equal(blocking.length, 1, blocking.join());
  assert.equal(all.filter((one) => one.type === "Document").length, 1);
  assert.equal(all.filter((one) => one.type === "Stylesheet").length, 1);
});

for (const [name, device, size] of [["320 px", SMALL], ["320 px in large type", SMALL, "large"], ["1440 px", DESK]]) {
  scene(`at ${name} nothing is cut off and everything can be touched`, async (s) => {
    const unit = await newUnit();
    for (const lang of ["zh-CN", "en"]) {
      const context = await s.browser({ device, lang });
      if (size) await context.addCookies([{ name: "pufa_size", value: size, url: base }]);
      const page = await context.newPage();
      await page.goto(unit.link);
      await page.locator(".step").first().waitFor();
      for (const summary of await page.locator("summary").all()) await summary.click();
      assert.ok((await width(page)) <= 0, `${lang}: ${await width(page)} px too wide`);
      const small = await page.evaluate(() => [...document.querySelectorAll("main button, main a.button, main input:not([type=hidden]), main select, main summary, main textarea, .days a")]
        .map((one) => [one, (one.closest("label") ?? one).getBoundingClientRect()])
        .filter(([one, { width: wide, height }]) => !one.matches(".first") && wide > 0 && (height < 44 || wide < 44))
        .map(([one, { width: wide, height }]) => `${one.outerHTML.slice(0, 80)} ${wide}x${height}`));
      assert.deepEqual(small, [], lang);
      const narrow = await page.evaluate(() => [...document.querySelectorAll("input.count")]
        .filter((one) => one.offsetParent && one.clientWidth < 56).map((one) => `${one.id} ${one.clientWidth}`));
      assert.deepEqual(narrow, [], `${lang}: five digits must be seen`);
      // An account has a menu in the head besides.
      await signInAs(context, await session("reporter"));
      await page.goto("/");
      assert.ok((await width(page)) <= 0, `${lang}, with an account: ${await width(page)} px too wide`);
    }
  });
}

scene("a finger finds every link and button of an office's pages", async (s) => {
  const context = await s.browser({ role: "office" });
  const page = await context.newPage();
  const { id } = await campaign();
  const small = [];
  for (const path of ["", "/review", "/tallies", "/comparison", "/missing", "/report/371772001?history=1", "/settings"].map((rest) => `/campaigns/${id}${rest}`)
    .concat(["/units", "/units/371772001", "/people", "/campaigns", "/account"])) {
    await page.goto(path);
    // Links within a sentence are as high as its lines.
    small.push(...await page.evaluate(() => [...document.querySelectorAll("body > header :is(a, button), main :is(a, button, select, summary, input:not([type=hidden]))")]
      .filter((one) => one.offsetParent && !one.matches(".hint a, .notice a, .first, .check input"))
      .map((one) => [one, (one.closest("label") ?? one).getBoundingClientRect()])
      .filter(([, { width: wide, height }]) => wide > 0 && (height < 44 || wide < 44))
      .map(([one, { width: wide, height }]) => `${location.pathname}: ${one.outerHTML.slice(0, 90)} ${wide}x${height}`)));
  }
  assert.deepEqual(small, []);
});

scene("a keyboard is enough", async (s) => {
  const unit = await newUnit();
  const page = await s.open(unit.link);
  await page.getByLabel("加一：横幅标语").waitFor();
  const focused = () => page.evaluate(() => {
    const { activeElement: one } = document;
    return [one.id, one.value, one.getAttribute("aria-label"), one.textContent].filter(Boolean).join(" ");
  });
  const tab = async (wanted) => {
    for (let steps = 0; steps < 120; steps += 1) {
      await page.keyboard.press("Tab");
      if (wanted.test(await focused())) return;
    }
    assert.fail(`the keyboard does not reach ${wanted}`);
  };
  // A pasted text, read.
  await tab(/粘贴报送文字/);
  await page.keyboard.press("Enter");
  await tab(/^text/);
  await page.keyboard.type("悬挂横幅3条");
  await tab(/^read/);
  await page.keyboard.press("Enter");
  await page.getByText("识别出 1 个数字").waitFor();
  // A consultation: topic and mode by their first letters' keys, then its count.
  await tab(/^consultations\.0\.topic/);
  await page.keyboard.press("ArrowDown");
  await tab(/^consultations\.0\.person_times/);
  await page.keyboard.type("2");
  // One more by its button, and one less.
  await tab(/^加一：横幅标语/);
  await page.keyboard.press("Space");
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  assert.match(await focused(), /减一：横幅标语/);
  await page.keyboard.press("Enter");
  await page.getByLabel("横幅标语", { exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/done=1/);
  const stored = await unit.current(await day());
  assert.deepEqual([stored.items[0].count, stored.consultations[0].person_times], [4, 2]);
});

test("scripts are such as a phone's browser of 2019 reads: ES2017 modules, no build", () => {
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  // What only a desk or a wall screen loads may ask for more.
  const desk = ["live.js", "picture.js", "screen.js"];
  assert.ok(scripts.length > desk.length && desk.every((name) => scripts.includes(name)));
  for (const name of scripts) {
    const source = readFileSync(new URL(name, assets), "utf8");
    assert.doesNotThrow(() => parse(source, { ecmaVersion: desk.includes(name) ? 12 : 8, sourceType: "module" }), name);
    assert.ok(!/\b(innerHTML|outerHTML|insertAdjacentHTML|eval|serviceWorker)\b/.test(source), name);
    assert.ok(!source.includes("://"), `${name} names an address`);
  }
});

test("a module of this version is kept for good", async () => {
  const page = await (await fetch(`${base}/login`)).text();
  const css = /href="(\/assets\/app\.css\?v=\w+)"/.exec(page)[1];
  const answer = await fetch(base + css);
  assert.match(answer.headers.get("cache-control"), /immutable/);
});
