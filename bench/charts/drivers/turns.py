"""The loop of a driver: reads `CHART SCALE COUNT [FILE]` lines, draws that often, and prints a line of JSON for every
drawing; with FILE it also keeps the last picture."""

import json
import sys
import time


def serve(draw):
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    for line in sys.stdin:
        chart, scale, count, *keep = line.split()
        scale = int(scale)
        png = b""
        for _ in range(int(count)):
            start = time.perf_counter()
            png = draw(data, chart, scale)
            ms = (time.perf_counter() - start) * 1e3
            print(json.dumps({"chart": chart, "scale": scale, "ms": round(ms, 4), "bytes": len(png)}))
        sys.stdout.flush()
        for path in keep:
            with open(path, "wb") as file:
                file.write(png)
