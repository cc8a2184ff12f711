// A clerk's day on a phone.
import { strict as assert } from "node:assert";
import { addresses, call, campaign, day, newUnit, password, signIn, username } from "./support/api.mjs";
import { SMALL, scene, width } from "./support/scene.mjs";

const TEXT = "今日我单位悬挂横幅12条，发放宣传资料1500余份，解答法律咨询36人次，联系电话见群。";

/** The row of a measure that has one count. */
const count = (page, name) => page.getByLabel(name, { exact: true });
const submit = (page) => page.locator("button[value=submit]").click();
const received = (page) => page.waitForURL(/done=\d+/);
/** The first try has failed and the page says so: until then a report shows as waiting, and may still go by that try. */
const keeps = async (page) => {
  await page.getByText("已保存在本机，尚未发送").waitFor();
  await page.locator("#outbox").getByText("待发送").first().waitFor();
};
/** How a page is opened that may lead on to a receipt before it is all there. */
const LEADS_ON = { waitUntil: "commit" };
/** Every way to the server but the one for reports is open. */
const blocked = (context) => context.route(/\/tallies\//, (route) => (
  route.request().method() === "PUT" ? route.abort("connectionreset") : route.fallback()));

scene("a report goes from a pasted text to its receipt on a phone", async (s) => {
  const unit = await newUnit();
  const page = await s.open(unit.link);
  await page.getByText("粘贴报送文字").click();
  await page.getByLabel("报送文字").fill(TEXT);
  await page.getByRole("button", { name: "识别并填入" }).click();
  await page.getByText("识别出 3 个数字").waitFor();
  assert.deepEqual(await page.locator("#form mark").allTextContents(), ["12条", "1500余份", "36人次"]);
  assert.equal(await count(page, "横幅标语").inputValue(), "12");
  assert.equal(await page.locator(".sum[data-sum=materials]").textContent(), "合计 1,500 份");
  assert.deepEqual(await unit.versions(await day()), [], "nothing is stored before a person's yes");
  await submit(page);
  await received(page);
  const [stored] = await unit.versions(await day());
  assert.deepEqual(stored.items.map(({ measure, count: n, bound }) => [measure, n, bound]).sort(), [
    ["banners", 12, "exact"], ["materials", 1500, "over"],
  ]);
  assert.equal(stored.consultations[0].person_times, 36);
  assert.equal(stored.channel, "form");
  const receipt = page.locator(".receipt");
  assert.ok((await receipt.textContent()).includes(stored.receipt));
  assert.ok((await receipt.textContent()).includes(stored.received_at.slice(0, 16).replace("T", " ")));
  assert.equal(await receipt.locator("svg[role=img]").count(), 1);
  assert.ok((await width(page)) <= 0);
});

scene("a zero report takes one tap", async (s) => {
  const unit = await newUnit();
  const page = await s.open(unit.link);
  await page.getByRole("button", { name: "零报告" }).click();
  await received(page);
  assert.equal((await unit.current(await day())).zero, true);
});

scene("at a stall one tap counts one person, and undoes it", async (s) => {
  const unit = await newUnit();
  const page = await s.open(unit.link, { device: SMALL });
  await page.getByText("现场计数").click();
  const labour = page.locator(".taps button").filter({ hasText: "劳动" });
  for (let tap = 0; tap < 3; tap += 1) await labour.click();
  await page.locator(".taps button").filter({ hasText: "婚姻" }).click();
  await page.getByRole("button", { name: "撤销上一次" }).click();
  assert.match(await labour.textContent(), /3$/);
  assert.equal(await page.locator(".sum[data-sum=consultations]").textContent(), "合计 3 人次");
  await count(page, "横幅标语").fill("4");
  await page.getByLabel("加一：横幅标语").click();
  await submit(page);
  await received(page);
  const stored = await unit.current(await day());
  assert.deepEqual(stored.consultations.map((one) => [one.topic, one.mode, one.person_times]), [["labour", "on_site", 3]]);
  assert.equal(stored.items[0].count, 5);
});

scene("what is wrong or unusual is said while typing, with the reason", async (s) => {
  const unit = await newUnit("town");
  const page = await s.open(unit.link);
  const banners = count(page, "横幅标语");
  await banners.fill("-3");
  await page.getByText("数量不能为负数").first().waitFor();
  assert.equal(await banners.getAttribute("aria-invalid"), "true");
  await submit(page);
  assert.equal(await banners.evaluate((field) => field === document.activeElement), true);
  await banners.fill("3");
  assert.equal(await banners.getAttribute("aria-invalid"), null);
  await page.locator("#items\\.0\\.count").fill("90000");
  // The server knows what is usual, and is asked in a pause of the typing.
  await page.locator(".warn").first().waitFor();
  await submit(page);
  const reason = page.locator("#reason");
  await reason.waitFor();
  // It may be there already; the focus comes with the server's word.
  await page.waitForFunction((field) => field === document.activeElement, await reason.elementHandle());
  assert.deepEqual(await unit.versions(await day()), []);
  await reason.fill("集中发放");
  await submit(page);
  await received(page);
  assert.equal((await unit.current(await day())).reason, "集中发放");
});

scene("offline, killed, come back: the report goes exactly once", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  let page = await context.newPage();
  await page.goto(unit.link);
  await s.offline(context);
  await page.getByText("当前没有网络").waitFor();
  await count(page, "横幅标语").fill("7");
  await submit(page);
  await keeps(page);
  await page.close({ runBeforeUnload: false });
  assert.deepEqual(await unit.versions(await day()), []);

  // The answer to the first try is lost on the way: the server has it, the phone does not know.
  await s.offline(context, false);
  let lost = 0;
  await context.route(/\/tallies\//, async (route) => {
    if (route.request().method() !== "PUT" || lost) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort("connectionreset");
  });
  page = await context.newPage();
  // The words of the first try are still there when the page opens: only the request itself tells that it was made.
  const failed = page.waitForEvent("requestfailed", (request) => request.method() === "PUT");
  await page.goto(unit.form);
  await failed;
  await page.locator("#outbox").getByText("没有网络，联网后自动发送").waitFor();
  assert.equal(lost, 1);
  await page.close();
  page = await context.newPage();
  await page.goto(unit.form, LEADS_ON);
  await received(page);
  const versions = await unit.versions(await day());
  assert.deepEqual(versions.map((one) => [one.version, one.items[0].count]), [[1, 7]]);
  await page.getByText("已从本机发送 1 份").waitFor();
});

scene("it goes by itself when the network is back", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  const page = await context.newPage();
  await page.goto(unit.link);
  await s.offline(context);
  await count(page, "横幅标语").fill("2");
  await submit(page);
  await keeps(page);
  // A correction made before the first has gone follows it.
  await count(page, "横幅标语").fill("3");
  await submit(page);
  await page.locator("#outbox .waiting").nth(3).waitFor();
  await s.offline(context, false);
  await page.getByText("已从本机发送 2 份").waitFor();
  const versions = await unit.versions(await day());
  assert.deepEqual(versions.map((one) => one.items[0].count), [2, 3]);
});

scene("two tabs with one queue send it once, and two forms do not overwrite each other", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.goto(unit.link);
  await second.goto(unit.form);
  await s.offline(context);
  await count(first, "横幅标语").fill("5");
  await submit(first);
  await keeps(first);
  let puts = 0;
  context.on("request", (request) => {
    puts += request.method() === "PUT" ? 1 : 0;
  });
  await s.offline(context, false);
  await first.getByText("已从本机发送 1 份").waitFor();
  await second.evaluate(() => dispatchEvent(new Event("online")));
  await second.getByText("已从本机发送 1 份").waitFor();
  assert.equal(puts, 1);
  assert.equal((await unit.versions(await day())).length, 1);
  // The other tab's form was opened before that.
  s.watch.expect(412);
  await count(second, "横幅标语").fill("9");
  await submit(second);
  await second.getByText("在您填写期间，该日上报已更新").waitFor();
  assert.equal(await count(second, "横幅标语").inputValue(), "9");
  assert.equal((await unit.versions(await day())).length, 1);
  await submit(second);
  await received(second);
  assert.equal((await unit.current(await day())).items[0].count, 9);
});

scene("a session that ends mid-form costs nothing: after signing in the report goes", async (s) => {
  const { id } = await campaign();
  const of = addresses(id, "371772001");
  const date = await day(-3);
  const before = (await of.versions(date)).length;
  const token = await signIn("reporter");
  const context = await s.browser({ token });
  const page = await context.newPage();
  await page.goto(`${of.form}?date=${date}`);
  await fetch(new URL("/api/v1/session", page.url()), { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  s.watch.expect(401);
  await page.locator("#reason").fill("补报一处");
  await count(page, "横幅标语").fill("31");
  await page.getByText("登录已过期").first().waitFor();
  await submit(page);
  await page.getByText("上报已保存在本机，登录后自动发送").waitFor();
  assert.equal((await of.versions(date)).length, before);
  await page.locator("#outbox").getByRole("link", { name: "去登录" }).click();
  await page.locator("#username").fill(username("reporter"));
  await page.locator("#password").fill(password("reporter"));
  await page.locator("button.main").click();
  await received(page);
  const versions = await of.versions(date);
  assert.equal(versions.length, before + 1);
  assert.equal(versions.pop().items.find((one) => one.measure === "banners").count, 31);
});

scene("a report waits for its own sender on a shared phone", async (s) => {
  const [mine, other] = [await newUnit(), await newUnit()];
  const context = await s.browser();
  let page = await context.newPage();
  await page.goto(mine.link);
  await s.offline(context);
  await count(page, "横幅标语").fill("8");
  await submit(page);
  await keeps(page);
  // Closed, not only left: a page that was left may still send before it is gone.
  await page.close();
  await s.offline(context, false);
  await context.clearCookies();
  page = await context.newPage();
  await page.goto(other.link);
  await page.locator("#outbox").getByText("属于本机另一账号").waitFor();
  assert.deepEqual(await mine.versions(await day()), []);
  await page.goto(mine.link, LEADS_ON);
  await received(page);
  assert.equal((await mine.versions(await day())).length, 1);
});

scene("a report that waits goes when the page is looked at again, and when a person says so", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(unit.link);
  s.watch.offline = true;
  await blocked(context);
  await count(page, "横幅标语").fill("14");
  await submit(page);
  const outbox = page.locator("#outbox");
  await outbox.getByText("没有网络，联网后自动发送").waitFor();
  // With the clock stopped nothing is tried again by itself.
  await page.clock.pauseAt(Date.now() + 600_000);
  const tried = async (what) => {
    const failed = page.waitForEvent("requestfailed", (request) => request.method() === "PUT");
    await what();
    await failed;
  };
  await tried(() => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))));
  await tried(() => page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))));
  await tried(() => page.evaluate(() => dispatchEvent(new Event("online"))));
  // Not by the mouse, which waits for frames that do not come while the clock stands.
  const press = () => outbox.getByRole("button", { name: "立即发送" }).evaluate((button) => button.click(), null, { timeout: 2000 });
  await tried(press);
  assert.deepEqual(await unit.versions(await day()), []);
  await context.unrouteAll();
  // Asked twice while it was on its way, it may have gone already, and the button with it.
  await Promise.all([received(page), press().catch(() => {})]);
  assert.equal((await unit.versions(await day())).length, 1);
});

scene("after signing in a report goes from whatever page a clerk lands on, which leads to its receipt", async (s) => {
  const { id } = await campaign();
  const of = addresses(id, "371772001");
  const date = await day(-2);
  const before = (await of.versions(date)).length;
  const context = await s.browser({ role: "reporter" });
  const page = await context.newPage();
  await page.goto(`${of.form}?date=${date}`);
  s.watch.offline = true;
  await blocked(context);
  await count(page, "横幅标语").fill("32");
  await page.locator("#reason").fill("补报");
  await submit(page);
  await keeps(page);
  await context.clearCookies();
  await page.goto("/login?next=/account");
  await context.unrouteAll();
  await page.locator("#username").fill(username("reporter"));
  await page.locator("#password").fill(password("reporter"));
  await page.locator("button.main").click();
  await page.waitForURL(/\/account$/);
  await page.locator("#outbox").getByRole("link", { name: "查看回执" }).click();
  await received(page);
  const versions = await of.versions(date);
  assert.equal(versions.length, before + 1);
  assert.equal(versions.pop().items.find((one) => one.measure === "banners").count, 32);
});

scene("beside a field stands what it said yesterday and last", async (s) => {
  const unit = await newUnit();
  const put = async (offset, items) => call("admin", "PUT", unit.tally(await day(offset)), { body: { items } });
  const banners = (n) => ({ measure: "banners", count: n });
  const beside = async ({ date = "", name = "横幅标语", ...options } = {}) => {
    const page = await s.open(unit.link, { device: SMALL, ...options });
    if (date) await page.goto(`${unit.form}?date=${date}`);
    assert.ok((await width(page)) <= 0);
    return page.locator(".row", { has: page.getByLabel(name, { exact: true }) }).locator(".before span").allTextContents();
  };
  const short = async (offset) => (await day(offset)).split("-").slice(1).map(Number).join(".");
  await put(-2, [banners(21), { measure: "boards", count: 4 }]);
  assert.deepEqual(await beside(), ["昨日未报", `上次（${await short(-2)}）21条`]);
  assert.deepEqual(await beside({ script: false }), ["昨日未报", `上次（${await short(-2)}）21条`]);
  assert.deepEqual(await beside({ lang: "en", name: "Banners" }), ["No report yesterday", `Last (${await short(-2)}) 21 banners`]);
  assert.deepEqual(await beside({ date: await day(-1) }), ["前一日 21条"]);
  await put(-1, [banners(22)]);
  assert.deepEqual(await beside(), ["昨日 22条"]);
  assert.deepEqual(await beside({ name: "展板" }), ["昨日 0块", `上次（${await short(-2)}）4块`]);
});

scene("a draft outlives its page for days, with its day and its key", async (s) => {
  const unit = await newUnit();
  const date = await day(-2);
  const context = await s.browser();
  const page = await context.newPage();
  await page.goto(unit.link);
  await page.goto(`${unit.form}?date=${date}`);
  const key = await page.locator("[name=key]").inputValue();
  await count(page, "横幅标语").fill("6");
  await page.waitForFunction(() => Object.keys(localStorage).some((name) => name.startsWith("pufa-draft:")));
  // Three days pass.
  await page.evaluate(() => {
    const name = Object.keys(localStorage).find((one) => one.startsWith("pufa-draft:"));
    const draft = JSON.parse(localStorage.getItem(name));
    draft.at -= 3 * 24 * 3600e3;
    localStorage.setItem(name, JSON.stringify(draft));
  });
  await page.reload();
  await page.getByText("已恢复上次未提交的内容").waitFor();
  assert.equal(await page.locator("[name=key]").inputValue(), key);
  await submit(page);
  await received(page);
  assert.equal((await unit.current(date)).items[0].count, 6);
  assert.deepEqual(await unit.versions(await day()), []);
});

scene("a full phone says so, and sends without keeping", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  const page = await context.newPage();
  await page.goto(unit.link);
  await s.offline(context);
  const storage = await context.newCDPSession(page);
  await storage.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize: 1 });
  await page.evaluate(() => {
    // Local storage has a limit of its own.
    for (let size = 4 << 20, at = 0; size >= 1; at += 1) {
      try {
        localStorage.setItem(`full-${at}`, "x".repeat(size));
      } catch (_) {
        size = Math.floor(size / 2);
      }
    }
  });
  await count(page, "横幅标语").fill("4");
  await submit(page);
  await page.getByText("本机没有空间保存，也没有发送成功").waitFor();
  assert.equal(await count(page, "横幅标语").inputValue(), "4");
  await s.offline(context, false);
  await submit(page);
  await received(page);
  assert.equal((await unit.versions(await day())).length, 1);
});

scene("without IndexedDB and locks reports wait in local storage", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  await context.addInitScript(() => {
    Object.defineProperty(window, "indexedDB", { value: { open: () => { throw new Error("forbidden"); } } });
    Object.defineProperty(navigator, "locks", { value: undefined });
  });
  let page = await context.newPage();
  await page.goto(unit.link);
  await s.offline(context);
  await count(page, "横幅标语").fill("4");
  await submit(page);
  await keeps(page);
  // A page that is only left lives on for a while, and would send the report itself when the network is back.
  await page.close();
  await s.offline(context, false);
  page = await context.newPage();
  await page.goto(unit.form, LEADS_ON);
  await received(page);
  assert.equal((await unit.versions(await day())).length, 1);
});

scene("a waiting report can be exported, sent and deleted by hand", async (s) => {
  const unit = await newUnit();
  const context = await s.browser();
  const page = await context.newPage();
  await page.goto(unit.link);
  await s.offline(context);
  await count(page, "横幅标语").fill("11");
  await submit(page);
  const outbox = page.locator("#outbox");
  await outbox.getByRole("button", { name: "导出" }).click();
  const text = await outbox.locator("textarea").inputValue();
  assert.match(text, /横幅标语：11条/);
  assert.ok(text.includes(unit.name));
  page.on("dialog", (dialog) => dialog.accept());
  await outbox.getByRole("button", { name: "删除" }).dispatchEvent("click");
  await outbox.waitFor({ state: "hidden" });
  await s.offline(context, false);
  await page.goto(unit.form, { waitUntil: "networkidle" });
  assert.deepEqual(await unit.versions(await day()), []);
});

scene("a refused report says why and opens for correction", async (s) => {
  const unit = await newUnit();
  const { id } = await campaign();
  const context = await s.browser();
  const page = await context.newPage();
  await page.goto(unit.link);
  await s.offline(context);
  await count(page, "横幅标语").fill("13");
  await submit(page);
  await keeps(page);
  // Meanwhile the office has reported for the unit.
  const date = await day();
  await call("office", "PUT", `/campaigns/${id}/tallies/${unit.unit}/${date}`, { body: { items: [{ measure: "banners", count: 1 }] } });
  s.watch.expect(412);
  await s.offline(context, false);
  await page.locator("#outbox").getByText("未被接受").waitFor();
  // The press takes its own button away: a mouse, which looks afterwards whether it has hit it, would press again.
  await page.locator("#outbox").getByRole("button", { name: "打开修改" }).dispatchEvent("click");
  await page.waitForURL((url) => url.searchParams.get("date") === date);
  assert.equal(await count(page, "横幅标语").inputValue(), "13");
  await submit(page);
  await page.getByText("在您填写期间，该日上报已更新").waitFor();
  await submit(page);
  await received(page);
  assert.deepEqual((await unit.versions(date)).map((one) => one.items[0].count), [1, 13]);
});

scene("a returned report says why, and is corrected", async (s) => {
  const unit = await newUnit();
  const { id } = await campaign();
  const page = await s.open(unit.link);
  await count(page, "横幅标语").fill("70");
  await submit(page);
  await received(page);
  const date = await day();
  await call("office", "POST", `/campaigns/${id}/tallies/${unit.unit}/${date}/review`, { body: { decision: "return", reason: "横幅数是否多写一个零" } });
  await page.goto(unit.form);
  await page.getByText("已退回，请改正后重新提交").waitFor();
  await page.getByText("横幅数是否多写一个零").first().waitFor();
  await count(page, "横幅标语").fill("7");
  await submit(page);
  await received(page);
  assert.equal((await unit.current(date)).state, "submitted");
  await page.goto(`${unit.form}?date=${date}`);
  const history = await page.locator("section[aria-labelledby=versions] li").first().textContent();
  assert.match(history, /70条\s*→\s*7条/);
  await page.getByRole("link", { name: "全部上报记录" }).click();
  const days = await page.locator("section.card").allTextContents();
  assert.equal(days.filter((text) => /70条\s*→\s*7条/.test(text)).length, 1);
  assert.ok(days.length > 1, "every day of the drive is listed");
});
