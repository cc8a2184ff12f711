"""Draws the data file with matplotlib's Agg canvas, a new figure for every drawing, through the object interface."""

import io
import os

from matplotlib import font_manager, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from turns import serve

for weight in ("Regular", "Bold"):
    font_manager.fontManager.addfont(f"{os.environ['BENCH_FONTS']}/NotoSansCJKsc-{weight}.otf")
rcParams["font.family"] = "Noto Sans CJK SC"


def pt(px):
    return px * 0.72


def page(data, chart, right, lines):
    theme, width, height = data["theme"], data["width"], data["height"]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=theme["ground"])
    canvas = FigureCanvasAgg(figure)

    def head(y, words, size, ink, weight="normal"):
        figure.text(40 / width, 1 - y / height, words, fontsize=pt(size), color=theme[ink], weight=weight, va="center")

    head(63, chart["title"], 32, "ink", "bold")
    head(97, chart["subtitle"], 18, "muted")
    head(161, chart["caption"], 14, "muted")
    signs = [
        Line2D([], [], color=c, lw=pt(2), marker="o", markersize=pt(10), label=n) if lines else Patch(color=c, label=n)
        for n, c in zip(chart["series"], theme["years"])
    ]
    figure.legend(
        handles=signs, loc="center left", bbox_to_anchor=(40 / width, 1 - 129 / height), ncols=5, frameon=False,
        fontsize=pt(15), labelcolor=theme["ink"], borderpad=0, borderaxespad=0, handletextpad=0.5, columnspacing=1.5,
        handlelength=2 if lines else 1, handleheight=1,
    )
    axes = figure.add_axes((100 / width, 100 / height, (right - 100) / width, 614 / height))
    axes.set_ylim(0, chart["axis"]["max"])
    axes.set_yticks(range(0, chart["axis"]["max"] + 1, chart["axis"]["step"]))
    axes.grid(axis="y", color=theme["grid"], lw=pt(1))
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set(color=theme["axis"], lw=pt(1))
    axes.tick_params(length=0, labelsize=pt(15), labelcolor=theme["muted"], pad=pt(8))
    return canvas, axes


def bars(data):
    chart, theme = data["bars"], data["theme"]
    canvas, axes = page(data, chart, 1560, False)
    count = len(chart["series"])
    bar = 0.82 / count
    for j in range(count):
        x = [i + (j - (count - 1) / 2) * bar for i in range(len(chart["names"]))]
        drawn = axes.bar(x, [row[j] for row in chart["values"]], bar * 0.91, color=theme["years"][j])
        last = j + 1 == count
        axes.bar_label(
            drawn, rotation=90, padding=pt(5), fontsize=pt(14), color=theme["accent_ink" if last else "muted"],
            weight="bold" if last else "normal",
        )
    axes.set_xlim(-0.5, len(chart["names"]) - 0.5)
    axes.set_xticks(range(len(chart["names"])), ["\n".join(lines) for lines in chart["lines"]])
    axes.tick_params(axis="x", labelsize=pt(16), labelcolor=theme["ink"])
    return canvas


def trend(data):
    chart, theme = data["trend"], data["theme"]
    canvas, axes = page(data, chart, 1480, True)
    days = range(len(chart["names"]))
    for j, (name, row, ink) in enumerate(zip(chart["series"], chart["values"], theme["years"])):
        last = j + 1 == len(chart["series"])
        axes.plot(days, row, color=ink, lw=pt(3 if last else 2), marker="o", markersize=pt(10), clip_on=False)
        axes.annotate(
            name, (1, row[-1]), xycoords=("axes fraction", "data"), xytext=(pt(16), 0), textcoords="offset points",
            va="center", fontsize=pt(15), color=theme["accent_ink" if last else "ink"],
            weight="bold" if last else "normal",
        )
        if last:
            for day, value in zip(days, row):
                axes.annotate(
                    str(value), (day, value), xytext=(0, pt(10)), textcoords="offset points", ha="center",
                    fontsize=pt(15), color=theme["accent_ink"], weight="bold",
                )
    axes.set_xlim(-0.185, len(chart["names"]) - 1 + 0.185)
    axes.set_xticks(days, chart["names"])
    return canvas


def draw(data, chart, scale):
    canvas = bars(data) if chart == "bars" else trend(data)
    canvas.figure.set_dpi(100 * scale)
    png = io.BytesIO()
    canvas.print_png(png)
    return png.getvalue()


serve(draw)
