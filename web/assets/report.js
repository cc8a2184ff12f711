// The form of a unit's day, on a phone. Without this script it is a plain form and stays complete; with it nothing that was
// typed is lost, and a report is sent once whatever the network does.
import { el, grouped, key, notes, page, t, who } from "./dom.js";
import { countOf, addRow, read, reopen, report, restore, rows, values } from "./fields.js";
import { judge, local, show, tell, watch } from "./checks.js";
import * as outbox from "./outbox.js";
import * as queue from "./queue.js";
import { counter, step } from "./stall.js";

const { api } = page.dataset;
const DRAFT = "pufa-draft:";
const DRAFT_KEPT = 7 * 24 * 3600e3;

let form;
let base;
/** Where this form leads, with its day: the name of its draft and of what waits. */
let here;
/** Something was typed that no report has yet. */
let touched = false;

const message = document.getElementById("message");

/** Says something above the form, with what can be done about it. */
function say(text, ...actions) {
  message.textContent = "";
  message.hidden = !text;
  if (text) message.append(el("p", {}, text), ...actions);
}

const button = (words, run) => el("button", { type: "button", onclick: run }, words);

// ---- the draft

let saving;
function saveDraft() {
  clearTimeout(saving);
  saving = null;
  if (!touched) return;
  const draft = { who, at: Date.now(), version: form.elements.version.value, key: form.elements.key.value, values: values(form) };
  notes.put(DRAFT + here, draft);
}

function dropDraft() {
  clearTimeout(saving);
  touched = false;
  notes.remove(DRAFT + here);
}

/** Offers what was typed here and not sent; drafts of long ago are forgotten. */
async function findDraft() {
  notes.names(DRAFT).forEach((name) => {
    const draft = notes.get(name);
    if (!draft || draft.at < Date.now() - DRAFT_KEPT) notes.remove(name);
  });
  const draft = notes.get(DRAFT + here);
  // A page that was killed while it sent has left a draft of what is kept as a report by now.
  if (draft && (await outbox.list()).some((one) => one.key === draft.key)) return notes.remove(DRAFT + here);
  if (!draft || draft.who !== who || form.dataset.again) return null;
  const away = button(t("draft-discard"), () => {
    dropDraft();
    location.reload();
  });
  // Somebody who has begun to type meanwhile is not typed over.
  if (!touched && draft.version === form.elements.version.value && restore(form, draft.values)) {
    form.elements.key.value = draft.key;
    touched = true;
    return say(t("draft-restored"), away);
  }
  const use = button(t("draft-use"), () => reopen(here, draft.values, draft.version));
  return say(t("draft-older"), use, away);
}

// ---- sums, and steps beside every count

function sums() {
  const lists = rows(form);
  const add = (some) => some.reduce((sum, row) => {
    const { value, fault } = read(countOf(row).value);
    return fault || value === null ? sum : { value: sum.value + value, some: true };
  }, { value: 0, some: false });
  const totals = { consultations: add(lists.consultations) };
  lists.items.forEach((row) => {
    const code = row.measure.value;
    totals[code] = totals[code] || add(lists.items.filter((other) => other.measure.value === code));
  });
  page.querySelectorAll("[data-sum]").forEach((output) => {
    const { value, some } = totals[output.dataset.sum] || { value: 0, some: false };
    output.textContent = some ? t("sum", { count: grouped(value), word: output.dataset.word }) : "";
  });
}

/** Fewer and more, by one; not for a keyboard, which has the field itself. */
function steps(field) {
  const of = (by, sign, words) => el("button", {
    type: "button", class: "step", "data-by": by, "aria-label": t(words, { label: field.dataset.label || "" }),
  }, sign);
  field.before(of(-1, "−", "step-less"));
  field.after(of(1, "+", "step-more"));
}

// ---- sending

/** The report in lines for people, as the form names them. */
function lines() {
  const lists = rows(form);
  const chosen = (select) => select.options[select.selectedIndex].text;
  const amount = (row) => {
    const bound = row.bound && row.bound.value !== "exact" ? chosen(row.bound) : "";
    const word = countOf(row).closest(".pair").querySelector(".word");
    return `${bound}${countOf(row).value.trim()}${word ? word.textContent : ""}`;
  };
  const filled = (row) => countOf(row).value.trim();
  const told = lists.items.filter(filled).map((row) => {
    const typed = row.title && row.title.type !== "hidden" ? row.title.value.trim() : "";
    return `${typed || countOf(row).dataset.label}：${amount(row)}`;
  }).concat(lists.consultations.filter(filled).map((row) => `${chosen(row.topic)} · ${chosen(row.mode)}：${amount(row)}`));
  if (form.elements.zero.checked) told.push(t("report-zero-mark"));
  if (form.elements.note.value.trim()) told.push(form.elements.note.value.trim());
  return told;
}

function busy(on) {
  form.setAttribute("aria-busy", String(on));
  form.querySelectorAll("button[name=do]").forEach((one) => {
    one.disabled = on;
  });
}

/** Shows faults, and puts the cursor where the first is. */
function stop(faults, warnings) {
  show(form, faults, warnings);
  const at = faults.concat(warnings).find(({ field }) => field);
  if (at) at.field.focus();
  else document.getElementById("told").scrollIntoView({ block: "center" });
}

/** The fields, for a word why figures are unusual or corrected. */
function askWhy(judged) {
  document.getElementById("why").hidden = false;
  show(form, judged.faults, judged.warnings);
  tell(form.elements.reason, t("why"), "warn");
  form.elements.reason.focus();
}

/** Lets the server show the form again as it answers a plain one: two versions side by side. */
function natively() {
  const plain = el("input", { type: "hidden", name: "do", value: "submit" });
  form.append(plain);
  form.submit();
}

async function send() {
  const faults = local(form);
  if (faults.length) return stop(faults, []);
  busy(true);
  const judged = await judge(form);
  const word = form.elements.reason.value.trim() || form.elements.note.value.trim();
  if (judged && judged.empty) return stop([{ field: null, text: t("error-nothing_reported") }], []);
  if (judged && judged.faults.length) {
    if (judged.faults.some(({ field }) => field === form.elements.reason)) document.getElementById("why").hidden = false;
    return stop(judged.faults, judged.warnings);
  }
  if (judged && judged.asks && !word) return askWhy(judged);
  const before = await outbox.pending(api);
  const { body, places } = report(form);
  const { report: sent, kept } = await outbox.submit({
    key: form.elements.key.value, url: api, page: here, date: page.dataset.date, title: page.dataset.title,
    version: form.elements.version.value, after: before ? before.key : null,
    body: JSON.stringify(body), fields: values(form), lines: lines(),
  });
  if (sent.state === "sent") {
    dropDraft();
    location.assign(`${here}&done=${sent.stored}`);
    return null;
  }
  if (sent.state === "refused") {
    await outbox.forget(sent);
    if (sent.conflict) return natively();
    form.elements.key.value = key();
    const at = sent.errors.map(({ pointer, message: text }) => ({ field: placeOf(places, pointer), text }));
    return stop(at.length ? at : [{ field: null, text: sent.why }], []);
  }
  if (!kept) return say(t("outbox-full"));
  expected.add(sent.key);
  form.elements.key.value = key();
  dropDraft();
  say(t(sent.why === "signed_out" ? "kept-signed_out" : "kept-offline"));
  message.scrollIntoView({ block: "center" });
  return null;
}

function placeOf(places, pointer) {
  const prefix = Object.keys(places).filter((one) => pointer.startsWith(one)).sort((a, b) => b.length - a.length)[0];
  return prefix ? countOf(places[prefix]) : form.elements[pointer.slice(1)] || null;
}

/** Has a pasted text read: the server fills the form and marks the text, and the page takes its place. */
async function readText() {
  busy(true);
  const fields = new URLSearchParams();
  Array.from(new FormData(form).entries()).forEach(([name, value]) => fields.append(name, value));
  fields.append("do", "read");
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin" });
    if (answer.redirected || !(answer.headers.get("content-type") || "").startsWith("text/html")) throw new Error("elsewhere");
    const told = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = told.getElementById("form");
    if (!next) throw new Error("no form");
    if (!answer.ok) {
      const wrong = Array.from(told.querySelectorAll("[aria-labelledby=faults] li"), (one) => one.textContent);
      say(wrong.join(" ") || t("paste-offline"));
      return;
    }
    document.getElementById("form").replaceWith(document.adoptNode(next));
    begin();
    touched = true;
    saveDraft();
    document.getElementById("read").focus();
  } catch (_) {
    say(t("paste-offline"));
  }
}

// ---- the page

function clicked(event) {
  const stepping = event.target.closest(".step");
  if (stepping) {
    step(stepping.closest(".pair").querySelector(".count"), Number(stepping.dataset.by));
    return;
  }
  const pressed = event.target.closest("button[name=do]");
  if (pressed) form.dataset.pressed = pressed.value;
}

function submitted(event) {
  const pressed = form.dataset.pressed || "submit";
  delete form.dataset.pressed;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  if (pressed === "more") {
    ["items", "consultations", "joint"].forEach((list) => addRow(form, list));
    return;
  }
  if (pressed === "zero") form.elements.zero.checked = true;
  const done = pressed === "read" ? readText() : send();
  const end = () => busy(false);
  done.then(end, (error) => {
    end();
    throw error;
  });
}

/** Brings a form to life. */
function begin() {
  form = document.querySelector("form.report");
  if (!form) return;
  base = new URL(form.action);
  here = base.pathname + base.search;
  form.addEventListener("click", clicked);
  form.addEventListener("submit", submitted);
  form.addEventListener("input", () => {
    touched = true;
    sums();
    clearTimeout(saving);
    saving = setTimeout(saveDraft, 300);
  });
  form.querySelectorAll(".pair > .count").forEach(steps);
  counter(form);
  watch(form, (judged) => {
    if (judged.signedOut) say(t("signed_out"), el("a", { class: "button", href: `/login?next=${encodeURIComponent(here)}` }, t("outbox-sign_in")));
    if (judged.asks) document.getElementById("why").hidden = false;
  });
  sums();
}

function online() {
  document.getElementById("offline").hidden = navigator.onLine !== false;
}

/** The reports that this page was opened with or has kept. */
const expected = new Set();

/** What waited has gone: its receipt is what there is to see, unless somebody has begun something else here. */
function gone(report) {
  const receipt = `${report.page}&done=${report.stored}`;
  if (form && expected.has(report.key) && !touched) location.replace(receipt);
  else say(t("outbox-gone", { title: report.title }), el("a", { class: "button", href: receipt }, t("outbox-receipt")));
}

async function start() {
  online();
  addEventListener("online", online);
  addEventListener("offline", online);
  // A page that is left or hidden may be killed without another word.
  addEventListener("pagehide", () => saving && saveDraft());
  document.addEventListener("visibilitychange", () => document.hidden && saving && saveDraft());
  begin();
  if (form) await findDraft();
  outbox.onSent(gone);
  const before = await outbox.pending(api);
  if (before) expected.add(before.key);
  await queue.start();
  await outbox.start();
}

start();
