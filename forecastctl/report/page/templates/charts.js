// Charts as SVG, drawn to the width that they have, so that their text keeps its size.
const CHART = { left: 58, right: 14, top: 22, bottom: 26 };

function ticks(low, high, about) {
  const raw = (high - low) / Math.max(about, 1) || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) {
    found.push(Math.abs(value) < step * 1e-6 ? 0 : value);
  }
  return found;
}

function frame(width, height, label, range) {
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const inner = { x0: CHART.left, x1: width - CHART.right, y0: height - CHART.bottom, y1: CHART.top };
  const scale = (from, to, a, b) => (value) => a + ((value - from) / (to - from || 1)) * (b - a);
  const x = scale(range.x[0], range.x[1], inner.x0, inner.x1);
  const y = scale(range.y[0], range.y[1], inner.y0, inner.y1);
  for (const value of ticks(range.y[0], range.y[1], height / 55)) {
    drawing.append(
      svg("line", { class: "grid", x1: inner.x0, x2: inner.x1, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: inner.x0 - 8, y: y(value) + 4, "text-anchor": "end" }, short(value, 6)),
    );
  }
  drawing.append(svg("line", { class: "axis", x1: inner.x0, x2: inner.x1, y1: inner.y0, y2: inner.y0 }));
  return { drawing, x, y, inner };
}

function xTick(chart, at, text) {
  chart.drawing.append(
    svg("line", { class: "axis", x1: at, x2: at, y1: chart.inner.y0, y2: chart.inner.y0 + 4 }),
    svg("text", { class: "tick", x: at, y: chart.inner.y0 + 18, "text-anchor": "middle" }, text),
  );
}

function linePath(points) {
  let path = "", open = false;
  points.forEach(([x, y], index) => {
    const lone = !open && (points[index + 1]?.[1] ?? null) === null;
    if (y !== null) path += `${open ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}${lone ? "h1" : ""}`;
    open = y !== null;
  });
  return path;
}

function band(chart, xs, low, high, name) {
  const bottom = chart.inner.y1;
  const point = (value, index) => `${xs[index].toFixed(1)} ${Math.max(chart.y(value), bottom).toFixed(1)}`;
  const up = high.map(point), down = low.map(point).reverse();
  chart.drawing.append(svg("path", { class: name, d: `M${[...up, ...down].join("L")}Z` }));
}

// Years, or months where few years are shown; as many as there is room for.
function timeTicks(chart, days, freq, width) {
  const years = (days.at(-1) - days[0]) / 31_557_600_000;
  const room = Math.max(Math.floor(width / 70), 2);
  const months = years > room ? 12 * Math.ceil(years / room) : years > room / 4 ? 12
    : Math.max(1, 3 * Math.round((12 * years) / room / 3));
  const begin = new Date(days[0]);
  for (let month = 12 * begin.getUTCFullYear(); ; month += months) {
    const day = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (day > days.at(-1)) break;
    if (day < days[0]) continue;
    const text = month % 12 === 0 ? String(month / 12) : MONTHS[month % 12].slice(0, 3);
    xTick(chart, chart.x(day), text);
  }
}

// The history and the fan; `shown` periods of history before the forecast, or all of it.
function historyChart(data, width, shown) {
  const { history: seen, fan, freq } = data;
  const height = Math.round(Math.min(Math.max(width * 0.4, 230), 400));
  const known = new Map(seen.ds.map((date, index) => [Date.parse(date), seen.y[index]]));
  const ahead = fan ? fan.ds.map((date) => Date.parse(date)) : [];
  const cut = fan ? Date.parse(fan.cutoff) : Infinity;
  const before = [...known.keys()].filter((day) => day <= cut).slice(-shown);
  const after = [...known.keys()].filter((day) => day > cut);
  const days = [...new Set([...before, ...after, ...ahead])].sort((a, b) => a - b);
  if (!days.length) return null;
  const lines = [...days.map((day) => known.get(day) ?? 0), ...(fan ? fan.mean : [])];
  const ends = fan ? fan.bands.flatMap(([, , high]) => high) : [];
  const top = readableTop(Math.max(...lines), Math.max(...lines, ...ends));
  const label = `${data.airport}: what came true${fan ? " and the forecast with its intervals" : ""}`;
  const chart = frame(width, height, label, { x: [days[0], days.at(-1)], y: [0, (top || 1) * 1.03] });
  timeTicks(chart, days, freq, width);
  if (fan) {
    const xs = ahead.map(chart.x);
    fan.bands.forEach(([, low, high], index) => band(chart, xs, low, high, `band band${index}`));
    const beyond = fan.bands.filter(([, , high]) => Math.max(...high) > top * 1.03);
    if (beyond.length) {
      const said = beyond.map(([level, , high]) => `${level} % up to ${short(Math.max(...high))}`).reverse();
      const text = width < 480 ? said.at(-1) : `beyond the chart: ${said.join(", ")}`;
      chart.drawing.append(svg("text", { class: "beyond", x: chart.inner.x1, y: CHART.top - 8, "text-anchor": "end" }, text));
    }
    chart.drawing.append(svg("line", { class: "cutoff", x1: chart.x(cut), x2: chart.x(cut), y1: chart.inner.y1, y2: chart.inner.y0 }));
    const join = known.has(cut) && cut >= days[0] ? [[chart.x(cut), chart.y(known.get(cut))]] : [];
    chart.drawing.append(svg("path", { class: "ahead", d: linePath([...join, ...ahead.map((day, i) => [chart.x(day), chart.y(fan.mean[i])])]) }));
  }
  const gaps = withGaps([...before, ...after]);
  chart.drawing.append(svg("path", { class: "seen", d: linePath(gaps.map((day) => [chart.x(day ?? 0), day === null ? null : chart.y(known.get(day))])) }));
  return { ...chart, days, known, height };
}

// A null where more time passes than from most periods to the next: there is a hole.
function withGaps(days) {
  const steps = days.slice(1).map((day, index) => day - days[index]).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  return days.flatMap((day, index) => (index && day - days[index - 1] > 1.5 * usual ? [null, day] : [day]));
}

// As forecastctl/viz/style.py: an interval does not make the history unreadable.
const DWARFING = 2.5, DWARFED = 1.4;
const readableTop = (lines, bands) => (bands <= DWARFING * lines || lines <= 0 ? bands : lines * DWARFED);

// Errors of the backtest by lead: a dot for each fold, a bar for their mean size.
function leadChart(data, width) {
  const leads = Math.max(0, ...data.errors.map((fold) => fold.length));
  if (!leads) return null;
  const by = Array.from({ length: leads }, (_, lead) => data.errors.map((fold) => fold[lead]).filter(isKnown));
  const all = by.flat(), means = by.map((errors) => errors.reduce((sum, e) => sum + Math.abs(e), 0) / Math.max(errors.length, 1));
  const range = { x: [0.4, leads + 0.6], y: [Math.min(0, ...all) * 1.08, Math.max(0, ...all, ...means) * 1.08 || 1] };
  const chart = frame(width, 240, `${data.airport}: errors of the backtest by lead`, range);
  const step = Math.ceil(leads / Math.max(Math.floor(width / 34), 1));
  by.forEach((errors, index) => {
    const x = chart.x(index + 1), half = Math.min((chart.x(1) - chart.x(0)) * 0.36, 22);
    chart.drawing.append(svg("rect", { class: "bar", x: x - half, width: 2 * half, y: chart.y(means[index]), height: Math.max(chart.y(0) - chart.y(means[index]), 0) }));
    errors.forEach((error) => chart.drawing.append(svg("circle", { class: "dot", cx: x, cy: chart.y(error), r: 3 },
      svg("title", {}, `${index + 1} ahead: ${signed(error)}`))));
    if (index % step === 0) xTick(chart, x, String(index + 1));
  });
  chart.drawing.append(svg("line", { class: "zero", x1: chart.inner.x0, x2: chart.inner.x1, y1: chart.y(0), y2: chart.y(0) }));
  return chart;
}

// Loss of each trial and the best so far; what is far worse than the rest stands at the top edge.
function trialChart(data, width) {
  const scored = data.trials.filter((trial) => isKnown(trial[3]));
  if (!scored.length) return null;
  const losses = scored.map((trial) => trial[3]).sort((a, b) => a - b);
  const limit = Math.max(losses[0] * 3, losses[Math.floor(losses.length / 2)] * 1.6, data.baseline_loss ?? 0);
  const top = Math.min(losses.at(-1), limit) || 1;
  const low = losses[0] - (top - losses[0]) * 0.15;
  const range = { x: [-0.5, Math.max(...data.trials.map((t) => t[0])) + 0.5], y: [Math.max(low, 0), top * 1.04] };
  const chart = frame(width, 240, `${data.airport}: loss of each trial`, range);
  const base = data.baseline_loss;
  if (isKnown(base) && base <= range.y[1]) {
    chart.drawing.append(svg("line", { class: "baseline", x1: chart.inner.x0, x2: chart.inner.x1, y1: chart.y(base), y2: chart.y(base) }),
      svg("text", { class: "tick", x: chart.inner.x1, y: chart.y(base) - 5, "text-anchor": "end" }, "seasonal naive"));
  }
  let best = Infinity, path = "";
  for (const [place, model, state, loss, reason, weight] of data.trials) {
    const x = chart.x(place), far = !isKnown(loss) || loss > range.y[1];
    const y = far ? chart.inner.y1 : chart.y(loss);
    if (state === "ok" && isKnown(loss) && loss < best) {
      path += path ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}`;
      best = loss;
    }
    const said = `trial ${place}: ${model}, ${isKnown(loss) ? number(loss) : state}${reason ? `, ${reason}` : ""}`;
    const mark = far ? svg("path", { class: "far", d: `M${x - 4} ${y + 3}l4 -6l4 6z` })
      : svg("circle", { class: weight === null ? "trial" : "trial member", cx: x, cy: y, r: 4 });
    mark.append(svg("title", {}, said));
    chart.drawing.append(mark);
  }
  if (path) chart.drawing.prepend(svg("path", { class: "best", d: `${path}H${chart.inner.x1}` }));
  const step = Math.ceil(data.trials.length / Math.max(Math.floor(width / 40), 1));
  data.trials.forEach(([place], index) => { if (index % step === 0) xTick(chart, chart.x(place), String(place)); });
  return chart;
}
