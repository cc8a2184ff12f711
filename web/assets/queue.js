// What waits on this phone, what was sent from it and what was refused, for a person to see to.
import { clock, el, t, who } from "./dom.js";
import * as outbox from "./outbox.js";
import { reopen } from "./fields.js";

const box = document.getElementById("outbox");
let exported = null;

const told = (report) => (report.who === who ? outbox.why(report) : t("outbox-other"));

/** A report as text: to be pasted into a chat by hand when nothing else goes. */
function exporting(report) {
  const text = `${report.title}\n${report.lines.join("\n")}\n\n${report.key}\n${report.body}`;
  const field = el("textarea", { readonly: true, rows: 8, "aria-label": t("outbox-export") });
  field.value = text;
  const file = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = el("a", { class: "button", href: file, download: `pufa-${report.date}.txt` }, t("outbox-file"));
  return el("div", { class: "export" }, field, link);
}

function entry(report) {
  const mine = report.who === who;
  const act = (name, run) => el("button", { type: "button", id: `${report.key}.${name}`, onclick: run }, t(name));
  const buttons = el("p", { class: "actions" });
  if (mine && report.state === "waiting") buttons.append(act("outbox-send", () => outbox.again(report)));
  if (report.state === "sent") buttons.append(el("a", { class: "button", href: `${report.page}&done=${report.stored}` }, t("outbox-receipt")));
  if (mine && report.state === "refused") {
    buttons.append(act("outbox-open", async () => {
      await outbox.forget(report);
      reopen(report.page, report.fields, report.version);
    }));
  }
  buttons.append(act("outbox-export", () => {
    exported = exported === report.key ? null : report.key;
    render();
  }));
  buttons.append(act("outbox-delete", () => {
    if (report.state === "sent" || confirm(t("outbox-sure"))) outbox.forget(report);
  }));
  const item = outbox.entry(report, [clock(report.at), " ", told(report)], buttons);
  if (exported === report.key) item.append(exporting(report));
  return item;
}

/** Shows the queue; nothing when it is empty. */
export async function render() {
  const reports = await outbox.list();
  const open = reports.filter((one) => one.state !== "sent");
  const sent = reports.filter((one) => one.state === "sent").reverse();
  const unfolded = Boolean(box.querySelector("details[open]"));
  const parts = reports.length ? [el("h2", { id: "outbox-title" }, t("outbox-title"))] : [];
  if (open.some((one) => one.why === "signed_out" && one.who === who)) {
    const next = encodeURIComponent(location.pathname + location.search);
    parts.push(el("p", {}, el("a", { class: "button", href: `/login?next=${next}` }, t("outbox-sign_in"))));
  }
  if (open.length) parts.push(el("ul", { class: "list" }, ...open.map(entry)));
  if (sent.length) {
    const list = el("ul", { class: "list" }, ...sent.map(entry));
    parts.push(el("details", { open: unfolded }, el("summary", {}, t("outbox-sent", { count: sent.length })), list));
  }
  outbox.fill(box, parts);
}

/** Shows it now and whenever it changes. */
export function start() {
  outbox.onChange(render);
  return render();
}
