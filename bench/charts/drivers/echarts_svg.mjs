// Draws the data file with ECharts' server-side SVG. The second argument says who rasterises it: sharp or resvg.
import * as echarts from "echarts";
import { option } from "./echarts_options.mjs";
import { serve } from "./turns.mjs";

function svg(data, chart) {
  const picture = echarts.init(null, null, {
    renderer: "svg", ssr: true, width: data.width, height: data.height,
  });
  picture.setOption(option(data, chart));
  const words = picture.renderToSVGString();
  picture.dispose();
  return words;
}

if (process.argv[3] === "sharp") {
  const { default: sharp } = await import("sharp");
  sharp.concurrency(1);
  sharp.cache(false);
  await serve((data, chart, scale) =>
    sharp(Buffer.from(svg(data, chart)), { density: 72 * scale }).png().toBuffer());
} else {
  const { Resvg } = await import("@resvg/resvg-js");
  const fonts = ["Regular", "Bold"].map((w) => `${process.env.BENCH_FONTS}/NotoSansCJKsc-${w}.otf`);
  await serve((data, chart, scale) =>
    new Resvg(svg(data, chart), {
      font: { loadSystemFonts: false, fontFiles: fonts, defaultFontFamily: data.font },
      fitTo: { mode: "zoom", value: scale },
    }).render().asPng());
}
