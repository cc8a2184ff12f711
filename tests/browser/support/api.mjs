// The service as a program sees it, to set a scene.
export const base = process.env.PUFA_BROWSER_URL;
const logins = JSON.parse(process.env.PUFA_BROWSER_LOGINS ?? "{}");
if (!base) throw new Error("run the browser tests by tests/browser/run.mjs");

const sessions = new Map();

/** The name of a role's demo account. */
export const username = (role) => logins[role].username;
/** Its password. */
export const password = (role) => logins[role].password;

/** A session's token for the demo account of a role; one sign-in a test file. */
export function session(role) {
  if (!sessions.has(role)) sessions.set(role, signIn(role));
  return sessions.get(role);
}

/** A session that no other test uses, for those that end it. */
export async function signIn(role) {
  const answer = await fetch(`${base}/api/v1/session`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(logins[role]),
  });
  if (!answer.ok) throw new Error(`${role} cannot sign in: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).token;
}

/** Asks the API as a role; `{ status, body }`. A failure throws unless its status is expected. */
export async function call(role, method, path, { body, headers = {}, expect } = {}) {
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${await session(role)}`, "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (expect ? answer.status !== expect : !answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return { status: answer.status, body: text ? JSON.parse(text) : null, etag: answer.headers.get("etag") };
}

let running;
/** The drive that runs now. */
export async function campaign() {
  running ??= call("office", "GET", "/campaigns").then(({ body }) => body.items.find((one) => one.state === "open"));
  return running;
}

/** A day of the drive, so many days from today. */
export async function day(offset = 0) {
  const { today } = await campaign();
  return new Date(Date.parse(`${today}T00:00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10);
}

let made = 0;
/** A new unit that has reported nothing, with a report link: `{ unit, name, link, form, versions }`. */
export async function newUnit(kind = "department") {
  made += 1;
  const unit = `t-${process.pid}-${made}`;
  const name = `测试单位 ${process.pid}-${made}`;
  const { id } = await campaign();
  await call("admin", "POST", "/units", {
    body: { code: unit, name, parent: "371772", kind, opened_on: await day(-2) },
  });
  const { body } = await call("admin", "POST", `/campaigns/${id}/links`, { body: { unit } });
  return { unit, name, link: body.path, ...addresses(id, unit) };
}

/** Where a unit's reports are. */
export function addresses(id, unit) {
  const tally = (date) => `/campaigns/${id}/tallies/${unit}/${date}`;
  return {
    form: `/campaigns/${id}/report/${unit}`,
    tally,
    versions: async (date) => (await call("admin", "GET", `${tally(date)}/versions`)).body.items,
    current: async (date) => (await call("admin", "GET", tally(date))).body,
  };
}
