// A demo server of our own, with its logins: `{ base, logins: { office: { username, password }, … }, stop }`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const BINARY = process.env.PUFA_BINARY ?? fileURLToPath(new URL("../../../target/debug/pufa", import.meta.url));

export async function startDemo() {
  const child = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const logins = {};
  let base;
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const listening = (async () => {
    for await (const line of createInterface(child.stdout)) {
      const [word, role, username, password] = line.split(" ");
      if (word === "login") logins[role] = { username, password };
      base = /^listening on (\S+)/.exec(line)?.[1];
      if (base) return;
    }
    throw new Error(`${BINARY} demo ended before it listened`);
  })();
  await Promise.race([listening, failed]);
  child.stdout.resume();
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  return { base, logins, stop };
}
