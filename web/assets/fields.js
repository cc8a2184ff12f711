// The form as data: what its rows say, the body of the API made of them, and a pointer into that body back to its field.
import { key, page, t } from "./dom.js";

const MOST = Number(page.dataset.most);
const ROW = /^(items|consultations|joint)\.(\d+)\.(\w+)$/;

/** A count as people type it, by the rules of the server: `{ value }`, with `fault` when it is none. */
export function read(text) {
  const plain = text.trim()
    .replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/，/g, ",").replace(/．/g, ".").replace(/[－−–]/g, "-");
  if (!plain) return { value: null };
  const match = /^(-?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(plain);
  if (!match) return { value: text.trim(), fault: "count_not_a_number" };
  const fraction = /[1-9]/.test(match[3] || "");
  const value = Number(match[2].replace(/,/g, ""));
  if (match[1] && (value || fraction)) return { value: -value, fault: "count_negative" };
  if (fraction) return { value: text.trim(), fault: "count_fractional" };
  if (value > MOST) return { value: text.trim(), fault: "count_too_large" };
  return { value };
}

/** The rows of each list, with their fields by name. */
export function rows(form) {
  const lists = { items: [], consultations: [], joint: [] };
  Array.from(form.elements).forEach((field) => {
    const [, list, at, name] = ROW.exec(field.name) || [];
    if (!list) return;
    let row = lists[list].find((other) => other.at === at);
    if (!row) lists[list].push((row = { at, id: `${list}.${at}` }));
    row[name] = field;
  });
  return lists;
}

/** The field of a row that holds its count. */
export const countOf = (row) => row.count || row.person_times;

const said = (field) => (field ? field.value.trim() : "");

function figure(row, name) {
  const line = { [name]: read(countOf(row).value).value };
  if (row.bound && row.bound.value !== "exact") line.bound = row.bound.value;
  return line;
}

function item(row) {
  const line = Object.assign({ measure: row.measure.value }, figure(row, "count"));
  if (said(row.title)) line.title = said(row.title);
  return line;
}

/** What the form says, as the body of the API without its empty rows, and which row each pointer is about. */
export function report(form) {
  const lists = rows(form);
  const body = { items: [], consultations: [], joint: [], zero: form.elements.zero.checked, note: form.elements.note.value };
  const places = {};
  lists.items.filter((row) => said(row.count) || (!row.given && said(row.title))).forEach((row) => {
    places[`/items/${body.items.length}`] = row;
    body.items.push(item(row));
  });
  lists.consultations.filter((row) => said(row.person_times)).forEach((row) => {
    places[`/consultations/${body.consultations.length}`] = row;
    const told = { topic: row.topic.value, mode: row.mode.value };
    body.consultations.push(Object.assign(told, figure(row, "person_times")));
  });
  lists.joint.filter((row) => said(row.lead) || said(row.count) || said(row.title)).forEach((row) => {
    let part = body.joint.findIndex((other) => other.lead === said(row.lead));
    if (part < 0) part = body.joint.push({ lead: said(row.lead), items: [] }) - 1;
    const lead = `/joint/${part}`;
    places[lead] = places[lead] || row;
    places[`${lead}/items/${body.joint[part].items.length}`] = row;
    body.joint[part].items.push(item(row));
  });
  if (form.elements.via && form.elements.via.value) body.via = form.elements.via.value;
  if (said(form.elements.reason)) body.reason = said(form.elements.reason);
  return { body, places };
}

/** The field that a pointer is about, or null for the whole form. */
export function place(form, places, pointer) {
  const top = /^\/(zero|note|reason|via)$/.exec(pointer);
  if (top) return form.elements[top[1]] || null;
  const [, prefix, name] = /^(\/joint\/\d+\/items\/\d+|\/\w+\/\d+)(?:\/(\w+))?/.exec(pointer) || [];
  const row = places[prefix];
  if (!row) return null;
  const named = name && name !== "measure" && row[name];
  return named && named.type !== "hidden" ? named : countOf(row);
}

/** Everything that was typed, by the names of the fields; a pasted text is not kept. */
export function values(form) {
  const all = {};
  Array.from(form.elements).forEach((field) => {
    if (!field.name || /^(key|version|do|text)$/.test(field.name)) return;
    all[field.name] = field.type === "checkbox" ? field.checked : field.value;
  });
  return all;
}

/** Types it again, with rows added where there were more. False when the rows here are about other things. */
export function restore(form, all) {
  const names = Object.keys(all);
  const fixed = (name) => form.elements[name] && form.elements[name].type === "hidden";
  if (names.some((name) => fixed(name) && form.elements[name].value !== all[name])) return false;
  ["items", "consultations", "joint"].forEach((list) => {
    const places = names.map((name) => ROW.exec(name) || []).filter((found) => found[1] === list);
    const most = Math.max(-1, ...places.map((found) => Number(found[2])));
    const last = () => Math.max(-1, ...rows(form)[list].map((row) => Number(row.at)));
    while (last() < most && addRow(form, list));
  });
  names.filter((name) => form.elements[name] && !fixed(name)).forEach((name) => {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = all[name];
    else field.value = all[name];
  });
  return true;
}

/** Sends what was typed to the server to be shown again: rows that this page does not have come back with it. */
export function reopen(form, all, version) {
  const again = document.createElement("form");
  again.method = "post";
  again.action = form.action || form;
  const add = (name, value) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    again.append(field);
  };
  Object.keys(all).filter((name) => all[name] !== false).forEach((name) => add(name, all[name] === true ? "1" : all[name]));
  add("version", version);
  add("key", key());
  add("do", "more");
  document.body.append(again);
  again.submit();
}

/** Adds an empty row to a list, made after its last one. */
export function addRow(form, list) {
  const all = rows(form)[list];
  const last = all.filter((row) => list !== "items" || (row.title && row.title.type !== "hidden")).pop();
  if (!last) return null;
  const next = Math.max(...all.map((row) => Number(row.at))) + 1;
  const box = countOf(last).closest(".row, .record");
  const copy = box.cloneNode(true);
  copy.classList.remove("wrong");
  copy.querySelectorAll(".fault, .warn").forEach((one) => one.remove());
  const rename = (text) => text.replace(`${list}.${last.at}.`, `${list}.${next}.`);
  copy.querySelectorAll("[id], [name], [for]").forEach((one) => {
    ["id", "name", "for"].filter((name) => one.hasAttribute(name)).forEach((name) => {
      one.setAttribute(name, rename(one.getAttribute(name)));
    });
    ["aria-invalid", "aria-describedby"].forEach((name) => one.removeAttribute(name));
    if (one.matches("select")) one.selectedIndex = Math.max(0, Array.from(one.options).findIndex((option) => option.defaultSelected));
    else if (one.matches("input:not([type=hidden])")) one.value = "";
  });
  if (copy.getAttribute("role") === "group") copy.setAttribute("aria-label", t("report-row", { n: all.length + 1 }));
  box.after(copy);
  return rows(form)[list].find((row) => Number(row.at) === next);
}
