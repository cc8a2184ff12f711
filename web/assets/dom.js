// Small helpers that every module of the clerk's pages uses. Old phones run these files as they are: ES2017, no build.

/** Where a clerk's page says what it is about: words, its address in the API, limits. */
export const page = document.getElementById("clerk");
/** Who reports here: what waits on a shared phone is sent by its own sender only. */
export const { who } = document.body.dataset;
const words = JSON.parse(document.querySelector("[data-words]").dataset.words);

/** The words under a key, with values for `{name}`. */
export function t(key, values) {
  const text = words[key] || key;
  return values ? text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? values[name] : hole)) : text;
}

/** An element with attributes (`on…` are listeners), and text or elements in it. */
export function el(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  Object.keys(attributes || {}).forEach((name) => {
    const value = attributes[name];
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value);
  });
  inside.forEach((one) => made.append(one));
  return made;
}

/** 40213 as 40,213. */
export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** 20 characters that nobody guesses. */
export function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
}

/** An instant as the place's clocks show it: 12-04 17:30. */
export function clock(instant) {
  return new Date(Date.parse(instant) + 8 * 3600e3).toISOString().slice(5, 16).replace("T", " ");
}

/** Local storage, which may be full, forbidden or missing: then nothing is found, and putting says no. */
export const notes = {
  get(name) {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch (_) {
      return null;
    }
  },
  put(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
      return true;
    } catch (_) {
      return false;
    }
  },
  remove(name) {
    try {
      localStorage.removeItem(name);
    } catch (_) {
      // Then it was not there either.
    }
  },
  names(prefix) {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    } catch (_) {
      return [];
    }
  },
};
