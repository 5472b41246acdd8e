// Figures and their controls. A figure comes as data for plotly (report/figures/to_plotly.py); what it gets here is the
// theme's colours, the page's width, and only what is chosen: panels, traces and rows whose conditions hold.
"use strict";

(() => {
  const places = [...document.querySelectorAll("[data-figure]")];
  if (!places.length) return;
  const PAPER = { stacked: 690, alone: 500, beside: 215 }; // pixels across a printed page, of it, and a third of it
  const GAP = 52; // between panels: a heading and the space above it
  const RIGHT = 14;
  const TICK = 40; // pixels that the name of a ratio takes
  const root = document.documentElement;
  let figures = [];
  const state = {}; // control -> the options chosen

  const holds = (when = []) => when.every(([name, option, wanted]) => !state[name] || state[name].has(option) === wanted);
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  // a copy with the theme's colours for their names
  function coloured(value, key = "") {
    if (Array.isArray(value)) return value.map((each) => coloured(each, key));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, coloured(each, name)]));
    return /color$/.test(key) && String(value)[0] === "@" ? colour(value.slice(1)) : value;
  }

  // what is shown of a panel; of one that counts rows, those without a trace go and the others move up
  function shown(panel) {
    const parts = ["traces", "shapes", "annotations"].map((kind) => [kind, panel[kind].filter((part) => holds(part.when)).map((part) => coloured({ ...part, when: undefined }))]);
    const found = { ...panel, ...Object.fromEntries(parts) };
    if (!panel.rows) return found;
    const used = [...new Set(found.traces.flatMap((trace) => trace.y.filter((y) => y !== null).map(Math.floor)))].sort((a, b) => a - b);
    const moved = (y) => (y === null ? null : -(used.indexOf(Math.floor(y)) + (y % 1)));
    for (const trace of found.traces) trace.y = trace.y.map(moved);
    found.annotations = found.annotations.filter((each) => used.includes(each.y)).map((each) => ({ ...each, y: moved(each.y) }));
    found.yaxis = { ...panel.yaxis, range: [-used.length + 0.5, 0.7] };
    found.height = panel.height * used.length + 14;
    return found;
  }

  // panels below each other on one x axis
  function composed(figure, panels, width) {
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("quiet") };
    const axis = { gridcolor: colour("grid"), linecolor: colour("line"), zerolinecolor: colour("line"), tickfont: font, automargin: !figure.stacked && !panels[0].square, fixedrange: true };
    const left = Math.max(...panels.map((panel) => panel.left));
    const top = figure.stacked ? 26 : 8;
    const bottom = panels[0].xaxis.title ? 56 : 26;
    const heights = panels.map((panel) => (panel.square ? width - left - RIGHT : panel.height));
    const inner = heights.reduce((sum, height) => sum + height, 0) + GAP * (panels.length - 1);
    const traces = [];
    const layout = {
      width, height: inner + top + bottom, margin: { l: left, r: RIGHT, t: top, b: bottom }, shapes: [], annotations: [],
      showlegend: false, dragmode: false, hovermode: "closest", paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font,
      hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: { ...font, size: 13, color: colour("ink") }, align: "left" },
    };
    let from = inner;
    panels.forEach((panel, i) => {
      const y = i ? `y${i + 1}` : "y";
      const domain = [Math.max(0, (from - heights[i]) / inner), from / inner];
      from -= heights[i] + GAP;
      traces.push(...panel.traces.map((trace) => ({ ...trace, yaxis: y })));
      layout.shapes.push(...panel.shapes.map(({ x, y: at, ...shape }) => x === null
        ? { ...shape, xref: "paper", x0: 0, x1: 1, yref: y, y0: at, y1: at }
        : { ...shape, xref: "x", x0: x, x1: x, yref: `${y} domain`, y0: 0, y1: 1 }));
      layout.annotations.push(...panel.annotations.map((each) => ({ ...each, yref: y, font: { ...font, ...each.font } })));
      if (figure.stacked && panel.title) {
        const heading = { text: panel.title, x: 0, xref: "paper", xanchor: "left", xshift: -left, y: domain[1], yref: "paper", yanchor: "bottom", yshift: 6 };
        layout.annotations.push({ ...heading, showarrow: false, font: { ...font, size: 13, color: colour("ink") } });
      }
      layout[`yaxis${i ? i + 1 : ""}`] = { ...axis, ...panel.yaxis, domain };
    });
    const last = panels[panels.length - 1];
    layout.xaxis = { ...axis, ...thinned(last.xaxis, width - left - RIGHT), tickangle: 0, anchor: panels.length > 1 ? `y${panels.length}` : "y" };
    return { traces, layout };
  }

  // ticks that have room for their names, the first and the last always
  function thinned(axis, pixels) {
    if (!axis.tickvals || axis.type === "log") return axis;
    const least = ((axis.range[1] - axis.range[0]) * TICK) / pixels;
    const end = axis.tickvals.length - 1;
    const kept = [];
    axis.tickvals.forEach((value, i) => {
      const before = kept.length ? value - axis.tickvals[kept[kept.length - 1]] : Infinity;
      if (i === end || (before >= least && axis.tickvals[end] - value >= least) || i === 0) kept.push(i);
    });
    return { ...axis, tickvals: kept.map((i) => axis.tickvals[i]), ticktext: kept.map((i) => axis.ticktext[i]) };
  }

  function draw(place) {
    const kind = place.dataset.panel === undefined ? "stacked" : place.parentElement.matches(":only-child") ? "alone" : "beside";
    const width = root.dataset.printing ? PAPER[kind] : place.clientWidth;
    if (!width || place.closest("details:not([open])")) return; // folded away: drawn once it is opened
    const figure = figures[Number(place.dataset.figure)];
    const all = place.dataset.panel === undefined ? figure.panels : [figure.panels[Number(place.dataset.panel)]];
    const panels = all.filter((panel) => holds(panel.when)).map(shown).filter((panel) => panel.traces.length);
    if (!panels.length) {
      Plotly.purge(place);
      place.textContent = "Nothing chosen to show.";
      return;
    }
    if (!place.classList.contains("js-plotly-plot")) place.textContent = "";
    const { traces, layout } = composed(figure, panels, width);
    Plotly.react(place, traces, layout, { displayModeBar: false, responsive: false });
  }

  function hide() {
    for (const part of document.querySelectorAll("[data-when]")) part.hidden = !holds(JSON.parse(part.dataset.when));
  }

  function drawAll() {
    hide();
    places.forEach(draw);
  }

  // controls, made of form elements so that a keyboard and a screen reader can use them
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // colour, marker and dash of a series, as plotly draws them
  function swatch(number) {
    const style = (number + Math.floor(number / 6)) % 6;
    const dashes = ["", "7 4", "2 3", "7 3 2 3", "11 4", "11 3 2 3"];
    const marks = ["M19 3a5 5 0 1 0 .01 0z", "M14 3h10v10h-10z", "M19 2l6 6-6 6-6-6z", "M19 2l6 11h-12z",
      "M14 4l2-2 3 3 3-3 2 2-3 4 3 4-2 2-3-3-3 3-2-2 3-4z", "M19 1l2 5h5l-4 3 2 5-5-3-5 3 2-5-4-3h5z"];
    const holder = element("span", { "aria-hidden": "true" });
    const stroke = `var(--series-${(number % 6) + 1})`;
    holder.innerHTML = `<svg class="swatch" viewBox="0 0 38 16"><path d="M0 8h38" stroke="${stroke}" stroke-width="2.5" stroke-dasharray="${dashes[style]}"/><path d="${marks[style]}" fill="${stroke}"/></svg>`;
    return holder.firstChild;
  }

  function choose(control, option, on) {
    if (!control.several) state[control.name].clear();
    state[control.name][on ? "add" : "delete"](option);
    drawAll();
  }

  function boxes(control) {
    const set = element("fieldset", {}, element("legend", {}, control.label));
    control.options.forEach(([option, name], i) => {
      const box = element("input", { type: "checkbox", name: option, ...(control.chosen.includes(option) ? { checked: "" } : {}) });
      box.addEventListener("change", () => choose(control, option, box.checked));
      set.append(element("label", {}, box, ...(control.keyed ? [swatch(i)] : []), name));
    });
    return set;
  }

  function list(control) {
    const select = element("select", { name: control.name });
    for (const [option, name] of control.options) select.append(element("option", { value: option, ...(control.chosen.includes(option) ? { selected: "" } : {}) }, name));
    select.addEventListener("change", () => choose(control, select.value, true));
    return element("label", {}, element("span", { class: "quiet" }, control.label), select);
  }

  async function unpacked(id) {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  async function start() {
    const data = JSON.parse(await unpacked("report-data"));
    figures = data.figures;
    for (const control of data.controls) state[control.name] = new Set(control.chosen);
    const form = document.getElementById("controls");
    if (form) {
      form.addEventListener("submit", (event) => event.preventDefault());
      form.append(...data.controls.map((control) => (control.several ? boxes(control) : list(control))));
    }
    for (const key of document.querySelectorAll("[data-series]")) key.prepend(swatch(Number(key.dataset.series)));
    const library = element("script");
    library.textContent = await unpacked("plotly-gz");
    document.head.append(library);
    hide();
    for (const place of places) {
      draw(place);
      await new Promise((resolve) => setTimeout(resolve)); // the page answers between two figures
    }
    document.addEventListener("theme", drawAll);
    document.addEventListener("toggle", (event) => places.filter((place) => event.target.contains(place)).forEach(draw), true);
    let width = innerWidth;
    let waiting = 0;
    addEventListener("resize", () => {
      if (innerWidth === width) return; // phones resize when their address bar goes
      width = innerWidth;
      clearTimeout(waiting);
      waiting = setTimeout(drawAll, 100);
    });
    root.dataset.drawn = String(places.length);
  }

  start().catch((error) => {
    document.getElementById("no-charts").hidden = false;
    console.warn(`the figures could not be drawn: ${error.message}`);
  });
})();
