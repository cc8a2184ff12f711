// Where reports wait on the phone: IndexedDB, and local storage where that is missing or full. And the lease that lets one
// tab send at a time; that nothing counts twice does not rest on it, but on each report's key.
import { key, notes } from "./dom.js";

const PREFIX = "pufa-report:";
const LEASE = 30000;
const me = key();

function done(request) {
  return new Promise((yes, no) => {
    request.onsuccess = () => yes(request.result);
    request.onerror = () => no(request.error);
  });
}

let opened;
/** The database; a promise that fails where there is none. */
function database() {
  if (!opened) {
    opened = new Promise((yes, no) => {
      const request = indexedDB.open("pufa", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("reports", { keyPath: "key" });
        request.result.createObjectStore("lease");
      };
      request.onsuccess = () => yes(request.result);
      request.onerror = () => no(request.error);
      request.onblocked = () => no(new Error("blocked"));
    });
    opened.catch(() => {
      opened = null;
    });
  }
  return opened;
}

/** Runs in one transaction, and is done when that is: what a killed tab leaves is whole or not there. */
async function within(store, mode, run) {
  const transaction = (await database()).transaction(store, mode);
  const whole = new Promise((yes, no) => {
    transaction.oncomplete = yes;
    transaction.onabort = () => no(transaction.error || new Error("aborted"));
  });
  whole.catch(() => {});
  const result = await run(transaction.objectStore(store));
  await whole;
  return result;
}

/** Every report that is kept here, oldest first. */
export async function all() {
  const found = await within("reports", "readonly", (store) => done(store.getAll())).catch(() => []);
  const known = new Set(found.map((one) => one.key));
  const more = notes.names(PREFIX).map((name) => notes.get(name)).filter((one) => one && !known.has(one.key));
  return found.concat(more).sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** Keeps a report; says whether there was room for it. */
export async function put(report) {
  try {
    await within("reports", "readwrite", (store) => done(store.put(report)));
    notes.remove(PREFIX + report.key);
    return true;
  } catch (_) {
    return notes.put(PREFIX + report.key, report);
  }
}

/** Forgets a report. */
export async function remove(of) {
  notes.remove(PREFIX + of);
  await within("reports", "readwrite", (store) => done(store.delete(of))).catch(() => {});
}

/** Takes the lease when it is free, run out or ours. */
function lease(until) {
  const take = async (store) => {
    const held = await done(store.get("send"));
    if (held && held.by !== me && held.until > Date.now()) return false;
    store.put({ by: me, until }, "send");
    return true;
  };
  return within("lease", "readwrite", take).catch(() => true);
}

/** Runs while no other tab does. */
export async function alone(run) {
  if (navigator.locks) return navigator.locks.request("pufa-outbox", run);
  while (!(await lease(Date.now() + LEASE))) await new Promise((yes) => setTimeout(yes, 500));
  const renewing = setInterval(() => lease(Date.now() + LEASE), LEASE / 3);
  try {
    return await run();
  } finally {
    clearInterval(renewing);
    await lease(0);
  }
}
