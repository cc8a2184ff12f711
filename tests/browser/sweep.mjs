// Every page, as every role that may see it, in both themes, has no violation that axe-core finds. A file for each
// language calls this, so that the two run side by side.
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { call, campaign, newUnit, username } from "./support/api.mjs";
import { PAGES } from "./pages.mjs";
import { DESK, PHONE, scene } from "./support/scene.mjs";

/** The source of axe-core, for `addInitScript`. */
export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let found;
/** What the addresses of pages are made of. */
function places() {
  found ??= (async () => {
    const { id } = await campaign();
    const { body } = await call("office", "POST", `/campaigns/${id}/publications`, { body: { unit: "371772", title: "演示" } });
    const { body: press } = await call("office", "GET", `/campaigns/${id}/press?unit=371772`);
    return { id, snapshot: press.snapshot, past: "constitution-2021", unit: "371772001", publication: body.number };
  })();
  return found;
}

/** What axe finds on a page: each theme changes colours alone, so the second asks for contrast only. */
export async function violations(page) {
  const found = [];
  for (const [theme, rules] of [["light", null], ["dark", ["color-contrast"]]]) {
    await page.emulateMedia({ colorScheme: theme });
    const wrong = await page.evaluate(async (only) => {
      const options = { resultTypes: ["violations"], ...(only && { runOnly: { type: "rule", values: only } }) };
      const { violations: all } = await window.axe.run(document, options);
      return all.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
    }, rules);
    found.push(...wrong.map((one) => `${theme}: ${one}`));
  }
  return found;
}

/**
 * What tells one document from another, without what changes nothing to look at: who is signed in, and keys of forms. A
 * role that is shown what another role was shown needs no second look.
 */
async function fingerprint(page, role) {
  const html = await page.evaluate(() => {
    const copy = document.documentElement.cloneNode(true);
    copy.querySelectorAll("input[name=key]").forEach((one) => one.remove());
    return `${innerWidth} ${document.title} ${copy.outerHTML}`;
  });
  const anybody = role ? html.replaceAll(username(role), "somebody") : html;
  return createHash("sha256").update(anybody).digest("hex");
}

/** The tests of one language. */
export function sweep(lang) {
  const clean = new Set();

  async function look(page, role) {
    const known = await fingerprint(page, role);
    if (clean.has(known)) return [];
    const found = await violations(page);
    if (!found.length) clean.add(known);
    return found;
  }

  for (const role of [null, "admin", "office", "reviewer", "viewer", "auditor", "reporter"]) {
    scene(`axe-core finds nothing: ${role ?? "nobody"}, ${lang}`, async (s) => {
      const context = await s.browser({ role, lang, device: role === "reporter" || !role ? PHONE : DESK });
      await context.addInitScript(axe);
      const page = await context.newPage();
      const at = await places();
      const paths = Object.values(PAGES)
        .filter(({ roles }) => roles.includes(role))
        .flatMap((one) => [one.path({ ...at, role }), ...(one.variants?.({ ...at, role }) ?? [])]);
      // What everybody meets once: a problem.
      s.watch.expect(404);
      const all = [];
      for (const path of [...paths, "/nowhere"]) {
        const answer = await page.goto(path);
        assert.equal(answer.status(), path === "/nowhere" ? 404 : 200, `${path} as ${role}`);
        all.push(...(await look(page, role)).map((one) => `${path}: ${one}`));
      }
      assert.deepEqual(all, []);
    });
  }

  scene(`axe-core finds nothing: the holder of a report link, ${lang}`, async (s) => {
    const { link } = await newUnit();
    const context = await s.browser({ lang });
    await context.addInitScript(axe);
    const page = await context.newPage();
    await page.goto(link);
    for (const summary of await page.locator("main summary").all()) await summary.click();
    assert.deepEqual(await violations(page), []);
    await page.locator("button[value=zero]").click();
    await page.waitForURL(/done=1/);
    assert.deepEqual(await violations(page), []);
  });
}
