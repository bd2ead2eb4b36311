// Draws rasters, rates, stages and weights of the night that is chosen. Everything is in the page:
// what is drawn is in the element "drawn": nights, as night_sections.py and spike_panels.py make
// them, and scatters, as study_page.py does.
"use strict";
(() => {
  const { nights, scatters } = JSON.parse(document.getElementById("drawn").textContent);
  const COLOURS = ["--quiet", "--accent", "--second", "--third", "--fourth", "--fifth"];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const rasters = document.getElementById("rasters");
  const histograms = document.getElementById("histograms");
  let shown = null; // {charts: of time, others, end: of the night, view: [from, to] in ms}
  let turn = 0; // counts choices: what an earlier one unpacks late is not drawn

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function element(parent, tag, className, text) {
    const made = parent.appendChild(document.createElement(tag));
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint32Array(await new Response(stream).arrayBuffer());
  }

  const axis = (label, more) => ({
    stroke: () => colour("--quiet"), label, labelSize: 18, font: "12px system-ui", labelFont: "12px system-ui",
    grid: { stroke: () => colour("--line"), width: 1 }, ticks: { stroke: () => colour("--line"), width: 1 }, ...more,
  });

  function figure(parent, caption) {
    const made = element(parent, "figure", "chart");
    const words = element(made, "figcaption", "", caption);
    const output = element(words, "output");
    return { figure: made, output, plot: element(made, "div", "plot") };
  }

  // A chart as wide as its place; `options` are those of uPlot.
  function chart(place, options, data) {
    const width = () => Math.max(220, place.clientWidth);
    const made = new uPlot({ width: width(), ...options }, data, place);
    new ResizeObserver(() => {
      if (made.width !== width()) made.setSize({ width: width(), height: made.height });
    }).observe(place);
    return made;
  }

  // ---------------------------------------------------------------- time

  function look(from, to) {
    const length = Math.min(Math.max(to - from, shown.shortest), shown.end);
    from = Math.min(Math.max(from, 0), shown.end - length);
    shown.view = [from, from + length];
    for (const one of shown.charts) one.setScale("x", { min: from, max: from + length });
  }

  function zoom(factor, middle) {
    const [from, to] = shown.view;
    middle = middle === undefined ? (from + to) / 2 : middle;
    look(middle - (middle - from) * factor, middle + (to - middle) * factor);
  }

  function move(part) {
    const [from, to] = shown.view;
    look(from + part * (to - from), to + part * (to - from));
  }

  function all() {
    for (const one of shown.charts) if (one.rows) one.setScale("y", { min: -0.5, max: one.rows - 0.5 });
    look(0, shown.end);
  }

  function key(event) {
    const does = {
      ArrowLeft: () => move(-0.1), ArrowRight: () => move(0.1), PageUp: () => move(-0.9), PageDown: () => move(0.9),
      "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), "0": all, Home: all,
    }[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    does();
  }

  // Zoom and move by mouse and finger; uPlot itself selects a part by dragging.
  function gestures(made) {
    const over = made.over;
    let held = null;
    over.addEventListener("wheel", (event) => {
      event.preventDefault();
      const left = event.clientX - over.getBoundingClientRect().left;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move(event.deltaX / over.clientWidth);
      else zoom(event.deltaY < 0 ? 0.8 : 1.25, made.posToVal(left, "x"));
    }, { passive: false });
    over.addEventListener("mousedown", (event) => { // before uPlot selects
      if (!event.shiftKey) return;
      event.stopImmediatePropagation();
      held = event.clientX;
    }, true);
    over.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      held = event.clientX;
      over.setPointerCapture(event.pointerId);
    });
    over.addEventListener("pointermove", (event) => {
      if (held === null) return;
      const part = (held - event.clientX) / over.clientWidth;
      held = event.clientX;
      move(part);
    });
    for (const end of ["pointerup", "pointercancel"]) over.addEventListener(end, () => { held = null; });
  }

  function selected(made) {
    const { left, top, width, height } = made.select;
    if (made.rows && height > 8 && height < made.over.clientHeight)
      made.setScale("y", { min: made.posToVal(top + height, "y"), max: made.posToVal(top, "y") });
    if (width > 8) look(made.posToVal(left, "x"), made.posToVal(left + width, "x"));
    made.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  const timeOptions = (height, label, hooks, more) => ({
    height, legend: { show: false }, scales: { x: { time: false }, ...more.scales },
    axes: [axis("time, ms", { size: 34 }), axis(label, { size: 56, ...(more.rows ? { grid: { show: false } } : {}) })],
    cursor: { drag: { x: true, y: !!more.rows, uni: 20, setScale: false }, sync: { key: "time" }, points: { show: false }, bind: { dblclick: () => () => { all(); } } },
    series: more.series, hooks: { setSelect: [selected], ...hooks },
  });

  // ---------------------------------------------------------------- rasters

  // Dots are set in an image of the plot's own size: with 100,000 spikes this is some ten times as
  // quick as to fill a rectangle for each.
  function drawDots(made, spikes, canvas) {
    const { left, top, width, height } = made.bbox;
    const w = Math.round(width), h = Math.round(height);
    if (w < 1 || h < 1) return;
    const { min: from, max: to } = made.scales.x, { min: low, max: high } = made.scales.y;
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; canvas.pixels = null; }
    const context = canvas.getContext("2d");
    canvas.pixels = canvas.pixels || context.createImageData(w, h);
    const pixels = new Uint32Array(canvas.pixels.data.buffer);
    pixels.fill(0);
    const ratio = devicePixelRatio || 1;
    const scaleX = w / (to - from), scaleY = h / (high - low);
    const clamp = (pixels, least) => Math.round(Math.min(Math.max(pixels, least * ratio), 4 * ratio));
    const wide = clamp(0.6 * scaleX * spikes.dt, 1), tall = clamp(scaleY, 1.6);
    const dot = rgba(colour("--dot"));
    const first = Math.max(0, Math.floor(from / spikes.dt) - 1);
    const last = Math.min(spikes.counts.length, Math.ceil(to / spikes.dt) + 2);
    for (let step = first; step < last; step++) {
      const x0 = Math.round((step * spikes.dt - from) * scaleX - wide / 2);
      const start = Math.max(x0, 0), x1 = Math.min(x0 + wide, w);
      if (start >= x1) continue;
      for (let k = spikes.offsets[step]; k < spikes.offsets[step + 1]; k++) {
        const y0 = Math.round(h - (spikes.neurons[k] - low) * scaleY - tall / 2);
        const y1 = Math.min(y0 + tall, h);
        for (let y = Math.max(y0, 0); y < y1; y++) pixels.fill(dot, y * w + start, y * w + x1);
      }
    }
    context.putImageData(canvas.pixels, 0, 0);
    made.ctx.drawImage(canvas, left, top);
  }

  // A colour, "#rrggbb", as a pixel of an image (little-endian, as all browsers' machines are).
  function rgba(text) {
    const value = parseInt(text.slice(1), 16);
    return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
  }

  function nearest(made, spikes) {
    const { left, top } = made.cursor;
    if (left < 0) return null;
    const reach = 6;
    const time = made.posToVal(left, "x"), neuron = made.posToVal(top, "y");
    const perX = (made.scales.x.max - made.scales.x.min) / made.over.clientWidth;
    const perY = (made.scales.y.max - made.scales.y.min) / made.over.clientHeight;
    const first = Math.max(0, Math.ceil((time - reach * perX) / spikes.dt));
    const last = Math.min(spikes.counts.length - 1, Math.floor((time + reach * perX) / spikes.dt));
    let best = null, least = reach * reach;
    for (let step = first; step <= last; step++)
      for (let k = spikes.offsets[step]; k < spikes.offsets[step + 1]; k++) {
        const distance = ((step * spikes.dt - time) / perX) ** 2 + ((spikes.neurons[k] - neuron) / perY) ** 2;
        if (distance < least) { least = distance; best = { step, neuron: spikes.neurons[k] }; }
      }
    return best;
  }

  // Up states, behind what is drawn.
  function shadeUp(made, up) {
    const { left, top, width, height } = made.bbox, context = made.ctx;
    context.save();
    context.fillStyle = `${colour("--before")}55`;
    for (const [from, to] of up) {
      const x0 = Math.max(made.valToPos(from, "x", true), left);
      const x1 = Math.min(made.valToPos(to, "x", true), left + width);
      if (x1 > x0) context.fillRect(x0, top, x1 - x0, height);
    }
    context.restore();
  }

  function raster(panel, spikes, up, end) {
    const drawn = panel.n_shown < panel.n_neurons ? `; drawn: ${panel.n_shown.toLocaleString("en")} of the neurons, by chance` : "";
    const caption = `${panel.label}: ${panel.n_neurons.toLocaleString("en")} neurons, ${panel.n_spikes.toLocaleString("en")} spikes, ${panel.rate.toPrecision(3)} Hz${drawn} `;
    const { figure: box, output, plot } = figure(rasters, caption);
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", `Raster of ${panel.label}: arrows move, plus and minus zoom, 0 shows all`);
    plot.addEventListener("keydown", key);
    const canvas = document.createElement("canvas");
    const height = 70 + Math.round(Math.min(Math.max(2.5 * panel.n_neurons, 60), 250));
    const made = chart(plot, timeOptions(height, "neuron", {
      drawAxes: [(self) => shadeUp(self, up)],
      draw: [(self) => drawDots(self, spikes, canvas)],
      setCursor: [(self) => {
        const spike = nearest(self, spikes);
        output.textContent = spike ? `${+(spike.step * spikes.dt).toPrecision(9)} ms, neuron ${spike.neuron}` : "";
      }],
    }, { rows: true, scales: { x: { time: false, range: (_, low, high) => [low, high] }, y: { auto: false, range: (_, low, high) => [low, high] } }, series: [{}, { paths: () => null, points: { show: false } }] }),
    [[0, end], [-0.5, panel.n_neurons - 0.5]]);
    made.rows = panel.n_neurons;
    box.dataset.population = panel.label;
    gestures(made);
    return made;
  }

  async function unpacked(panel, dt) {
    const [counts, neurons] = await Promise.all([unpack(panel.counts), unpack(panel.neurons)]);
    const offsets = new Uint32Array(counts.length + 1);
    for (let step = 0; step < counts.length; step++) offsets[step + 1] = offsets[step] + counts[step];
    return { counts, neurons, offsets, dt };
  }

  // ---------------------------------------------------------------- lines

  function rates(night) {
    const { plot } = figure(rasters, "Firing rates, mean over the neurons of each population");
    const series = night.panels.map((panel, k) => ({
      label: `${panel.label}, Hz`, stroke: () => colour(COLOURS[k % COLOURS.length]), width: 1.5, points: { show: false },
      dash: k < COLOURS.length ? undefined : [6, 3], value: (_, value) => (value === null ? "–" : value.toFixed(1)),
    }));
    const most = night.panels.reduce((before, panel) => Math.max(before, ...panel.rates), 1);
    const options = timeOptions(200, "rate, Hz", { drawAxes: [(self) => shadeUp(self, night.up)] }, {
      scales: { x: { time: false, range: (_, low, high) => [low, high] }, y: { range: [0, 1.05 * most] } },
      series: [{ label: "time, ms", value: (_, value) => (value === null ? "–" : value.toFixed(1)) }, ...series],
    });
    options.legend = { show: true };
    const made = chart(plot, options, [night.panels[0].rate_times, ...night.panels.map((one) => one.rates)]);
    gestures(made);
    return made;
  }

  function hypnogram(night) {
    const stages = ["NREM", "REM", "Wake"];
    const { plot } = figure(rasters, "Stages of sleep");
    const times = [], rows = [];
    for (const [name, start, length] of night.segments) {
      times.push(start, start + length);
      rows.push(stages.indexOf(name), stages.indexOf(name));
    }
    const options = timeOptions(130, "", { drawAxes: [(self) => shadeUp(self, night.up)] }, {
      scales: { x: { time: false, range: (_, low, high) => [low, high] }, y: { range: [-0.5, 2.5] } },
      series: [{}, { stroke: () => colour("--accent"), width: 2, points: { show: false } }],
    });
    Object.assign(options.axes[1], { splits: [0, 1, 2], values: () => stages, size: 56 });
    const made = chart(plot, options, [times, rows]);
    gestures(made);
    return made;
  }

  function histogram(one) {
    const { plot } = figure(histograms, one.name);
    const edges = one.edges;
    const steps = (counts) => [...counts, counts[counts.length - 1]].map((count) => (count ? count : null));
    const line = (label, name, more) => ({
      label, stroke: () => colour(name), width: 1.5, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }), ...more,
    });
    return chart(plot, {
      height: 220, legend: { show: true }, cursor: { drag: { setScale: true } },
      scales: { x: { time: false }, y: { distr: 3 } },
      axes: [axis("weight", { size: 34 }), axis("synapses", { size: 64, grid: { show: false } })],
      series: [{ label: "weight" }, line("before", "--before", { fill: () => `${colour("--before")}55` }), line("after", "--accent", {})],
    }, [edges, steps(one.before), steps(one.after)]);
  }

  // ---------------------------------------------------------------- choosing

  async function show(number) {
    const own = ++turn, night = nights[number], end = night.n_steps * night.dt;
    const spikes = await Promise.all(night.panels.map((panel) => unpacked(panel, night.dt)));
    if (own !== turn) return;
    if (shown) for (const one of [...shown.charts, ...shown.others]) one.destroy();
    rasters.replaceChildren();
    histograms.replaceChildren();
    shown = { charts: [], others: [], end, shortest: Math.min(5 * night.dt, end), view: [0, end] };
    if (night.segments.length) shown.charts.push(hypnogram(night));
    night.panels.forEach((panel, k) => {
      if (panel.n_shown) shown.charts.push(raster(panel, spikes[k], night.up, end));
    });
    if (night.panels.length) shown.charts.push(rates(night));
    night.weights.forEach((one) => shown.others.push(histogram(one)));
    all();
  }

  // A parameter that varied, and what accuracy came of it.
  function scatter(one) {
    const { plot } = figure(document.getElementById("scatters"), one.key);
    const data = [one.x, one.y];
    shown.others.push(chart(plot, {
      height: 220, legend: { show: false }, cursor: { drag: { setScale: false } },
      scales: { x: { time: false, distr: one.log ? 3 : 1, range: (_, low, high) => one.log ? [low / 1.3, high * 1.3] : [low - one.margin, high + one.margin] }, y: {} },
      axes: [axis(one.label, { size: 34, ...(one.names ? { splits: one.names.map((_, k) => k), values: () => one.names } : {}) }), axis("accuracy, %", { size: 56 })],
      series: [{}, { paths: () => null, points: { show: true, size: 6, fill: () => colour("--accent"), stroke: () => colour("--accent") } }],
    }, data));
  }

  dark.addEventListener("change", () => {
    if (shown) for (const one of [...shown.charts, ...shown.others]) one.redraw();
  });
  if (scatters) {
    shown = { charts: [], others: [] };
    scatters.forEach(scatter);
  }
  const choice = document.getElementById("night");
  if (!choice) return;
  choice.addEventListener("change", () => show(Number(choice.value)));
  const zooms = { in: () => zoom(0.6), out: () => zoom(1 / 0.6), all };
  for (const button of document.querySelectorAll("button[data-zoom]"))
    button.addEventListener("click", () => zooms[button.dataset.zoom]());
  show(Number(choice.value));
})();
