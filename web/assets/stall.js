// 现场计数: at a stall, one tap counts one person, by topic and mode.
import { el, t } from "./dom.js";
import { addRow, read, rows } from "./fields.js";

const typed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

/** Adds to a count; never below nothing. What is no number stays as it is. */
export function step(field, by) {
  const { value, fault } = read(field.value);
  if (fault) return;
  const next = Math.max(0, (value || 0) + by);
  field.value = next || value !== null ? String(next) : "";
  typed(field);
}

/** The row of a topic and mode: there already, or an empty one taken for it. */
function rowOf(form, topic, mode) {
  const all = rows(form).consultations;
  const same = (row) => row.topic.value === topic && row.mode.value === mode;
  let row = all.find((one) => same(one) && one.person_times.value.trim());
  if (row) return row;
  row = all.find((one) => !one.person_times.value.trim()) || addRow(form, "consultations");
  row.topic.value = topic;
  row.mode.value = mode;
  return row;
}

/** Puts the counter above the rows of consultations. */
export function counter(form) {
  const first = rows(form).consultations[0];
  if (!first) return;
  const mode = el("select", { "aria-label": t("report-mode"), class: "mode" });
  Array.from(first.mode.options).forEach((option) => mode.append(el("option", { value: option.value }, option.text)));
  mode.value = "on_site";
  const taps = [];
  const counts = new Map();
  const back = el("button", { type: "button", disabled: true }, t("stall-back"));
  const count = (topic) => {
    const same = (row) => row.topic.value === topic && row.mode.value === mode.value;
    return rows(form).consultations.filter(same).reduce((sum, row) => sum + (Number(read(row.person_times.value).value) || 0), 0);
  };
  const show = () => counts.forEach((sign, topic) => {
    sign.textContent = String(count(topic) || "");
  });
  const grid = el("div", { class: "taps" });
  Array.from(first.topic.options).forEach((option) => {
    const sign = el("b", {});
    counts.set(option.value, sign);
    const tap = () => {
      step(rowOf(form, option.value, mode.value).person_times, 1);
      taps.push([option.value, mode.value]);
      back.disabled = false;
    };
    grid.append(el("button", { type: "button", onclick: tap }, el("span", {}, option.text), sign));
  });
  back.addEventListener("click", () => {
    const [topic, by] = taps.pop();
    const field = rowOf(form, topic, by).person_times;
    step(field, -1);
    if (field.value === "0") {
      field.value = "";
      typed(field);
    }
    back.disabled = !taps.length;
  });
  mode.addEventListener("change", show);
  form.addEventListener("input", show);
  show();
  const inside = el("div", { class: "stall" }, el("p", { class: "hint" }, t("stall-hint")), mode, grid, back);
  const details = el("details", { class: "row" }, el("summary", {}, t("stall-title")), inside);
  first.person_times.closest(".row").before(details);
}
