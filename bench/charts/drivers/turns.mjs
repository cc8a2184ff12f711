// The loop of a driver: reads `CHART SCALE COUNT [FILE]` lines, draws that often, and prints a line of JSON for every
// drawing; with FILE it also keeps the last picture.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

export async function serve(draw) {
  const data = JSON.parse(readFileSync(process.argv[2], "utf8"));
  for await (const line of createInterface({ input: process.stdin })) {
    const [chart, scale, count, keep] = line.trim().split(/\s+/);
    let png;
    let out = "";
    for (let i = 0; i < Number(count); i++) {
      const start = performance.now();
      png = await draw(data, chart, Number(scale));
      const ms = performance.now() - start;
      out += `${JSON.stringify({ chart, scale: Number(scale), ms: Number(ms.toFixed(4)), bytes: png.length })}\n`;
    }
    if (keep) writeFileSync(keep, png);
    process.stdout.write(out);
  }
}
