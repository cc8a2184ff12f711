// Keeps a page up to date: when the service says that figures have changed, the page is fetched again and those parts
// that are marked `data-live` are exchanged where they differ, pictures only once they are loaded. Nothing flickers and
// nothing grows: one connection, one fetch at a time, and one more when something changed meanwhile.
const page = document.querySelector("[data-events]");
const told = document.getElementById("live-state");
const parser = new DOMParser();
let source;
let busy = false;
let again = false;
let pause = 1_000;
let retry;
let due;
let shown = page?.dataset.revision;

const say = (word) => {
  if (!told || !told.dataset[word]) return;
  const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour12: false, timeZone: "Asia/Shanghai" });
  told.textContent = told.dataset[word].replace("{time}", time);
  told.dataset.state = word;
};

/** Exchanges one part, and keeps what the reader has opened and where the focus is. */
async function exchange(old, fresh) {
  const ready = document.importNode(fresh, true);
  const images = [...ready.querySelectorAll("img")];
  for (const image of images) image.loading = "eager";
  await Promise.allSettled(images.map((image) => image.decode()));
  for (const open of old.querySelectorAll("details[open][id]")) {
    const same = ready.querySelector(`#${CSS.escape(open.id)}`);
    if (same) same.open = true;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const scrolled = [...old.querySelectorAll(".scroll, .sheet")].map((part) => [part.scrollLeft, part.scrollTop]);
  old.replaceWith(ready);
  ready.querySelectorAll(".scroll, .sheet").forEach((part, at) => {
    if (scrolled[at]) [part.scrollLeft, part.scrollTop] = scrolled[at];
  });
  const same = focused?.id ? ready.querySelector(`#${CSS.escape(focused.id)}`)
    : focused?.getAttribute("href") && ready.querySelector(`a[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  same?.focus({ preventScroll: true });
}

/** Fetches the page at some moment within so many milliseconds, once however often it is told to meanwhile. */
function refreshWithin(time) {
  if (due) return;
  due = setTimeout(() => {
    due = undefined;
    refresh();
  }, Math.random() * time);
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.href.split("#")[0], { headers: { accept: "text/html" } });
    // Signed out meanwhile: the sign-in page says so, and leads back here.
    if (answer.redirected) return location.assign(answer.url);
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = parser.parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(old.id);
      if (next && !next.isEqualNode(old)) await exchange(old, next);
    }
    shown = fresh.querySelector("[data-events]")?.dataset.revision ?? shown;
    document.dispatchEvent(new Event("refreshed"));
    say("now");
  } catch {
    say("waiting");
    // One that waits already is put off: every hour without a network would otherwise add some that never end.
    clearTimeout(retry);
    retry = setTimeout(refresh, 5_000);
  } finally {
    busy = false;
    if (again) {
      again = false;
      setTimeout(refresh, 250);
    }
  }
}

function listen() {
  source?.close();
  source = new EventSource(page.dataset.events);
  source.addEventListener("open", () => { pause = 1_000; });
  source.addEventListener("revision", (event) => {
    const { revision, within } = JSON.parse(event.data);
    if (String(revision) === shown) return say("now");
    refreshWithin(within);
  });
  source.addEventListener("error", () => {
    say("waiting");
    // A browser tries again by itself unless it was refused; then less and less often.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(listen, pause);
    pause = Math.min(pause * 2, 60_000);
  });
}

if (page && "EventSource" in globalThis) {
  listen();
  // A page kept in the browser's memory has lost its connection.
  // A day begins without any report.
  const every = Number(page.dataset.every);
  if (every > 0) setInterval(refresh, every * 1_000);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
}
