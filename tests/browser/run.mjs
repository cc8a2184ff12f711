#!/usr/bin/env node
// Runs the browser tests: one demo server for all of them, then every file (or those that are named).
//
//   node tests/browser/run.mjs [FILE.test.mjs …] [-- OPTIONS OF node --test]
//
// Needs `cargo build` and `scripts/need browser` before. PUFA_BINARY names another program, CHROMIUM another browser,
// PUFA_BROWSER_URL and PUFA_BROWSER_LOGINS (JSON) a demo that runs already.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { startDemo } from "./support/demo.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const parting = given.includes("--") ? given.indexOf("--") : given.length;
const named = given.slice(0, parting).map((file) => file.replace(/^tests\/browser\//, ""));
const files = named.length ? named : readdirSync(here).filter((file) => file.endsWith(".test.mjs")).sort();

const running = process.env.PUFA_BROWSER_URL;
const demo = running
  ? { base: running, logins: JSON.parse(process.env.PUFA_BROWSER_LOGINS), stop: async () => {} }
  : await startDemo();
try {
  const options = ["--test-reporter=spec", `--test-concurrency=${availableParallelism()}`, ...given.slice(parting + 1)];
  const env = { ...process.env, PUFA_BROWSER_URL: demo.base, PUFA_BROWSER_LOGINS: JSON.stringify(demo.logins) };
  const tests = spawn(process.execPath, ["--test", ...options, ...files], { cwd: here, env, stdio: "inherit" });
  const [code] = await once(tests, "exit");
  process.exitCode = code ?? 1;
} finally {
  await demo.stop();
}
