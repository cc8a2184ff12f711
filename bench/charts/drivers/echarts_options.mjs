// The charts as ECharts options, the same for every way of rasterising them.

function page(data, chart, right) {
  const t = data.theme;
  return {
    animation: false,
    backgroundColor: t.ground,
    textStyle: { fontFamily: data.font },
    title: {
      text: chart.title, subtext: chart.subtitle, left: 40, top: 44, padding: 0, itemGap: 10,
      textStyle: { fontSize: 32, fontWeight: "bold", color: t.ink, fontFamily: data.font },
      subtextStyle: { fontSize: 18, color: t.muted, fontFamily: data.font },
    },
    grid: { left: 100, right, top: 186, bottom: 100 },
    yAxis: {
      type: "value", max: chart.axis.max, interval: chart.axis.step, name: chart.caption, nameLocation: "end",
      nameTextStyle: { fontSize: 14, color: t.muted, align: "left", padding: [0, 0, 0, -60] }, nameGap: 18,
      axisLabel: { fontSize: 15, color: t.muted, margin: 10, formatter: (n) => String(n) },
      splitLine: { lineStyle: { color: t.grid } },
    },
  };
}

const legend = (data, icon) => ({
  left: 40, top: 118, padding: 0, itemGap: 24, itemWidth: icon ? 16 : 34, itemHeight: icon ? 16 : 10,
  ...(icon && { icon }), textStyle: { fontSize: 15, color: data.theme.ink },
});

export function bars(data) {
  const chart = data.bars;
  const t = data.theme;
  const last = chart.series.length - 1;
  return {
    ...page(data, chart, 40),
    legend: legend(data, "rect"),
    xAxis: {
      type: "category", data: chart.lines.map((l) => l.join("\n")), axisTick: { show: false },
      axisLine: { lineStyle: { color: t.axis } },
      axisLabel: { fontSize: 16, lineHeight: 22, color: t.ink, interval: 0, margin: 8 },
    },
    series: chart.series.map((name, j) => ({
      type: "bar", name, data: chart.values.map((row) => row[j]), itemStyle: { color: t.years[j] },
      barGap: "10%", barCategoryGap: "18%",
      label: {
        show: true, rotate: 90, position: "top", align: "left", verticalAlign: "middle", distance: 6, fontSize: 14,
        color: j === last ? t.accent_ink : t.muted, fontWeight: j === last ? "bold" : "normal",
      },
    })),
  };
}

export function trend(data) {
  const chart = data.trend;
  const t = data.theme;
  const last = chart.series.length - 1;
  return {
    ...page(data, chart, 120),
    legend: legend(data),
    xAxis: {
      type: "category", data: chart.names, boundaryGap: true, axisTick: { show: false },
      axisLine: { lineStyle: { color: t.axis } }, axisLabel: { fontSize: 15, color: t.muted, margin: 8 },
    },
    series: chart.series.map((name, j) => ({
      type: "line", name, data: chart.values[j], symbol: "circle", symbolSize: 10, itemStyle: { color: t.years[j] },
      lineStyle: { color: t.years[j], width: j === last ? 3 : 2 },
      label: { show: j === last, position: "top", fontSize: 15, fontWeight: "bold", color: t.accent_ink },
      endLabel: {
        show: true, formatter: "{a}", distance: 16, fontSize: 15, color: j === last ? t.accent_ink : t.ink,
        fontWeight: j === last ? "bold" : "normal",
      },
    })),
  };
}

export const option = (data, chart) => (chart === "bars" ? bars(data) : trend(data));
