// A test with a browser: `scene("what holds", async (s) => …)`. Besides what it asserts itself, every scene fails on an
// error in a console, a breach of the content security policy, and a request to any address but the server's.
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { strict as assert } from "node:assert";
import { chromium } from "playwright-core";
import { base, session } from "./api.mjs";

const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-quic",
];
/** An old, small phone. */
export const PHONE = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const SMALL = { ...PHONE, viewport: { width: 320, height: 568 } };
export const DESK = { viewport: { width: 1440, height: 900 } };

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS });
});
after(async () => {
  await browser?.close();
});

/** What went wrong beside the tests' own business. */
class Watch {
  faults = [];
  expected = new Set();
  /** The one server that pages may ask. */
  origin = base;

  /** Statuses that a scene brings about on purpose: the browser logs each as an error. */
  expect(...statuses) {
    statuses.forEach((status) => this.expected.add(status));
  }

  async over(context) {
    context.on("page", (page) => this.#page(page));
    context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!["data:", "blob:"].includes(protocol) && origin !== this.origin) this.faults.push(`asks for ${request.url()}`);
    });
    await context.exposeFunction("__breach", (what) => this.faults.push(`breaks the policy: ${what}`));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        window.__breach(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
  }

  #page(page) {
    page.on("pageerror", (error) => this.faults.push(`script: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const status = /^Failed to load resource: .* status of (\d+)/.exec(message.text())?.[1];
      if (status && this.expected.has(Number(status))) return;
      // A phone without a network, or with a bad one, says so in its console.
      if (/^Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|CONNECTION_RESET)/.test(message.text()) && this.offline) return;
      this.faults.push(`console: ${message.text()} (${message.location().url})`);
    });
  }
}

class Scene {
  watch = new Watch();
  #contexts = [];

  /**
   * A browser of somebody's own. `role` signs in; `script: false` turns scripts off; `lang` and `theme` choose; `at` is
   * another server than the demo.
   */
  async browser({ role, token, script = true, lang = "zh-CN", theme = "light", device = PHONE, at = base } = {}) {
    this.watch.origin = at;
    const context = await browser.newContext({
      ...device, baseURL: at, javaScriptEnabled: script, colorScheme: theme, locale: lang, timezoneId: "Asia/Shanghai",
    });
    context.setDefaultTimeout(20_000);
    this.#contexts.push(context);
    await this.watch.over(context);
    await speak(context, lang, at);
    if (token || role) await signInAs(context, token ?? (await session(role)));
    return context;
  }

  /** A page in a browser of its own, opened at a path. */
  async open(path, options) {
    const context = await this.browser(options);
    const page = await context.newPage();
    await page.goto(path);
    return page;
  }

  /** The network goes, or comes back. */
  async offline(context, off = true) {
    this.watch.offline ||= off;
    await context.setOffline(off);
  }

  async end() {
    await Promise.all(this.#contexts.map((context) => context.close()));
    assert.deepEqual(this.watch.faults, []);
  }
}

/** Gives a browser the cookie of a session. */
export function signInAs(context, token) {
  return context.addCookies([{ name: "pufa_session", value: token, url: base, httpOnly: true }]);
}

/** Chooses the language of a browser. */
export function speak(context, lang, at = base) {
  return context.addCookies([{ name: "pufa_lang", value: lang, url: at }]);
}

/** A test with browsers. */
export function scene(what, run) {
  test(what, { timeout: 120_000 }, async () => {
    const s = new Scene();
    let failed = true;
    try {
      await run(s);
      failed = false;
    } finally {
      // What the scene itself found comes first.
      await s.end().catch((error) => {
        if (!failed) throw error;
        console.error(error.message);
      });
    }
  });
}

/** Whether a page is wider than its screen. */
export async function width(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** The version of the browser, for a report of measures. */
export const version = () => spawnSync(PROGRAM, ["--version"]).stdout.toString().trim();
