// Tooltips on pictures: what lies under the pointer, from the places that the chart itself tells of. One tooltip and
// one listener for the whole page, so that pictures may come and go.
const tip = document.body.appendChild(document.createElement("div"));
tip.className = "tip";
tip.hidden = true;
const known = new WeakMap();

const figures = (figure) => {
  const address = figure.dataset.figures;
  const kept = known.get(figure);
  if (kept?.address === address) return kept.figures;
  const wanted = fetch(address).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  known.set(figure, { address, figures: wanted });
  return wanted;
};

const line = (text, name) => {
  const part = tip.appendChild(document.createElement(name));
  part.textContent = text;
};

async function point(event) {
  const image = event.target.closest?.(".picture img, .picture svg");
  const figure = image?.closest("[data-figures]");
  if (!figure) return hide();
  const { clientX, clientY } = event;
  const told = await figures(figure);
  if (!told) return;
  const box = image.getBoundingClientRect();
  const x = ((clientX - box.left) / box.width) * told.width;
  const y = ((clientY - box.top) / box.height) * told.height;
  const hit = told.hits.findLast((one) => x >= one.x && x <= one.x + one.w && y >= one.y && y <= one.y + one.h);
  if (!hit) return hide();
  tip.replaceChildren();
  line([hit.label, hit.series].filter(Boolean).join(" · "), "span");
  line(hit.value, "b");
  if (hit.change) line(hit.change, "span");
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(clientX + 14, innerWidth - width - 4))}px`;
  tip.style.top = `${clientY + 18 + height > innerHeight ? clientY - height - 10 : clientY + 18}px`;
}

function hide() {
  tip.hidden = true;
}

addEventListener("pointermove", point, { passive: true });
addEventListener("pointerdown", point, { passive: true });
addEventListener("scroll", hide, { passive: true, capture: true });
addEventListener("keydown", hide);
