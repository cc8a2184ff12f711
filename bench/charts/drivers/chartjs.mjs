// Draws the data file with Chart.js on the Skia canvas of @napi-rs/canvas. Chart.js writes no values by itself; a small
// plugin does, as its documentation proposes.
import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import { Chart, registerables } from "chart.js";
import { serve } from "./turns.mjs";

Chart.register(...registerables);
for (const weight of ["Regular", "Bold"]) {
  GlobalFonts.registerFromPath(`${process.env.BENCH_FONTS}/NotoSansCJKsc-${weight}.otf`);
}

const write = (ctx, words, x, y, { font, color, align = "left", baseline = "middle", turn = 0 }) => {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(turn);
  Object.assign(ctx, { font, fillStyle: color, textAlign: align, textBaseline: baseline });
  ctx.fillText(words, 0, 0);
  ctx.restore();
};

function labels(data, chart, kind) {
  const t = data.theme;
  const last = chart.series.length - 1;
  const font = (size, bold) => `${bold ? "bold " : ""}${size}px "${data.font}"`;
  return {
    id: "labels",
    beforeInit({ legend }) {
      // Room for the caption of the axis, which Chart.js can only set along the axis.
      const fit = legend.fit;
      legend.fit = function fitted() {
        fit.call(this);
        this.height += 36;
      };
    },
    beforeDraw({ ctx, width, height }) {
      ctx.fillStyle = t.ground;
      ctx.fillRect(0, 0, width, height);
    },
    afterDatasetsDraw(drawn) {
      const { ctx, chartArea } = drawn;
      for (let j = 0; j <= last; j++) {
        const points = drawn.getDatasetMeta(j).data;
        const strong = j === last;
        const color = strong ? t.accent_ink : t.muted;
        points.forEach((at, i) => {
          if (kind === "bars") {
            const words = String(chart.values[i][j]);
            write(ctx, words, at.x, at.y - 6, { font: font(14, strong), color, turn: -Math.PI / 2 });
          } else if (strong) {
            const style = { font: font(15, true), color, align: "center", baseline: "bottom" };
            write(ctx, String(chart.values[j][i]), at.x, at.y - 10, style);
          }
        });
        if (kind === "trend") {
          const style = { font: font(15, strong), color: strong ? t.accent_ink : t.ink };
          write(ctx, chart.series[j], chartArea.right + 16, points.at(-1).y, style);
        }
      }
      write(ctx, chart.caption, 40, chartArea.top - 24, { font: font(14), color: t.muted });
    },
  };
}

function config(data, kind, scale) {
  const chart = data[kind];
  const t = data.theme;
  const last = chart.series.length - 1;
  const font = (size, weight = "normal") => ({ family: data.font, size, weight });
  const bars = kind === "bars";
  return {
    type: bars ? "bar" : "line",
    data: {
      labels: bars ? chart.lines : chart.names,
      datasets: chart.series.map((label, j) => ({
        label,
        data: bars ? chart.values.map((row) => row[j]) : chart.values[j],
        backgroundColor: t.years[j],
        borderColor: t.years[j],
        ...(bars
          ? { categoryPercentage: 0.82, barPercentage: 0.91 }
          : { borderWidth: j === last ? 3 : 2, pointRadius: 5, clip: false }),
      })),
    },
    options: {
      animation: false,
      responsive: false,
      events: [],
      devicePixelRatio: scale,
      layout: { padding: { left: 40, right: bars ? 40 : 120, top: 42, bottom: 44 } },
      plugins: {
        title: {
          display: true, text: chart.title, align: "start", color: t.ink, font: font(32, "bold"),
          padding: { top: 0, bottom: 2 },
        },
        subtitle: {
          display: true, text: chart.subtitle, align: "start", color: t.muted, font: font(18), padding: { bottom: 4 },
        },
        legend: {
          align: "start", maxHeight: 64,
          labels: {
            boxWidth: bars ? 16 : 34, boxHeight: bars ? 16 : 2, padding: 12, font: font(15), color: t.ink,
            usePointStyle: false,
          },
        },
        tooltip: { enabled: false },
      },
      scales: {
        x: {
          offset: true,
          grid: { display: false }, border: { color: t.axis },
          ticks: { font: font(bars ? 16 : 15), color: bars ? t.ink : t.muted, autoSkip: false, maxRotation: 0 },
        },
        y: {
          min: 0, max: chart.axis.max, border: { display: false }, grid: { color: t.grid, drawTicks: false },
          ticks: { stepSize: chart.axis.step, font: font(15), color: t.muted, padding: 8, callback: (n) => String(n) },
        },
      },
    },
    plugins: [labels(data, chart, kind)],
  };
}

await serve((data, kind, scale) => {
  const canvas = createCanvas(data.width, data.height);
  const picture = new Chart(canvas, config(data, kind, scale));
  const png = canvas.toBuffer("image/png");
  picture.destroy();
  return png;
});
