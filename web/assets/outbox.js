// The reports on their way: kept before they are sent, sent by their key until there is an answer.
import { el, t, who } from "./dom.js";
import * as keep from "./keep.js";

const WAIT = 20000;
const KEPT = 7 * 24 * 3600e3;
/** Answers that only a person can settle, by the version that stands. */
const CONFLICTS = ["version_stale", "version_absent", "precondition_required", "idempotency_key_reused"];

const listeners = [];
/** Calls when anything of the queue changed. */
export const onChange = (call) => listeners.push(call);
const changed = () => listeners.forEach((call) => call());

const senders = [];
/** Calls with a report that waited and has gone, whichever tab sent it; not with one that `submit` is answered about. */
export const onSent = (call) => senders.push(call);

/** Asks the server as this page does, with a deadline: bad networks hang. */
export function ask(method, url, body, headers) {
  const ending = window.AbortController ? new AbortController() : null;
  const options = { method, credentials: "same-origin", headers, body };
  if (ending) options.signal = ending.signal;
  let timer;
  const late = new Promise((_, no) => {
    timer = setTimeout(() => {
      if (ending) ending.abort();
      no(new Error("late"));
    }, WAIT);
  });
  const answer = fetch(url, options).then(async (response) => {
    const text = await response.text();
    let told = null;
    try {
      told = JSON.parse(text);
    } catch (_) {
      // Not from our server: a hotspot's page, a proxy's.
    }
    return { status: response.status, told };
  });
  return Promise.race([answer, late]).then(
    (found) => {
      clearTimeout(timer);
      return found;
    },
    (error) => {
      clearTimeout(timer);
      throw error;
    },
  );
}

/** Sends a report once, and notes on it what came of that. */
async function attempt(report) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": report.key };
  if (report.version) headers["If-Match"] = `"${report.version}"`;
  else headers["If-None-Match"] = "*";
  report.tried += 1;
  let answer;
  try {
    answer = await ask("PUT", report.url, report.body, headers);
  } catch (_) {
    report.why = "offline";
    return;
  }
  const { status, told } = answer;
  if (status < 300 && told && told.receipt) {
    const { receipt, received_at: received, version } = told;
    Object.assign(report, { state: "sent", why: "", receipt, received, stored: version });
  } else if (status === 401 || (told && /^(password_change|totp_enrolment)_required$/.test(told.code))) {
    report.why = "signed_out";
  } else if (!told || !told.code || status >= 500 || status === 408 || status === 429) {
    report.why = "busy";
  } else {
    const conflict = CONFLICTS.includes(told.code);
    Object.assign(report, { state: "refused", why: told.title, conflict, errors: told.errors || [] });
  }
}

/** A report that was made over one that was still on its way goes over the version that became of it. */
function follow(reports, report) {
  const after = reports.filter((other) => other.after === report.key);
  after.forEach((other) => {
    if (report.stored) other.version = String(report.stored);
    other.after = null;
  });
  return Promise.all(after.map(keep.put));
}

async function sendAll() {
  const reports = await keep.all();
  for (const report of reports.filter(waits)) {
    await attempt(report);
    // A person may have deleted it meanwhile.
    if (!(await keep.all()).some((one) => one.key === report.key)) continue;
    const kept = await keep.put(report);
    // Without room for the answer it is asked for again: the key makes it the same.
    if (!kept && report.state === "sent") await keep.remove(report.key);
    if (report.state === "waiting") break;
    await follow(reports, report);
  }
}

let running = null;
let asked = false;
let timer = null;
let pause = 1000;

const waits = (report) => report.state === "waiting" && report.who === who;

/** The key of the report that is being submitted, whose receipt comes by itself. */
let submitting = null;

async function run() {
  do {
    asked = false;
    const before = (await keep.all()).filter(waits).map((one) => one.key);
    await keep.alone(sendAll);
    if (!before.length) continue;
    const sent = (await keep.all()).filter((one) => one.state === "sent" && before.includes(one.key));
    sent.filter((one) => one.key !== submitting).forEach((one) => senders.forEach((call) => call(one)));
  } while (asked);
}

/** Sends whatever waits; several calls at once are one. */
export function flush() {
  asked = true;
  clearTimeout(timer);
  if (!running) {
    const end = () => {
      running = null;
      changed();
    };
    running = run().then(end, end).then(later);
  }
  return running;
}

/** Tries again by itself while something waits, ever less often. */
async function later() {
  const waiting = (await keep.all()).filter(waits);
  pause = waiting.length ? Math.min(pause * 2, 120000) : 1000;
  if (waiting.some((one) => one.why !== "signed_out")) timer = setTimeout(flush, pause);
}

/** Everything kept here; what was sent long ago is forgotten. */
export async function list() {
  const reports = await keep.all();
  const old = reports.filter((one) => one.state === "sent" && Date.parse(one.at) < Date.now() - KEPT);
  await Promise.all(old.map((one) => keep.remove(one.key)));
  return reports.filter((one) => !old.includes(one));
}

/** The report of this address that is still on its way, if there is one. */
export async function pending(url) {
  const reports = await keep.all();
  return reports.filter((one) => one.url === url && waits(one)).pop();
}

/** Keeps a report and sends it; what became of it. `kept` says whether it would outlive this page. */
export async function submit(report) {
  Object.assign(report, { who, state: "waiting", why: "", tried: 0, at: new Date().toISOString() });
  const kept = await keep.put(report);
  if (!kept) {
    await attempt(report);
    changed();
    return { report, kept };
  }
  changed();
  submitting = report.key;
  await flush();
  submitting = null;
  const found = (await keep.all()).find((one) => one.key === report.key);
  return { report: found || report, kept };
}

/** Tries one again that waits or was refused. */
export async function again(report) {
  Object.assign(report, { state: "waiting", why: "" });
  await keep.put(report);
  return flush();
}

/** Forgets one. */
export async function forget(report) {
  await keep.remove(report.key);
  changed();
}

/** Sends on load, when the network comes back, and whenever the page is looked at again. */
export function start() {
  addEventListener("online", flush);
  addEventListener("pageshow", flush);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) flush();
  });
  return flush();
}

/** What there is to say of a report beside its state. */
export function why(report) {
  if (report.state === "refused") return report.why;
  if (report.state === "sent") return `${t("receipt-number")} ${report.receipt}`;
  return report.why ? t(`outbox-${report.why}`) : "";
}

/** A report in a list: its title, its state, a word about it, and what can be done. */
export const entry = (report, hint, actions) => el("li", { class: report.state },
  el("p", {}, el("b", {}, report.title), " ", el("span", { class: `tag ${report.state}` }, t(`outbox-state-${report.state}`))),
  el("p", { class: "hint" }, ...hint), actions);

/** Shows these in a box, or hides it when there is nothing; the cursor stays on what it was on. */
export function fill(box, parts) {
  const focused = box.contains(document.activeElement) ? document.activeElement.id : null;
  box.textContent = "";
  box.hidden = !parts.length;
  box.append(...parts);
  const again = focused && document.getElementById(focused);
  if (again) again.focus();
}
