// What is wrong or unusual, told at the field while somebody types: what a phone can judge at once, the rest by the server.
import { page, t, el } from "./dom.js";
import { ask } from "./outbox.js";
import { countOf, place, read, report, rows } from "./fields.js";

const PAUSE = 700;

/** Takes away what was told at a row. */
function clear(box) {
  box.classList.remove("wrong");
  box.querySelectorAll(".fault, .warn").forEach((one) => one.remove());
  box.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
}

/** Tells something at a field: a fault, or a warning. */
export function tell(field, text, kind) {
  const box = field.closest(".row, .record");
  const id = `${field.id}.${kind}`;
  const old = document.getElementById(id);
  if (old) old.remove();
  box.append(el("p", { class: kind, id }, text));
  if (kind === "fault") {
    box.classList.add("wrong");
    field.setAttribute("aria-invalid", "true");
  }
  const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((one) => one && one !== id);
  field.setAttribute("aria-describedby", others.concat(id).join(" "));
  const details = box.closest("details");
  if (details) details.open = true;
}

/** What is wrong that needs no server: `[{ field, text }]`. */
export function local(form) {
  const lists = rows(form);
  const all = lists.items.concat(lists.consultations, lists.joint);
  const found = all.map((row) => ({ field: countOf(row), fault: read(countOf(row).value).fault }))
    .filter(({ fault }) => fault).map(({ field, fault }) => ({ field, text: t(`error-${fault}`) }));
  const filled = all.some((row) => countOf(row).value.trim());
  if (form.elements.zero.checked && filled) found.push({ field: form.elements.zero, text: t("error-zero_with_items") });
  return found;
}

/** Shows faults at their fields, and says the first to who listens rather than looks. */
export function show(form, faults, warnings) {
  form.querySelectorAll(".row, .record").forEach(clear);
  faults.forEach(({ field, text }) => field && tell(field, text, "fault"));
  warnings.filter(({ field }) => field).forEach(({ field, text }) => tell(field, text, "warn"));
  const whole = faults.concat(warnings).filter(({ field }) => !field).map(({ text }) => text);
  const told = document.getElementById("told");
  told.textContent = whole.join(" ");
  told.hidden = !whole.length;
  const first = faults.concat(warnings)[0];
  const live = document.getElementById("live");
  const said = first ? first.text : "";
  if (live.textContent !== said) live.textContent = said;
}

/** What the server thinks of the form: `{ faults, warnings, asks }`, or null when it cannot be asked. */
export async function judge(form) {
  const { body, places } = report(form);
  const empty = !body.items.length && !body.consultations.length && !body.joint.length && !body.zero;
  if (empty) return { faults: [], warnings: [], asks: false, empty };
  let answer;
  try {
    answer = await ask("POST", `${page.dataset.api}/check`, JSON.stringify(body), { "Content-Type": "application/json" });
  } catch (_) {
    return null;
  }
  const { status, told } = answer;
  if (status === 401) return { signedOut: true, faults: [], warnings: [], asks: false };
  if (status !== 200 || !told || !told.errors) return null;
  const at = ({ pointer, message }) => ({ field: place(form, places, pointer), text: message });
  return {
    faults: told.errors.map(at),
    warnings: told.warnings.filter((one) => one.asks).map(at),
    asks: told.warnings.some((one) => one.asks),
  };
}

/** Checks whenever a pause in the typing allows it; `heard` gets every judgement. */
export function watch(form, heard) {
  let timer;
  let turn = 0;
  form.addEventListener("input", (event) => {
    if (event.target.name === "text") return;
    clearTimeout(timer);
    turn += 1;
    const faults = local(form);
    show(form, faults, []);
    if (faults.length || navigator.onLine === false) return;
    const mine = turn;
    timer = setTimeout(async () => {
      const judged = await judge(form);
      // What was typed meanwhile is judged by itself.
      if (!judged || mine !== turn) return;
      // A report that is not finished is not told to have a reason missing.
      const ready = judged.faults.filter(({ field }) => !field || field.name !== "reason");
      show(form, ready, judged.warnings);
      heard(judged);
    }, PAUSE);
  });
}
