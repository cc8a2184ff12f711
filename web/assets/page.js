// On every page: says that something is under way when an answer takes longer than a moment, and copies texts.
const busy = document.getElementById("busy");
let waiting;

const rest = () => {
  clearTimeout(waiting);
  if (busy) busy.hidden = true;
  for (const button of document.querySelectorAll('button[aria-busy="true"]')) button.removeAttribute("aria-busy");
};
const wait = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { if (busy) busy.hidden = false; }, 600);
};

addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  // A second click while the first is under way would send everything again.
  const pressed = event.submitter;
  if (pressed && pressed.getAttribute("aria-busy") === "true") return event.preventDefault();
  if (pressed) pressed.setAttribute("aria-busy", "true");
  wait();
});
addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("a[href]");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  const to = new URL(link.href, location.href);
  if (to.origin === location.origin && (to.pathname !== location.pathname || to.search !== location.search)) wait();
});
// Back from the browser's memory of the page nothing is under way any more.
addEventListener("pageshow", rest);

// A button names the field whose text it copies, or itself holds an address. One listener for all: parts of a page come
// and go, and the style sheet hides what does nothing without a script.
document.documentElement.classList.add("script");
async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  const text = field ? field.value || field.textContent : new URL(button.dataset.copyAddress, location.href).href;
  try {
    await navigator.clipboard.writeText(text);
  } catch (_) {
    // Without HTTPS there is no clipboard; what is selected can be copied the old way.
    const helper = document.body.appendChild(document.createElement("textarea"));
    helper.value = text;
    helper.select();
    document.execCommand("copy");
    helper.remove();
  }
  const label = button.textContent;
  if (label === button.dataset.done) return;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = label; }, 2000);
}
addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest("[data-copy], [data-copy-address]");
  if (button) copy(button);
});

// One box ticks all of a name, and says so when only some are.
for (const label of document.querySelectorAll("[data-all]")) {
  label.hidden = false;
  const all = label.querySelector("input");
  const boxes = [...document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(label.dataset.all)}"]`)];
  const look = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", look);
  look();
}
