// The clock of a wall screen. One timer for as long as the page is shown; everything else is done by live.js.
const clock = document.getElementById("clock");
const format = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit", weekday: "short",
  hour: "2-digit", minute: "2-digit", hour12: false,
});
let shown = "";
const tick = () => {
  const now = format.format(Date.now());
  if (now !== shown) clock.textContent = shown = now;
};
tick();
setInterval(tick, 1_000);
