// On every page but a clerk's own, which do more: sends what waits on this phone, and shows what waits, what has gone by
// this page and what was refused.
import { el, t, who } from "./dom.js";
import * as outbox from "./outbox.js";

const box = document.getElementById("outbox");
/** Keys of what was sent while this page was open. */
const gone = new Set();

function entry(report) {
  const actions = el("p", { class: "actions" });
  if (report.state === "sent") {
    actions.append(el("a", { class: "button main", href: `${report.page}&done=${report.stored}` }, t("outbox-receipt")));
  } else {
    if (report.state === "waiting") {
      actions.append(el("button", { type: "button", id: `${report.key}.send`, onclick: () => outbox.again(report) }, t("outbox-send")));
    }
    // What else can be done about it is done on the page of its own day.
    actions.append(el("a", { class: "button", href: report.page }, t("outbox-look")));
  }
  return outbox.entry(report, [outbox.why(report)], actions);
}

async function render() {
  const reports = (await outbox.list()).filter((one) => one.who === who && (one.state !== "sent" || gone.has(one.key)));
  const list = () => [el("h2", { id: "outbox-title" }, t("outbox-title")), el("ul", { class: "list" }, ...reports.map(entry))];
  outbox.fill(box, reports.length ? list() : []);
}

outbox.onChange(render);
outbox.onSent((report) => gone.add(report.key));
outbox.start();
render();
