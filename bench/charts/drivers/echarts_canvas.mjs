// Draws the data file with ECharts on the Skia canvas of @napi-rs/canvas.
import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import * as echarts from "echarts";
import { option } from "./echarts_options.mjs";
import { serve } from "./turns.mjs";

for (const weight of ["Regular", "Bold"]) {
  GlobalFonts.registerFromPath(`${process.env.BENCH_FONTS}/NotoSansCJKsc-${weight}.otf`);
}
echarts.setPlatformAPI({ createCanvas: () => createCanvas(32, 32) });

await serve((data, chart, scale) => {
  const canvas = createCanvas(data.width * scale, data.height * scale);
  const picture = echarts.init(canvas, null, { devicePixelRatio: scale, width: data.width, height: data.height });
  picture.setOption(option(data, chart));
  picture.getZr().flush();
  const png = canvas.toBuffer("image/png");
  picture.dispose();
  return png;
});
