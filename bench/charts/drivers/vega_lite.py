"""Draws the data file as Vega-Lite through vl-convert, with the calls that its readme shows."""

import os

import vl_convert

from turns import serve

vl_convert.register_font_directory(os.environ["BENCH_FONTS"])


def page(data, chart, layers, x):
    theme = data["theme"]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": data["width"], "height": data["height"], "background": theme["ground"],
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": {"left": 40, "right": 40, "top": 44, "bottom": 40},
        "title": {
            "text": chart["title"], "subtitle": chart["subtitle"], "anchor": "start", "frame": "bounds",
            "fontSize": 32, "subtitleFontSize": 18, "color": theme["ink"], "subtitleColor": theme["muted"],
            "subtitlePadding": 10,
        },
        "config": {"font": data["font"], "view": {"stroke": None}},
        "encoding": {
            "x": x,
            "y": {
                "field": "value", "type": "quantitative",
                "scale": {"domain": [0, chart["axis"]["max"]]},
                "axis": {
                    "title": chart["caption"], "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end",
                    "titleX": -56, "titleY": -24, "titleFontSize": 14, "titleFontWeight": "normal",
                    "titleColor": theme["muted"], "labelFontSize": 15, "labelColor": theme["muted"], "format": "d",
                    "values": list(range(0, chart["axis"]["max"] + 1, chart["axis"]["step"])),
                    "gridColor": theme["grid"], "domain": False, "ticks": False, "labelPadding": 8,
                },
            },
            "color": {
                "field": "series", "type": "nominal", "sort": chart["series"],
                "scale": {"domain": chart["series"], "range": theme["years"]},
                "legend": {
                    "orient": "top", "title": None, "labelFontSize": 15, "labelColor": theme["ink"],
                    "direction": "horizontal", "columnPadding": 24, "symbolSize": 240, "offset": 46,
                    **({} if x["sort"] == data["trend"]["names"] else {"symbolType": "square"}),
                },
            },
        },
        "layer": layers,
    }


def bars(data):
    chart, theme = data["bars"], data["theme"]
    names = ["\n".join(lines) for lines in chart["lines"]]
    rows = [
        {"name": name, "series": series, "value": value}
        for name, row in zip(names, chart["values"])
        for series, value in zip(chart["series"], row)
    ]
    last = chart["series"][-1]

    def text(which, ink, weight):
        return {
            "transform": [{"filter": f"datum.series {which} '{last}'"}],
            "mark": {
                "type": "text", "angle": 270, "align": "left", "baseline": "middle", "dx": 6, "fontSize": 14,
                "color": theme[ink], "fontWeight": weight,
            },
            "encoding": {"text": {"field": "value", "format": "d"}, "color": {"value": theme[ink]}},
        }

    x = {
        "field": "name", "type": "nominal", "sort": names, "scale": {"paddingInner": 0.18, "paddingOuter": 0.09},
        "axis": {
            "title": None, "labelAngle": 0, "labelExpr": "split(datum.label, '\\n')", "labelFontSize": 16,
            "labelColor": theme["ink"], "labelLineHeight": 22, "labelPadding": 8, "ticks": False,
            "domainColor": theme["axis"], "labelOverlap": False,
        },
    }
    layers = [{"mark": "bar"}, text("!=", "muted", "normal"), text("==", "accent_ink", "bold")]
    spec = page(data, chart, layers, x)
    spec["encoding"]["xOffset"] = {"field": "series", "sort": chart["series"], "scale": {"paddingInner": 0.09}}
    return {**spec, "data": {"values": rows}}


def trend(data):
    chart, theme = data["trend"], data["theme"]
    rows = [
        {"name": name, "series": series, "value": value}
        for series, row in zip(chart["series"], chart["values"])
        for name, value in zip(chart["names"], row)
    ]
    last, end = chart["series"][-1], chart["names"][-1]

    def text(rule, field, ink, weight, place):
        return {
            "transform": [{"filter": rule}],
            "mark": {"type": "text", "fontSize": 15, "color": theme[ink], "fontWeight": weight, **place},
            "encoding": {"text": {"field": field}, "color": {"value": theme[ink]}},
        }

    def line(which, width):
        mark = {"type": "line", "strokeWidth": width, "point": {"size": 80, "filled": True}}
        return {"transform": [{"filter": f"datum.series {which} '{last}'"}], "mark": mark}

    beside = {"align": "left", "baseline": "middle", "dx": 54}
    layers = [
        line("!=", 2),
        line("==", 3),
        text(f"datum.series == '{last}'", "value", "accent_ink", "bold", {"baseline": "bottom", "dy": -10}),
        text(f"datum.name == '{end}' && datum.series != '{last}'", "series", "ink", "normal", beside),
        text(f"datum.name == '{end}' && datum.series == '{last}'", "series", "accent_ink", "bold", beside),
    ]
    x = {
        "field": "name", "type": "ordinal", "sort": chart["names"], "scale": {"padding": 0.2},
        "axis": {
            "title": None, "labelAngle": 0, "labelFontSize": 15, "labelColor": theme["muted"], "labelPadding": 8,
            "ticks": False, "domainColor": theme["axis"],
        },
    }
    return {**page(data, chart, layers, x), "data": {"values": rows}}


def draw(data, chart, scale):
    spec = bars(data) if chart == "bars" else trend(data)
    return vl_convert.vegalite_to_png(spec, scale=scale)


serve(draw)
