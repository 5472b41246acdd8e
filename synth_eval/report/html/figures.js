// A chart of the report as a plotly figure. Pure: takes data and settings, touches no page.
"use strict";

const Figures = (() => {
  const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "x", "star"];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  const HEIGHT = { top: 210, second: 170, row: 44, gap: 52, axis: 58, head: 26 };

  const MARGIN_LEFT = 52;
  const TICK = 40; // pixels that the name of a ratio takes
  const NARROW = 480; // pixels: a phone, where labels say less
  const UNDER = 0.26; // of a row: how far below the onset the crossing is drawn

  // plotly reads some HTML in its texts
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const percent = (ratio) => `${+(100 * ratio).toFixed(1)}%`;

  function line(curve, metric) {
    return curve.lines.find((each) => each.metric === metric);
  }

  // settings: { shown: [{curve, style}], metric (of the second panel), scale: "value" | "change", fit, seeds (whether to
  // draw them), colours, font, width (pixels), largest (ratio) }
  function figure(chart, settings) {
    const first = chart.curves[0].lines[0].metric;
    const second = settings.shown.some(({ curve }) => line(curve, settings.metric)) && settings.metric !== first ? settings.metric : null;
    const rows = onsetRows(settings.shown, second ? [first, second] : [first]);
    const panels = [{ name: "top", metric: first, height: HEIGHT.top }];
    if (second) panels.push({ name: "second", metric: second, height: HEIGHT.second });
    if (rows.length) panels.push({ name: "onsets", height: HEIGHT.row * rows.length + 14 });

    const layout = emptyLayout(settings);
    const inner = panels.reduce((sum, panel) => sum + panel.height, 0) + HEIGHT.gap * (panels.length - 1);
    layout.width = settings.width;
    layout.height = inner + HEIGHT.head + HEIGHT.axis;
    const traces = [];
    let from = inner;
    panels.forEach((panel, i) => {
      const axis = i ? `y${i + 1}` : "y";
      const domain = [Math.max(0, (from - panel.height) / inner), from / inner];
      from -= panel.height + HEIGHT.gap;
      const drawn = panel.metric ? drawPanel(panel.metric, axis, settings) : drawOnsets(rows, axis, settings);
      traces.push(...drawn.traces);
      layout.shapes.push(...drawn.shapes);
      layout.annotations.push(...drawn.annotations, heading(drawn.title, domain[1], settings));
      layout[`yaxis${i ? i + 1 : ""}`] = { ...axisStyle(settings), ...drawn.axis, domain };
    });
    const ratios = [...new Set(settings.shown.flatMap(({ curve }) => curve.lines[0].ratios))].sort((a, b) => a - b);
    layout.xaxis = { ...axisStyle(settings), ...ratioAxis(ratios, settings), anchor: panels.length > 1 ? `y${panels.length}` : "y" };
    return { traces, layout };
  }

  function onsetRows(shown, metrics) {
    return metrics.flatMap((metric) =>
      shown.map(({ curve, style }) => ({ line: line(curve, metric), style })).filter((row) => row.line && row.line.onset !== null)
    );
  }

  function drawPanel(metric, axis, settings) {
    const found = settings.shown.map(({ curve, style }) => ({ line: line(curve, metric), style })).filter((each) => each.line);
    const some = found[0] ? found[0].line : { label: metric, percent: false, change_unit: "" };
    const change = settings.scale === "change";
    const out = { traces: [], shapes: [], annotations: [] };
    const signed = some.signed;
    const zero = found.some((each) => each.line.zero);
    const single = found.length === 1;
    for (const { line, style } of found) {
      const y = change ? line.change : line.values;
      const low = change ? line.change_low : line.low;
      const high = change ? line.change_high : line.high;
      const fitted = settings.fit ? fitOf(line, change) : null;
      const named = style.name ? `${style.name}, ` : "";
      out.traces.push(...band(line.ratios, low, high, axis, style));
      if (settings.seeds) out.traces.push(...seedTraces(line, change, axis, style, named));
      if (fitted) out.traces.push(...fitTraces(line, fitted, axis, style, named));
      out.traces.push({
        x: line.ratios, y, yaxis: axis, mode: fitted ? "markers" : "lines+markers", name: plain(style.name || line.label),
        line: { color: style.colour, dash: style.dash, width: settings.fit ? 1.2 : 2.5 },
        marker: { color: style.colour, symbol: style.symbol, size: 9 },
        text: line.texts.map((text, i) => plain(`${named}${percent(line.ratios[i])}: ${line.label} ${text}`) + shapeOf(fitted)),
        hovertemplate: "%{text}<extra></extra>", connectgaps: true,
      });
      if (line.onset !== null) {
        out.shapes.push(upright(line.onset, axis, style.colour));
        if (single && line.onset_ci) out.shapes.push(spread(line.onset_ci, axis, style.colour));
      }
    }
    // changes share one baseline, and relative margins too; those of a signed gap depend on where each curve starts
    const edges = change && !single ? found.slice(0, 1) : found;
    for (const { line, style } of edges) {
      const colour = single || change ? settings.colours.quiet : style.colour;
      if (line.baseline === null) continue;
      out.shapes.push(level(change ? 0 : line.baseline, axis, colour, "dot"));
      const margins = change ? (signed && !single ? [] : line.change_margins) : line.margins;
      for (const edge of margins) out.shapes.push(level(edge, axis, colour, "dash"));
      if ((single || change) && margins.length === 1) out.annotations.push(...levelNames(change ? 0 : line.baseline, margins[0], axis, settings));
    }
    if (signed && zero && !change) out.shapes.push(level(0, axis, settings.colours.line, "solid"));
    const unit = change ? some.change_unit : signed ? `nats; 0 is calibrated${zero ? "" : ", not in view"}` : "";
    out.title = `${some.label}${change && some.metric !== "mean loss" ? ": change" : ""}${unit ? ` (${unit})` : ""}`;
    out.axis = { tickformat: change ? "+" : some.percent ? ".0%" : "", zeroline: signed, nticks: 6, labelalias: { "+0": "0" } };
    return out;
  }

  function band(x, low, high, axis, style) {
    const known = x.map((_, i) => i).filter((i) => low[i] !== null && high[i] !== null);
    if (known.length < 2) return [];
    const back = [...known].reverse();
    return [{
      x: [...known, ...back].map((i) => x[i]), y: [...known.map((i) => high[i]), ...back.map((i) => low[i])],
      yaxis: axis, mode: "lines", fill: "toself", fillcolor: style.colour, opacity: 0.16, line: { width: 0 }, hoverinfo: "skip",
    }];
  }

  // the fitted curve's corners; null where there is none in this unit
  function fitOf(line, change) {
    const y = line.fit ? (change ? line.fit.change : line.fit.values) : [null];
    return y.includes(null) ? null : { x: line.fit.ratios, y, text: line.fit.text };
  }

  function fitTraces(line, fitted, axis, style, named) {
    const traces = [{
      x: fitted.x, y: fitted.y, yaxis: axis, mode: "lines", line: { color: style.colour, dash: style.dash, width: 2.5 },
      hoverinfo: "skip", // it would hide the points that it runs through: they say its shape
    }];
    if (line.onset !== null && line.crossing !== null) {
      traces.push({
        x: [line.crossing], y: [interpolated(fitted, line.crossing)], yaxis: axis, mode: "markers", marker: crossMark(style.colour),
        text: [plain(`${named}${line.label}: fitted loss reaches the margin at ${percent(line.crossing)}${between(line.crossing_ci)}`)],
        hovertemplate: "%{text}<extra></extra>",
      });
    }
    return traces;
  }

  function seedTraces(line, change, axis, style, named) {
    return line.seeds.map((seed) => {
      const y = change ? seed.change : seed.values;
      const unit = change ? line.change_unit : line.percent ? "%" : "";
      const written = (value) => `${change && value > 0 ? "+" : ""}${line.percent && !change ? +(100 * value).toFixed(1) : +value.toPrecision(3)} ${unit}`;
      return {
        x: line.ratios, y, yaxis: axis, mode: "lines+markers", opacity: 0.5, connectgaps: true,
        line: { color: style.colour, width: 1 }, marker: { color: style.colour, symbol: `${style.symbol}-open`, size: 5 },
        text: y.map((value, i) => (value === null ? "" : plain(`${named}seed ${seed.seed}, ${percent(line.ratios[i])}: ${line.label} ${written(value)}`))),
        hovertemplate: "%{text}<extra></extra>",
      };
    });
  }

  const shapeOf = (fitted) => (fitted ? `<br>fitted: ${plain(fitted.text)}` : "");
  const crossMark = (colour) => ({ color: colour, symbol: "x-thin-open", size: 10, line: { color: colour, width: 2.5 } });
  const between = (interval) => (interval ? `, 95% interval ${percent(interval[0])} to ${percent(interval[1])}` : "");

  function interpolated({ x, y }, at) {
    const i = Math.max(1, x.findIndex((ratio) => ratio >= at));
    return y[i - 1] + ((at - x[i - 1]) / (x[i] - x[i - 1])) * (y[i] - y[i - 1]);
  }

  function drawOnsets(rows, axis, settings) {
    const names = rows.map(({ line, style }) => (style.name ? `${line.label}, ${style.name}` : line.label));
    const bar = (at, interval, y, colour, thickness) => {
      const [low, high] = interval || [at, at];
      return {
        x: [at], y: [y], yaxis: axis, mode: "markers", hovertemplate: "%{text}<extra></extra>",
        error_x: { type: "data", symmetric: false, array: [high - at], arrayminus: [at - low], color: colour, thickness, width: 2 * thickness },
      };
    };
    const traces = rows.flatMap(({ line, style }, i) => {
      const onset = {
        ...bar(line.onset, line.onset_ci, -i, style.colour, 3), marker: { color: style.colour, symbol: style.symbol, size: 10 },
        text: [plain(`${names[i]}: onset ${percent(line.onset)}${between(line.onset_ci)}`)],
      };
      if (line.crossing === null) return [onset];
      const crossing = {
        ...bar(line.crossing, line.crossing_ci, -i - UNDER, style.colour, 1.5), marker: crossMark(style.colour),
        text: [plain(`${names[i]}: margin crossed at ${percent(line.crossing)}${between(line.crossing_ci)}`)],
      };
      return [onset, crossing];
    });
    // above the bars, towards the middle of the panel, so that it is never cut
    const annotations = rows.map(({ line }, i) => {
      const [low, high] = line.onset_ci || [line.onset, line.onset];
      const left = low + high < settings.largest;
      const crossed = line.crossing === null || settings.width < NARROW ? "" : `, margin ${percent(line.crossing)}`;
      return {
        x: left ? low : high, y: -i, yref: axis, xref: "x", text: plain(`${names[i]}: onset ${percent(line.onset)}${crossed}`), showarrow: false,
        xanchor: left ? "left" : "right", yanchor: "bottom", yshift: 4, font: { ...settings.font, size: 12 },
      };
    });
    return {
      traces, shapes: [], annotations, title: "onset, and × margin crossed, with 95% intervals",
      axis: { showticklabels: false, showgrid: false, zeroline: false, range: [-rows.length + 0.5, 0.7], fixedrange: true },
    };
  }

  function level(y, axis, colour, dash) {
    return { type: "line", xref: "paper", x0: 0, x1: 1, yref: axis, y0: y, y1: y, line: { color: colour, width: 1.4, dash }, layer: "below" };
  }

  // at the right edge, each on the side away from the other line
  function levelNames(baseline, margin, axis, settings) {
    const name = (text, y, above) => ({
      text, x: 1, xref: "paper", xanchor: "right", y, yref: axis, yanchor: above ? "bottom" : "top", showarrow: false,
      font: { ...settings.font, size: 11 },
    });
    return [name("baseline", baseline, baseline > margin), name("margin", margin, margin > baseline)];
  }

  function upright(x, axis, colour) {
    return { type: "line", xref: "x", x0: x, x1: x, yref: `${axis} domain`, y0: 0, y1: 1, line: { color: colour, width: 1.5, dash: "dot" } };
  }

  function spread([low, high], axis, colour) {
    return { type: "rect", xref: "x", x0: low, x1: high, yref: `${axis} domain`, y0: 0, y1: 1, fillcolor: colour, opacity: 0.08, line: { width: 0 }, layer: "below" };
  }

  function heading(text, top, settings) {
    return {
      text: plain(text), x: 0, xref: "paper", xanchor: "left", xshift: -MARGIN_LEFT, y: top, yref: "paper", yanchor: "bottom", yshift: 6, showarrow: false,
      font: { ...settings.font, size: 13, color: settings.colours.ink },
    };
  }

  function axisStyle(settings) {
    return {
      gridcolor: settings.colours.grid, linecolor: settings.colours.line, zerolinecolor: settings.colours.line,
      tickfont: { ...settings.font, size: 12 }, automargin: false, fixedrange: true,
    };
  }

  function ratioAxis(ratios, settings) {
    const span = ratios[ratios.length - 1] - ratios[0];
    const shown = spaced(ratios, (span * TICK) / (settings.width - MARGIN_LEFT));
    const pad = 0.04 * (span || 1);
    return {
      tickvals: shown, ticktext: shown.map(percent), tickangle: 0, range: [ratios[0] - pad, ratios[ratios.length - 1] + pad],
      title: { text: "synthetic data in the training mix", standoff: 8, font: { ...settings.font, size: 13 } }, zeroline: false,
    };
  }

  // those that are at least so far apart, the first and the last always
  function spaced(numbers, least) {
    const kept = [numbers[0]];
    const last = numbers[numbers.length - 1];
    for (const number of numbers.slice(1, -1)) {
      if (number - kept[kept.length - 1] >= least && last - number >= least) kept.push(number);
    }
    return numbers.length > 1 ? [...kept, last] : kept;
  }

  function emptyLayout(settings) {
    return {
      shapes: [], annotations: [], showlegend: false, dragmode: false, hovermode: "closest",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { ...settings.font, color: settings.colours.quiet },
      margin: { l: MARGIN_LEFT, r: 14, t: HEIGHT.head, b: HEIGHT.axis },
      hoverlabel: { bgcolor: settings.colours.panel, bordercolor: settings.colours.line, font: { ...settings.font, color: settings.colours.ink }, align: "left" },
    };
  }

  return { figure, line, SYMBOLS, DASHES };
})();
