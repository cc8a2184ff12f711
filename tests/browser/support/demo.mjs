// Servers of our own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const BINARY = process.env.PUFA_BINARY ?? fileURLToPath(new URL("../../../target/debug/pufa", import.meta.url));

/** Starts the program and reads its lines until it listens; `line` gets each one's words. */
async function start(command, line) {
  const child = spawn(BINARY, command, { stdio: ["ignore", "pipe", "inherit"] });
  let base;
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const listening = (async () => {
    for await (const text of createInterface(child.stdout)) {
      line(text.split(" "));
      base = /^listening on (\S+)/.exec(text)?.[1];
      if (base) return;
    }
    throw new Error(`${BINARY} ${command[0]} ended before it listened`);
  })();
  await Promise.race([listening, failed]);
  child.stdout.resume();
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  return { base, stop };
}

/**
 * A demo with its logins: `{ base, logins: { office: { username, password }, … }, stop }`. It is afternoon there at any
 * hour: corrections need no reason yet, and no day ends while the tests run.
 */
export async function startDemo() {
  const logins = {};
  const demo = await start(["demo", "--listen", "127.0.0.1:0", "--at", "14:00"], ([word, role, username, password]) => {
    if (word === "login") logins[role] = { username, password };
  });
  return { ...demo, logins };
}

/** A server on an empty database: `{ base, setup, stop }`, with the link that enters the first administrator. */
export async function startEmpty() {
  const dir = await mkdtemp(join(tmpdir(), "pufa-empty-"));
  let setup;
  const command = ["serve", "--listen", "127.0.0.1:0", "--database", `sqlite://${dir}/pufa.db?mode=rwc`];
  const server = await start(command, ([word, link]) => {
    if (word === "setup") setup = link;
  });
  const stop = async () => {
    await server.stop();
    await rm(dir, { recursive: true });
  };
  return { ...server, setup, stop };
}
