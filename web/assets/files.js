// Files that come and go can take long: says how far each is. Without this script links and forms do the same by themselves.
const busy = document.getElementById("busy");
const usual = busy.textContent;
const label = document.createElement("span");
const bar = document.createElement("progress");
let under = null;

/** Says what is under way; `part` of it is done, or nobody knows how much. */
function say(word, part) {
  if (!label.isConnected) busy.replaceChildren(label, bar);
  busy.hidden = false;
  label.textContent = word;
  bar.setAttribute("aria-label", word);
  bar.hidden = part === undefined;
  if (typeof part === "number") bar.value = part;
  else bar.removeAttribute("value");
}

function end(word) {
  under = null;
  const rest = () => {
    busy.hidden = true;
    busy.textContent = usual;
  };
  if (!word) return rest();
  say(word);
  return setTimeout(() => under || rest(), 8000);
}

const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

// ---- going out

/** Shows what the service answers in place of what this page says. */
function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const [main, fresh] = [document.getElementById("main"), next.getElementById("main")];
  if (!fresh) return false;
  // The queue of reports belongs to a script that goes on.
  const stays = (part) => part.id === "outbox" || part.nodeName === "SCRIPT";
  Array.from(main.childNodes).filter((part) => !stays(part)).forEach((part) => part.remove());
  main.append(...Array.from(fresh.childNodes).filter((part) => !stays(part)));
  document.title = next.title;
  main.focus();
  scrollTo(0, 0);
  return true;
}

function send(form, pressed) {
  const request = new XMLHttpRequest();
  const body = new FormData(form);
  if (pressed && pressed.name) body.append(pressed.name, pressed.value);
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.upload.onprogress = (event) => {
    if (!event.lengthComputable) return;
    const whole = event.loaded === event.total;
    if (whole) say(busy.dataset.working, null);
    else say(`${busy.dataset.sending} ${size(event.loaded)} / ${size(event.total)}`, event.loaded / event.total);
  };
  request.onload = () => {
    end();
    // Signed out meanwhile, or the service leads elsewhere.
    if (request.responseURL !== form.action) location.assign(request.responseURL);
    else if (!show(request.responseText)) location.reload();
  };
  request.onerror = () => end(busy.dataset.broken);
  say(busy.dataset.sending, 0);
  request.send(body);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.enctype !== "multipart/form-data") return;
  event.preventDefault();
  // A second click would send everything again.
  if (under) return;
  under = form;
  send(form, event.submitter || document.activeElement);
});

// ---- coming in

/** The name under which a file is saved. */
function nameOf(answer, link) {
  const given = answer.headers.get("content-disposition") || "";
  const coded = /filename\*=UTF-8''([^;]+)/i.exec(given);
  if (coded) return decodeURIComponent(coded[1]);
  const plain = /filename="([^"]+)"/i.exec(given);
  return plain ? plain[1] : link.download || new URL(link.href).pathname.split("/").pop();
}

async function parts(answer) {
  // What is packed on its way says how long it is packed.
  const whole = answer.headers.get("content-encoding") ? 0 : Number(answer.headers.get("content-length"));
  const reader = answer.body.getReader();
  const read = [];
  let had = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return read;
    read.push(value);
    had += value.length;
    say(`${busy.dataset.coming} ${size(had)}${whole ? ` / ${size(whole)}` : ""}`, whole ? had / whole : null);
  }
}

async function take(link) {
  const answer = await fetch(link.href, { credentials: "same-origin" });
  if (answer.redirected) return location.assign(answer.url);
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    const faults = (told.errors || []).map(({ message }) => message).join(" ");
    return end(faults || told.title || busy.dataset.broken);
  }
  const blob = new Blob(await parts(answer), { type: answer.headers.get("content-type") || "" });
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(blob);
  saved.download = nameOf(answer, link);
  document.body.append(saved);
  saved.click();
  saved.remove();
  setTimeout(() => URL.revokeObjectURL(saved.href), 60000);
  return end();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("a[download]");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  // Inside WeChat only the link itself leads to a file.
  if (!link || !plain || !link.href.startsWith("http") || /MicroMessenger/.test(navigator.userAgent)) return;
  event.preventDefault();
  if (under) return;
  under = link;
  say(busy.dataset.making, null);
  take(link).catch(() => end(busy.dataset.broken));
});
