// The office at its desk, and the wall screen.
import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { call, campaign, day, newUnit } from "./support/api.mjs";
import { DESK, scene, width } from "./support/scene.mjs";

const desk = { role: "office", device: DESK };
const materials = (count) => ({ items: [{ measure: "materials", title: "《宪法》", count }] });

/** A unit that has reported today. */
async function reported(count, kind) {
  const unit = await newUnit(kind);
  await call("admin", "PUT", unit.tally(await day()), { body: materials(count), headers: { "idempotency-key": unit.unit } });
  return unit;
}

scene("many reports are accepted or returned at once, the unusual first", async (s) => {
  const { id } = await campaign();
  const [one, two, odd] = [await reported(120), await reported(130), await reported(99_000, "town")];
  const page = await s.open(`/campaigns/${id}/review?under=371772`, { ...desk, role: "reviewer" });
  const box = (unit) => page.locator(`input[name=report][value^="${unit.unit}|"]`);
  const all = page.getByLabel("全选本页");
  await all.check();
  assert.ok((await page.locator("input[name=report]:checked").count()) > 2);
  await all.uncheck();
  assert.equal(await page.locator("input[name=report]:checked").count(), 0);
  const order = await page.locator("input[name=report]").evaluateAll((boxes) => boxes.map((one) => one.value));
  const place = (unit) => order.findIndex((value) => value.startsWith(`${unit.unit}|`));
  assert.ok(place(odd) >= 0 && place(odd) < place(one), `what looks unusual comes first: ${order}`);
  await box(one).check();
  await box(two).check();
  await page.getByRole("button", { name: "通过所选" }).click();
  await page.getByText("已处理 2 份").waitFor();
  assert.equal((await one.current(await day())).state, "accepted");
  assert.equal((await two.current(await day())).state, "accepted");
  await box(odd).check();
  await page.getByLabel("退回原因或审核意见").fill("请核对数量");
  await page.getByRole("button", { name: "退回所选" }).click();
  await page.getByText("已处理 1 份").waitFor();
  assert.equal((await odd.current(await day())).state, "returned");
});

scene("the board changes by itself, without flicker and without losing what is open", async (s) => {
  const { id } = await campaign();
  const unit = await newUnit();
  const page = await s.open(`/campaigns/${id}?unit=371772`, desk);
  await page.locator("#live-state[data-state=now]").waitFor();
  const figure = page.locator("#live-figures .figure").first();
  const before = await figure.textContent();
  const table = page.locator("#figures-trend summary");
  await table.click();
  await page.locator("#paste").focus();
  // Pictures below the fold are loaded when they come into view; here all are looked at.
  // One that another scene's report exchanges meanwhile need not be there any more.
  await page.evaluate(() => Promise.allSettled([...document.querySelectorAll(".picture img")].map((image) => {
    image.loading = "eager";
    return image.decode();
  })));
  await page.evaluate(() => {
    window.kept = true;
    window.blank = 0;
    // A picture that is taken away before the next one is there would show as an image that is not complete.
    new MutationObserver(() => {
      for (const image of document.querySelectorAll(".picture img")) if (!image.complete) window.blank += 1;
    }).observe(document.querySelector("main"), { childList: true, subtree: true });
  });
  const picture = () => page.locator("#picture-year-over-year img").getAttribute("src");
  const old = await picture();
  await call("admin", "PUT", unit.tally(await day()), { body: materials(777) });
  await page.waitForFunction((text) => document.querySelector("#live-figures .figure").textContent !== text, before);
  await page.waitForFunction((src) => document.querySelector("#picture-year-over-year img").getAttribute("src") !== src, old);
  assert.equal(await page.evaluate(() => window.kept), true, "the page was not loaded again");
  assert.equal(await page.evaluate(() => window.blank), 0, "no picture was missing in between");
  assert.equal(await page.locator("#figures-trend").getAttribute("open"), "", "what was open stays open");
  assert.equal(await page.evaluate(() => document.activeElement.id), "paste", "the focus stays");
  await page.locator("#live-latest").getByText(unit.name).waitFor();
  // What came anew works as what was there before. Another scene's report may exchange it again at any moment, together
  // with what its button says: so what it says is noted when it says it, and a press that came too late is made again.
  await page.evaluate(() => {
    window.copied = false;
    new MutationObserver(() => {
      if (document.querySelector("#live-completeness").textContent.includes("已复制")) window.copied = true;
    }).observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
  });
  const copied = () => page.waitForFunction(() => window.copied, undefined, { timeout: 4000 }).then(() => true, () => false);
  let done = false;
  for (let tries = 0; tries < 4 && !done; tries += 1) {
    await page.locator("#live-completeness").getByRole("button", { name: "复制" }).click();
    done = await copied();
  }
  assert.ok(done, "the text is copied");
});

scene("a figure leads to its reports, and from there to its versions", async (s) => {
  const { id } = await campaign();
  const unit = await reported(140);
  const page = await s.open(`/campaigns/${id}?unit=371772`, desk);
  await page.locator("#live-figures a").first().click();
  await page.waitForURL(/\/tallies\?under=371772&measure=materials/);
  await page.getByRole("link", { name: /日期|^日/ }).first().click();
  await page.waitForURL(/sort=-day/);
  await page.goto(`/campaigns/${id}/tallies?under=${unit.unit}&measure=materials`);
  await page.getByRole("link", { name: unit.name }).click();
  await page.waitForURL(new RegExp(`/report/${unit.unit}\\?date=`));
  await page.locator("#versions").waitFor();
});

scene("years are compared, a picture tells its figures and is saved", async (s) => {
  const { id } = await campaign();
  const page = await s.open(`/campaigns/${id}/comparison?unit=371772`, desk);
  const image = page.locator("#picture-year-over-year img");
  await image.scrollIntoViewIfNeeded();
  await image.evaluate((one) => one.decode());
  const told = await page.evaluate(async () => (await fetch(document.querySelector("#picture-year-over-year").dataset.figures)).json());
  // A figure of a past year, which no other scene changes meanwhile, where nothing lies over it.
  const within = (one, x, y) => x >= one.x && x <= one.x + one.w && y >= one.y && y <= one.y + one.h;
  const top = (one) => told.hits.findLast((other) => within(other, one.x + one.w / 2, one.y + one.h / 2));
  const hit = told.hits.find((one) => one.w > 4 && one.h > 4 && top(one) === one);
  const box = await image.boundingBox();
  const at = (part, whole, size) => (part / whole) * size;
  await page.mouse.move(
    box.x + at(hit.x + hit.w / 2, told.width, box.width), box.y + at(hit.y + hit.h / 2, told.height, box.height),
  );
  await page.locator(".tip").getByText(hit.value, { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".tip").isVisible(), false);
  await page.locator("#figures-year-over-year summary").click();
  // Other scenes enter units meanwhile, so the table and the picture's figures are asked for together.
  const alike = await page.evaluate(async () => {
    const get = (address) => fetch(address).then((answer) => answer.text());
    for (let tries = 0; tries < 5; tries += 1) {
      const [html, figures] = await Promise.all(
        [location.href, document.querySelector("#picture-year-over-year").dataset.figures].map(get));
      const rows = new DOMParser().parseFromString(html, "text/html").querySelectorAll("#figures-year-over-year tbody tr");
      if (rows.length > 1 && rows.length === JSON.parse(figures).rows.length) return true;
    }
    return false;
  });
  assert.equal(alike, true);
  for (const [name, scale] of [["PNG", 1], ["PNG 2 倍", 2]]) {
    const coming = page.waitForEvent("download");
    await page.locator("#picture-year-over-year").getByRole("link", { name, exact: true }).click();
    const bytes = await readFile(await (await coming).path());
    assert.equal(bytes.subarray(1, 4).toString(), "PNG");
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [1600 * scale, 900 * scale]);
  }
  await page.getByLabel("口径").selectOption("comparable");
  await page.getByRole("button", { name: "查看" }).click();
  await page.waitForURL(/basis=comparable/);
  assert.ok((await width(page)) <= 0);
});

scene("a file that takes long says how far it is, and why there is none", async (s) => {
  const { id } = await campaign();
  const page = await s.open(`/campaigns/${id}/export?unit=371772`, desk);
  let go;
  const held = new Promise((done) => { go = done; });
  await page.route("**/export.xlsx?*", async (route) => {
    await held;
    return route.continue();
  });
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "XLSX", exact: true }).click();
  await page.locator("#busy progress").waitFor();
  await page.locator("#busy").getByText("正在生成文件").waitFor();
  go();
  const file = await coming;
  assert.match(file.suggestedFilename(), /\.xlsx$/);
  assert.equal((await readFile(await file.path())).subarray(0, 2).toString(), "PK");
  await page.locator("#busy").waitFor({ state: "hidden" });
  s.watch.expect(503);
  const json = JSON.stringify({ title: "服务繁忙" });
  await page.route("**/flat.csv?*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: json }));
  await page.getByRole("link", { name: "CSV", exact: true }).last().click();
  await page.locator("#busy").getByText("服务繁忙").waitFor();
});

scene("a file that goes out slowly says how much of it has gone", async (s) => {
  const { id } = await campaign();
  const page = await s.open(`/campaigns/${id}/import`, { ...desk, role: "admin" });
  const rows = Array.from({ length: 9_000 }, (_, at) => `nowhere-${at},2026-12-01,横幅标语,${at}`).join("\n");
  const sheet = Buffer.from(`单位代码,日期,指标,数量\n${rows}\n`);
  await page.locator("#file").setInputFiles({ name: "台账.csv", mimeType: "text/csv", buffer: sheet });
  await page.evaluate(() => {
    const busy = document.getElementById("busy");
    window.told = [];
    new MutationObserver(() => {
      const bar = busy.querySelector("progress");
      if (bar && bar.hasAttribute("value")) window.told.push([bar.value, busy.textContent]);
    }).observe(busy, { attributes: true, childList: true, characterData: true, subtree: true });
  });
  const wire = await page.context().newCDPSession(page);
  await wire.send("Network.enable");
  await wire.send("Network.emulateNetworkConditions", {
    offline: false, latency: 20, downloadThroughput: -1, uploadThroughput: sheet.length / 3,
  });
  s.watch.expect(422);
  await page.getByRole("button", { name: "预览" }).click();
  await page.getByText(/处错误/).first().waitFor();
  const told = await page.evaluate(() => window.told);
  const between = [...new Set(told.map(([part]) => part).filter((part) => part > 0 && part < 1))];
  console.log(`upload: ${between.map((part) => `${Math.round(part * 100)} %`).join(", ")}`);
  assert.ok(between.length >= 3, `it moves: ${JSON.stringify(told)}`);
  assert.deepEqual(between, between.toSorted((a, b) => a - b), "it never goes back");
  assert.ok(told.some(([, words]) => /\d+ KB \/ \d+ KB/.test(words)), JSON.stringify(told));
});

scene("a list is filtered, ordered and kept by its address", async (s) => {
  const { id } = await campaign();
  const { name, unit } = await newUnit();
  const page = await s.open(`/campaigns/${id}/links`, desk);
  await page.getByLabel("查找").fill(unit);
  await page.getByLabel("排序").selectOption("ends");
  await page.getByRole("button", { name: "查看" }).click();
  await page.waitForURL(/[?&]q=t-[^&]*&.*sort=ends/);
  const rows = page.locator("ul.list > li", { hasText: name });
  await rows.first().waitFor();
  await page.reload();
  assert.equal(await page.getByLabel("查找").inputValue(), unit);
  assert.equal(await page.getByLabel("排序").inputValue(), "ends");
  s.watch.expect(422);
  await page.goto(`/campaigns/${id}/links?sort=size`);
  await page.getByText("参数“sort”须为下列之一").waitFor();
});

scene("a bulletin is printed as GB/T 9704 wants it, however narrow its sheet is", async (s) => {
  const { id } = await campaign();
  // The text area of the standard, 156 mm, is narrower than a tablet: what is for phones must not reach paper.
  const page = await s.open(`/campaigns/${id}/bulletin?number=3`, { ...desk, device: { viewport: { width: 590, height: 850 } } });
  await page.emulateMedia({ media: "print" });
  const told = await page.locator(".paper").evaluate((paper) => {
    const { fontSize, lineHeight, paddingLeft, paddingTop, page: sheet } = getComputedStyle(paper);
    const rules = [...document.styleSheets].flatMap((one) => [...one.cssRules]);
    const { margin } = rules.find((rule) => rule.selectorText === "paper").style;
    const body = paper.querySelector(".body");
    const characters = body.clientWidth / parseFloat(getComputedStyle(body).fontSize);
    return { fontSize, lineHeight, paddingLeft, paddingTop, sheet, margin, characters: Math.floor(characters), wide: document.documentElement.scrollWidth };
  });
  const { fontSize, lineHeight, ...rest } = told;
  assert.deepEqual([parseFloat(fontSize), parseFloat(lineHeight)].map((px) => Math.round((px * 720) / 96) / 10), [15.8, 28.9]);
  assert.deepEqual(rest, { paddingLeft: "0px", paddingTop: "0px", sheet: "paper", margin: "37mm 26mm 35mm 28mm", characters: 28, wide: 590 });
});

scene("a menu opens on a phone without a script", async (s) => {
  const { id } = await campaign();
  const page = await s.open(`/campaigns/${id}`, { role: "office", script: false });
  assert.equal(await page.locator("#menu").isVisible(), false);
  await page.getByRole("link", { name: "菜单" }).click();
  await page.locator("#menu").getByRole("link", { name: "审核" }).click();
  await page.waitForURL(/\/review/);
  await page.getByRole("button", { name: "关怀版" }).click();
  assert.equal(await page.locator("html").getAttribute("class"), "large");
  assert.ok((await width(page)) <= 0);
});

/** What a browser holds for a page, after it has tidied up. */
async function held(client) {
  await client.send("HeapProfiler.collectGarbage");
  const { metrics } = await client.send("Performance.getMetrics");
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

scene("a wall screen runs for a day on a device link, and holds no more at its end", async (s) => {
  const { id } = await campaign();
  const { body } = await call("office", "POST", `/campaigns/${id}/links`, { body: { unit: "371772", kind: "screen" } });
  const context = await s.browser({ device: { viewport: { width: 1920, height: 1080 } } });
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(body.path);
  await page.waitForURL(new RegExp(`/screen/${id}\\?unit=371772`));
  await page.locator("#screen-trend svg").waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollHeight)) <= 1080, "nothing is cut off");
  const client = await context.newCDPSession(page);
  await client.send("Performance.enable");
  /** Twenty minutes of the screen's life, at whose end its figures are fetched again. */
  const pass = async () => {
    const fetched = page.waitForResponse((answer) => answer.url().includes(`/screen/${id}?`), { timeout: 30_000 });
    await page.clock.fastForward(1_200_000);
    await (await fetched).finished();
  };
  const unit = await newUnit();
  let early;
  for (let passed = 0; passed < 72; passed += 1) {
    // Figures change now and then, so that parts are exchanged.
    if (passed % 6 === 0) {
      const current = passed && (await unit.current(await day())).version;
      const headers = current ? { "if-match": `"${current}"` } : {};
      await call("admin", "PUT", unit.tally(await day()), { body: { ...materials(100 + passed), reason: "核对" }, headers });
    }
    await pass();
    if (passed === 11) early = await held(client);
  }
  const late = await held(client);
  const told = `after 4 hours ${JSON.stringify(early)}, after 24 ${JSON.stringify(late)}`;
  console.log(`wall screen: ${told}`);
  assert.ok(late.heap < early.heap * 1.25 + 512 * 1024, told);
  assert.ok(late.nodes < early.nodes * 1.5 + 2_000, told);
  assert.ok(late.listeners <= early.listeners + 8, told);

  // The network goes: what was shown stays.
  s.watch.expect(503);
  await page.route(`**/screen/${id}?*`, (route) => route.fulfill({ status: 503 }));
  await page.clock.runFor(600_000);
  await page.locator("#live-state[data-state=waiting]").waitFor();
  const shown = await page.locator("#screen-cards").textContent();
  assert.match(shown, /\d/);
  await page.clock.runFor(600_000);
  assert.equal(await page.locator("#screen-cards").textContent(), shown);
  await page.unroute(`**/screen/${id}?*`);
  await page.clock.runFor(10_000);
  await page.locator("#live-state[data-state=now]").waitFor();

  // The link is revoked: nothing asks to sign in.
  await call("office", "DELETE", `/links/${body.id}`, { expect: 204 });
  s.watch.expect(401);
  const answer = await page.goto(`/screen/${id}?unit=371772`);
  assert.equal(answer.status(), 401);
  assert.equal(await page.locator("input[type=password]").count(), 0);
});

scene("a wall screen without its service asks at one pace, however long that lasts", async (s) => {
  const { id } = await campaign();
  const page = await s.open("/account", desk);
  const shown = `**/screen/${id}?unit=371772`;
  // What it does every ten minutes is done twice a second here, so that hours pass in seconds.
  await page.route(shown, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace('data-every="600"', 'data-every="0.5"');
    await route.fulfill({ response: answer, body });
  });
  await page.goto(`/screen/${id}?unit=371772`);
  await page.unroute(shown);
  s.watch.expect(503);
  let asked = 0;
  await page.route(shown, (route) => {
    asked += 1;
    return route.fulfill({ status: 503 });
  });
  const during = async (time) => {
    const before = asked;
    await page.waitForTimeout(time);
    return asked - before;
  };
  const first = await during(4_000);
  await during(8_000);
  const last = await during(4_000);
  console.log(`wall screen without its service: ${first} requests at first, ${last} later`);
  // Eight passes, each of which may ask once more when it met another.
  assert.ok(first > 2 && last <= 17, `${first}, then ${last}`);
});

scene("a page's address is copied", async (s) => {
  const { id } = await campaign();
  const page = await s.open(`/campaigns/${id}/comparison?unit=371772&basis=comparable`, desk);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "复制本页链接" }).click();
  await page.getByRole("button", { name: "已复制" }).waitFor();
  const address = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(address.searchParams.get("basis"), "comparable");
  await page.goto(address.href);
  assert.equal(await page.getByLabel("口径").inputValue(), "comparable");
});

scene("a reviewer needs no mouse", async (s) => {
  const { id } = await campaign();
  const unit = await reported(88);
  const page = await s.open(`/campaigns/${id}/review?under=${unit.unit}`, { ...desk, role: "reviewer" });
  const focused = () => page.evaluate(() => {
    const { activeElement: one } = document;
    return `${one.name ?? ""}=${one.value ?? ""}${one.href ?? ""}${one.nodeName === "SUMMARY" ? "summary" : ""}`;
  });
  /** Goes on from where the focus is until it is where it should be. */
  const tab = async (wanted) => {
    for (let steps = 0; steps < 60; steps += 1) {
      await page.keyboard.press("Tab");
      if (wanted.test(await focused())) return;
    }
    assert.fail(`the keyboard does not reach ${wanted}`);
  };
  // Past the menu in one step.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await tab(new RegExp(`^report=${unit.unit}`));
  await page.keyboard.press("Space");
  await tab(/summary/);
  await page.keyboard.press("Enter");
  await page.getByText("88份").waitFor();
  await tab(/^reason=/);
  await page.keyboard.type("请补充宣传品数量");
  await tab(/^do=accept/);
  await tab(/^do=return/);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid", "where the focus is can be seen");
  await page.keyboard.press("Enter");
  await page.getByText("已处理 1 份").waitFor();
  assert.equal((await unit.current(await day())).state, "returned");
});
