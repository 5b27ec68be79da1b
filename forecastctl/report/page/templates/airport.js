// The page of one airport, whose data are loaded by the digest in the address.
let data = null, allShown = false;
const SEASONS_SHOWN = 8;

function show() {
  document.title = `${data.airport}: forecast`;
  byId("name").textContent = data.airport;
  byId("state").replaceChildren(status(data.status), data.reason ? ` ${data.reason}` : "");
  byId("model").textContent = data.model ?? "none";
  byId("tiles").replaceChildren(...tiles());
  miss();
  outcomes();
  forecastTable();
  trialTable();
  record();
  byId("content").hidden = false;
  byId("loading").hidden = true;
  drawAll();
}

function tile(name, value, note) {
  return tag("div", {}, tag("dt", {}, name), tag("dd", {}, value), note ? tag("dd", { class: "note" }, note) : null);
}

function tiles() {
  const { history: seen, fan, freq } = data, found = [];
  if (seen.ds.length) found.push(tile("Last actual", number(seen.y.at(-1)), period(seen.ds.at(-1), freq)));
  if (fan) {
    const [level, low, high] = fan.bands[0] ?? [];
    const ends = level ? `, ${level} % interval ${number(low[0])} to ${number(high[0])}` : "";
    found.push(tile("Next forecast", number(fan.mean[0]), `${period(fan.ds[0], freq)}${ends}`));
    const total = fan.mean.reduce((sum, value) => sum + value, 0);
    found.push(tile(`Sum of ${fan.mean.length} periods`, number(total), `${period(fan.ds[0], freq)} to ${period(fan.ds.at(-1), freq)}`));
  }
  if (isKnown(data.loss)) {
    const base = data.baseline_loss;
    const name = data.loss_name ? ` (${data.loss_name})` : "";
    found.push(tile(`Backtest error${name}`, number(data.loss), isKnown(base) ? `seasonal naive ${number(base)}` : ""));
  }
  return found;
}

function miss() {
  const { miss: newest, freq } = data;
  byId("miss").hidden = !newest;
  if (!newest) return;
  byId("miss-title").textContent = `The newest month that came true: ${period(newest.date, freq)}`.replace("month", freq.startsWith("M") ? "month" : "period");
  const sure = isKnown(newest.confidence) ? ` ${percent(newest.confidence)} confidence` : "";
  byId("verdict").replaceChildren(...(newest.label
    ? [tag("strong", { class: newest.outside ? "outside" : "" }, newest.label), tag("span", {}, sure)] : []));
  byId("sentence").textContent = newest.sentence;
  byId("parts").hidden = !newest.parts.length;
  byId("in-full").hidden = !newest.page;
  if (newest.page) byId("in-full").replaceChildren(tag("a", { href: newest.page }, "Explained in full, with its charts and evidence"));
}

function outcomes() {
  byId("outcomes").hidden = !data.outcomes.length;
  byId("all-outcomes").replaceChildren(outcomesTable(data));
}

function forecastTable() {
  const { fan, history: seen, freq } = data;
  byId("numbers").hidden = !fan;
  if (!fan) return;
  const known = new Map(seen.ds.map((date, index) => [date, seen.y[index]]));
  const anyKnown = fan.ds.some((date) => known.has(date));
  const levels = [...fan.bands].reverse();
  const titles = ["Period", "Forecast", ...levels.map(([level]) => `${level} % interval`), ...(anyKnown ? ["Came true", "Miss"] : [])];
  const lines = fan.ds.map((date, i) => {
    const actual = known.get(date) ?? null;
    return [period(date, freq), number(fan.mean[i]), ...levels.map(([, low, high]) => `${number(low[i])} to ${number(high[i])}`),
      ...(anyKnown ? [number(actual), actual === null ? "-" : signed(fan.mean[i] - actual)] : [])];
  });
  byId("forecasts").replaceChildren(table(titles, lines));
}

function table(titles, lines, texts = [0]) {
  const kind = (index) => (texts.includes(index) ? "text" : "n");
  return tag("table", { class: "some" },
    tag("thead", {}, tag("tr", {}, titles.map((title, i) => tag("th", { scope: "col", class: kind(i) }, title)))),
    tag("tbody", {}, lines.map((line) => tag("tr", {}, line.map((text, i) =>
      tag(i ? "td" : "th", { scope: i ? null : "row", class: kind(i), "data-column": titles[i] }, text))))));
}

function trialTable() {
  byId("trials").hidden = !data.trials.length;
  byId("errors").hidden = !data.errors.length;
  const worst = Infinity;
  const order = [...data.trials].sort((a, b) => (a[3] ?? worst) - (b[3] ?? worst) || a[0] - b[0]);
  const lines = order.map(([place, model, state, loss, reason, weight]) => [String(place), model, isKnown(loss) ? number(loss) : "-",
    weight === null ? "" : percent(weight), reason ? `${state}: ${reason}` : state]);
  byId("all-trials").replaceChildren(table(["Trial", "Model", "Loss", "Weight", "Status"], lines, [0, 1, 4]));
}

function run(id, url) {
  return url && /^https?:/.test(url) ? tag("a", { href: url, rel: "noreferrer" }, id) : tag("code", {}, id);
}

function record() {
  const lines = [["Job", tag("code", {}, data.job)]];
  if (data.run) lines.push(["Run", run(data.run, data.url)]);
  if (data.search_run && data.search_run !== data.run) lines.push(["Search", tag("code", {}, data.search_run)]);
  if (data.fan) lines.push(["Known until", period(data.fan.cutoff, data.freq)]);
  byId("record").replaceChildren(...lines.flatMap(([name, value]) => [tag("dt", {}, name), tag("dd", {}, value)]));
  byId("commands").replaceChildren(...data.commands.flatMap(([what, command]) =>
    [tag("p", {}, what), tag("pre", { tabindex: "0" }, tag("code", {}, command))]));
}

function drawAll() {
  if (!data) return;
  drawHistory();
  const charts = [["lead-chart", leadChart], ["trial-chart", trialChart], ["outcome-chart", outcomesChart], ["parts-chart", partsChart]];
  for (const [id, drawn] of charts) {
    const place = byId(id), chart = place.closest("[hidden]") ? null : drawn(data, place.clientWidth || 520);
    place.replaceChildren(...(chart ? [chart.drawing] : []));
  }
}

function drawHistory() {
  const place = byId("history-chart"), shown = SEASONS_SHOWN * data.season_length;
  const chart = historyChart(data, place.clientWidth || 1000, allShown ? Infinity : shown);
  byId("history").hidden = !chart;
  byId("all").hidden = data.history.ds.length <= shown;
  byId("all").setAttribute("aria-pressed", String(allShown));
  place.replaceChildren(...(chart ? [chart.drawing] : []));
  if (chart) point(chart);
}

// What the chart says at the pointer.
function point(chart) {
  const said = byId("said"), usual = said.dataset.usual;
  const ruler = svg("line", { class: "ruler", y1: chart.inner.y1, y2: chart.inner.y0, x1: -9, x2: -9 });
  chart.drawing.append(ruler);
  const ahead = new Map((data.fan?.ds ?? []).map((date, index) => [Date.parse(date), index]));
  chart.drawing.addEventListener("pointermove", (event) => {
    const box = chart.drawing.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.drawing.viewBox.baseVal.width;
    const day = chart.days.reduce((a, b) => (Math.abs(chart.x(b) - x) < Math.abs(chart.x(a) - x) ? b : a));
    ruler.setAttribute("x1", chart.x(day));
    ruler.setAttribute("x2", chart.x(day));
    said.textContent = saidAt(new Date(day).toISOString().slice(0, 10), chart.known.get(day), ahead.get(day));
  });
  chart.drawing.addEventListener("pointerleave", () => {
    said.textContent = usual;
    ruler.setAttribute("x1", -9);
    ruler.setAttribute("x2", -9);
  });
}

function saidAt(date, actual, index) {
  const parts = [];
  if (isKnown(actual)) parts.push(`${number(actual)} came true`);
  if (index !== undefined) {
    parts.push(`${number(data.fan.mean[index])} forecast`);
    for (const [level, low, high] of data.fan.bands) parts.push(`${level} %: ${number(low[index])} to ${number(high[index])}`);
  }
  return `${period(date, data.freq)}: ${parts.join(", ")}`;
}

function fetchAirport() {
  const key = location.hash.slice(1);
  const missing = () => {
    byId("content").hidden = true;
    byId("loading").hidden = false;
    byId("loading").textContent = byId("loading").dataset.missing;
  };
  if (!/^[0-9a-f]{16}$/.test(key)) {
    missing();
    return;
  }
  load(`data/airports/${key}.js`, "airport", (value) => { data = value; show(); }, missing);
}

byId("all").addEventListener("click", () => { allShown = !allShown; drawHistory(); });
let drawnAt = 0;
new ResizeObserver(() => {
  if (window.innerWidth !== drawnAt) {
    drawnAt = window.innerWidth;
    drawAll();
  }
}).observe(document.body);
window.addEventListener("hashchange", fetchAirport);
fetchAirport();
