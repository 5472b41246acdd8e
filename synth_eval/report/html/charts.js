// The controls above the curves, and drawing: once the library is unpacked, one figure after the other.
"use strict";

(() => {
  const { charts, grids } = JSON.parse(document.getElementById("report-data").textContent);
  if (!charts.length) return;
  const PAPER = 690; // pixels across a printed page
  const PLACES = ["size", "tokens", "iteration", "source"];
  const curves = charts.flatMap((chart) => chart.curves);
  const distinct = (values) => [...new Set(values)];
  const byNumber = (a, b) => amount(a) - amount(b) || String(a).localeCompare(String(b));
  const values = Object.fromEntries(PLACES.map((name) => [name, distinct(curves.map((curve) => curve[name])).sort(byNumber)]));
  const varying = PLACES.filter((name) => values[name].length > 1);
  const series = varying[0] || "size"; // told apart by colour, marker and dash; the others are chosen one at a time
  const largest = Math.max(...curves.flatMap((curve) => curve.lines[0].ratios));
  const several = values[series].length > 1;
  const lines = curves.flatMap((curve) => curve.lines);
  const has = { fit: lines.some((line) => line.fit), seeds: lines.some((line) => line.seeds.length) };
  const state = {
    off: new Set(), picked: {}, metric: "surprise_gap", scale: several ? "change" : "value", fit: has.fit, seeds: has.seeds && !several,
  };
  for (const name of varying.slice(1)) state.picked[name] = values[name][values[name].length - 1];

  function amount(text) {
    const match = /^([\d.]+)\s*([kmbt]?)(?: tokens)?$/i.exec(String(text).trim());
    return match ? Number(match[1]) * { "": 1, k: 1e3, m: 1e6, b: 1e9, t: 1e12 }[match[2].toLowerCase()] : Infinity;
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function style(index, name) {
    return { name, colour: colour(`series-${(index % 6) + 1}`), symbol: Figures.SYMBOLS[index % 6], dash: Figures.DASHES[index % 6] };
  }

  function styleOf(value) {
    return style(values[series].indexOf(value), several ? title(series, value) : "");
  }

  function title(name, value) {
    return name === "iteration" ? `iteration ${value}` : String(value || "size not given");
  }

  function isPicked(curve) {
    return Object.entries(state.picked).every(([name, value]) => curve[name] === value);
  }

  function draw(place) {
    const chart = charts[Number(place.dataset.chart)];
    const shown = chart.curves.filter((curve) => isPicked(curve) && !state.off.has(curve[series])).map((curve) => ({ curve, style: styleOf(curve[series]) }));
    chart.curves.forEach((curve, i) => {
      place.closest(".task").querySelector(`[data-curve="${i}"]`).hidden = !isPicked(curve) || state.off.has(curve[series]);
    });
    if (!shown.length) {
      Plotly.purge(place);
      place.textContent = "Nothing chosen to show.";
      return;
    }
    plot(place, chart, shown, state);
  }

  function drawGrid(place) {
    const chart = grids[Number(place.dataset.grid)];
    const shown = chart.curves.map((curve, i) => ({ curve, style: style(i, curve.title) }));
    plot(place, chart, shown, { metric: null, scale: "change", fit: false, seeds: false });
  }

  function plot(place, chart, shown, { metric, scale, fit, seeds }) {
    if (!place.classList.contains("js-plotly-plot")) place.textContent = "";
    const colours = Object.fromEntries(["ink", "quiet", "grid", "line", "panel"].map((name) => [name, colour(name)]));
    const font = { family: getComputedStyle(document.body).fontFamily, size: 13 };
    const width = document.documentElement.dataset.printing ? PAPER : place.clientWidth;
    const { traces, layout } = Figures.figure(chart, { shown, metric, scale, fit, seeds, colours, font, width, largest });
    Plotly.react(place, traces, layout, { displayModeBar: false, responsive: false });
  }

  const places = [...document.querySelectorAll("[data-chart]")];
  const gridPlaces = [...document.querySelectorAll("[data-grid]")];
  const drawAll = () => { places.forEach(draw); gridPlaces.forEach(drawGrid); };

  // controls, made of form elements so that a keyboard and a screen reader can use them
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function swatch(position) {
    const index = position % 6;
    const dashes = ["", "7 4", "2 3", "7 3 2 3", "11 4", "11 3 2 3"][index];
    const marks = ["M19 3a5 5 0 1 0 .01 0z", "M14 3h10v10h-10z", "M19 2l6 6-6 6-6-6z", "M19 2l6 11h-12z",
      "M14 4l2-2 3 3 3-3 2 2-3 4 3 4-2 2-3-3-3 3-2-2 3-4z", "M19 1l2 5h5l-4 3 2 5-5-3-5 3 2-5-4-3h5z"];
    const holder = element("span", { "aria-hidden": "true" });
    holder.innerHTML = `<svg class="swatch" viewBox="0 0 38 16"><path d="M0 8h38" stroke="var(--series-${index + 1})" stroke-width="2.5" stroke-dasharray="${dashes}"/><path d="${marks[index]}" fill="var(--series-${index + 1})"/></svg>`;
    return holder.firstChild;
  }

  function choice(name, label, options, chosen, onChange) {
    const select = element("select", { name });
    for (const [value, text] of options) select.append(element("option", { value, ...(String(value) === String(chosen) ? { selected: "" } : {}) }, text));
    select.addEventListener("change", () => { onChange(select.value); drawAll(); });
    return element("label", {}, element("span", { class: "quiet" }, label), select);
  }

  function makeControls() {
    const form = document.getElementById("controls");
    form.addEventListener("submit", (event) => event.preventDefault());
    if (several) {
      const set = element("fieldset", {}, element("legend", {}, series));
      for (const value of values[series]) {
        const box = element("input", { type: "checkbox", checked: "" });
        box.addEventListener("change", () => { state.off[box.checked ? "delete" : "add"](value); drawAll(); });
        set.append(element("label", {}, box, swatch(values[series].indexOf(value)), title(series, value)));
      }
      form.append(set);
    }
    for (const name of varying.slice(1)) {
      const options = values[name].map((value) => [value, title(name, value)]);
      form.append(choice(name, name, options, state.picked[name], (text) => { state.picked[name] = values[name].find((value) => String(value) === text); }));
    }
    const others = curves.flatMap((curve) => curve.lines.slice(1));
    const metrics = distinct(others.map((line) => line.metric)).map((metric) => [metric, others.find((line) => line.metric === metric).label]);
    if (metrics.length) {
      if (!metrics.some(([metric]) => metric === state.metric)) state.metric = metrics[0][0];
      form.append(choice("metric", "second panel", metrics, state.metric, (text) => { state.metric = text; }));
    }
    form.append(choice("scale", "show", [["change", "change from baseline"], ["value", "values"]], state.scale, (text) => { state.scale = text; }));
    const parts = [["fit", "fitted curve"], ["seeds", "each seed"]].filter(([name]) => has[name]);
    if (!parts.length) return;
    const draws = element("fieldset", {}, element("legend", {}, "draw"));
    for (const [name, text] of parts) {
      const box = element("input", { type: "checkbox", name, ...(state[name] ? { checked: "" } : {}) });
      box.addEventListener("change", () => { state[name] = box.checked; drawAll(); });
      draws.append(element("label", {}, box, text));
    }
    form.append(draws);
  }

  function nameGrids() {
    for (const place of gridPlaces) {
      const names = grids[Number(place.dataset.grid)].curves.map((curve, i) => element("span", {}, swatch(i), curve.title));
      place.before(element("p", { class: "legend" }, ...names));
    }
  }

  async function unpacked(id) {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  async function start() {
    makeControls();
    nameGrids();
    const library = element("script");
    library.textContent = await unpacked("plotly-gz");
    document.head.append(library);
    for (const place of places) {
      draw(place);
      await new Promise((resolve) => setTimeout(resolve)); // the page answers between two figures
    }
    gridPlaces.forEach(drawGrid);
    document.addEventListener("theme", drawAll);
    let width = innerWidth;
    let waiting = 0;
    addEventListener("resize", () => {
      if (innerWidth === width) return; // phones resize when their address bar goes
      width = innerWidth;
      clearTimeout(waiting);
      waiting = setTimeout(drawAll, 100);
    });
    document.documentElement.dataset.drawn = String(places.length);
  }

  start().catch((error) => {
    document.getElementById("no-charts").hidden = false;
    console.warn(`the curves could not be drawn: ${error.message}`);
  });
})();
