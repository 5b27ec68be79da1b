// The table of all airports: sorted and searched in memory, of which a page of rows is drawn.
const COLUMNS = [
  { key: "airport", title: "Airport", text: true },
  { key: "spark", title: "History and forecast", fixed: true },
  { key: "status", title: "Status", text: true },
  { key: "model", title: "Model", text: true },
  { key: "loss", title: "Backtest error", number: true, ascending: true },
  { key: "last", title: "Last actual", number: true },
  { key: "next", title: "Next forecast", number: true },
  { key: "change", title: "On the season before", number: true },
  { key: "miss", title: "Newest miss", number: true },
];
const STATE = { q: "", status: "", sort: "next", desc: true, page: 0, size: 50, cards: false };
let rows = [], at = {}, found = [];

const fleetOf = () => byId("fleet");
const cell = (row, key) => row[at[key]];
const titleOf = (column) => fleetOf().dataset[column.key] ?? column.title;

function sortValue(row, key) {
  if (key !== "miss") return cell(row, key);
  const miss = cell(row, "miss_percent");
  return miss === null ? null : Math.abs(miss);
}

function compared(a, b) {
  const x = sortValue(a, STATE.sort), y = sortValue(b, STATE.sort);
  const tie = cell(a, "airport") < cell(b, "airport") ? -1 : 1;
  if (x === y) return tie;
  if (x === null || y === null) return x === null ? 1 : -1; // what is not known comes last
  const order = typeof x === "string" ? x.localeCompare(y, "en") : x - y;
  return (STATE.desc ? -order : order) || tie;
}

function refresh(keepPage = false) {
  const words = STATE.q.toLowerCase().split(/\s+/).filter(Boolean);
  found = rows.filter((row) => (!STATE.status || cell(row, "status") === STATE.status)
    && words.every((word) => row.searched.includes(word)));
  found.sort(compared);
  const last = Math.max(Math.ceil(found.length / STATE.size) - 1, 0);
  STATE.page = keepPage ? Math.min(STATE.page, last) : 0;
  draw(last);
  remember();
}

function draw(last) {
  const first = STATE.page * STATE.size;
  const shown = found.slice(first, first + STATE.size);
  byId("rows").replaceChildren(...(STATE.cards ? [] : shown.map(drawnRow)));
  byId("cards").replaceChildren(...(STATE.cards ? shown.map((row) => card(row, cell)) : []));
  fleetOf().hidden = STATE.cards;
  byId("cards").hidden = !STATE.cards;
  byId("as-table").setAttribute("aria-pressed", String(!STATE.cards));
  byId("as-cards").setAttribute("aria-pressed", String(STATE.cards));
  const all = whole.format(rows.length);
  const count = found.length === rows.length ? `${all} airports` : `${whole.format(found.length)} of ${all} airports`;
  byId("count").textContent = found.length ? count : `None of ${all} airports fits.`;
  byId("pager").hidden = last === 0;
  byId("where").textContent = `Page ${STATE.page + 1} of ${last + 1}`;
  byId("previous").disabled = STATE.page === 0;
  byId("next").disabled = STATE.page === last;
  for (const head of document.querySelectorAll("#fleet th[data-key]")) {
    const sorted = head.dataset.key === STATE.sort;
    if (sorted) head.setAttribute("aria-sort", STATE.desc ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  byId("order").value = STATE.sort;
}

function drawnRow(row) {
  const ends = cell(row, "next_lo") === null ? null
    : tag("small", {}, `${number(cell(row, "next_lo"))} to ${number(cell(row, "next_hi"))}`);
  const verdict = cell(row, "verdict");
  const miss = cell(row, "miss_percent");
  const model = cell(row, "model");
  const freq = fleetOf().dataset.freq;
  const parts = {
    airport: [tag("a", { href: `airport.html#${cell(row, "key")}` }, cell(row, "airport"))],
    spark: [spark(cell(row, "spark"), cell(row, "ahead"), cell(row, "begins"))],
    status: [status(cell(row, "status"))],
    model: model ? [tag("span", { class: "model", title: model }, model)] : [],
    loss: [number(cell(row, "loss"))],
    last: dated(cell(row, "last"), cell(row, "last_date"), fleetOf().dataset.usualLast, freq),
    next: [...dated(cell(row, "next"), cell(row, "next_date"), fleetOf().dataset.usualNext, freq), ends],
    change: isKnown(cell(row, "change")) ? [`${signed(cell(row, "change"))} %`] : ["-"],
    miss: miss === null && !verdict ? ["-"]
      : [miss === null ? "" : `${signed(miss)} %`,
        tag("small", cell(row, "outside") ? { class: "outside" } : {}, verdict ?? "")],
  };
  return tag("tr", {}, COLUMNS.map((column) => tag(column.key === "airport" ? "th" : "td", {
    scope: column.key === "airport" ? "row" : null,
    class: column.number ? "n" : `col-${column.key}`,
    "data-column": titleOf(column),
  }, parts[column.key])));
}

// A value, with its period where that is not the one of most airports.
function dated(value, date, usual, freq) {
  const text = number(value);
  return date && date !== usual ? [text, tag("small", {}, shortPeriod(date, freq))] : [text];
}

function heads() {
  const sortable = COLUMNS.filter((column) => !column.fixed);
  byId("heads").replaceChildren(...COLUMNS.map((column) => {
    if (column.fixed) return tag("th", { scope: "col", class: `col-${column.key}` }, column.title);
    const button = tag("button", { type: "button" }, titleOf(column));
    button.addEventListener("click", () => sortBy(column));
    return tag("th", { scope: "col", "data-key": column.key, class: column.number ? "n" : `col-${column.key}` }, button);
  }));
  byId("order").append(...sortable.map((column) => tag("option", { value: column.key }, titleOf(column))));
}

function sortBy(column) {
  const first = !(column.text || column.ascending);
  STATE.desc = STATE.sort === column.key ? !STATE.desc : first;
  STATE.sort = column.key;
  refresh();
}

// The state stands in the address, so that going back from an airport finds the table as it was.
function remember() {
  const state = new URLSearchParams({
    q: STATE.q, status: STATE.status, sort: STATE.sort, desc: STATE.desc ? 1 : 0,
    page: STATE.page, size: STATE.size, cards: STATE.cards ? 1 : 0,
  });
  history.replaceState(null, "", `#?${state}`);
}

function recall() {
  if (!location.hash.startsWith("#?")) return;
  const state = new URLSearchParams(location.hash.slice(2));
  STATE.q = state.get("q") ?? "";
  STATE.status = state.get("status") ?? "";
  if (COLUMNS.some((column) => column.key === state.get("sort") && !column.fixed)) STATE.sort = state.get("sort");
  STATE.desc = state.get("desc") !== "0";
  STATE.cards = state.get("cards") === "1";
  STATE.page = Math.max(Number.parseInt(state.get("page"), 10) || 0, 0);
  STATE.size = [50, 200, 1000].find((size) => String(size) === state.get("size")) ?? 50;
}

function listen() {
  const search = byId("search"), only = byId("only"), order = byId("order"), size = byId("size");
  search.value = STATE.q;
  only.value = STATE.status;
  size.value = STATE.size;
  search.addEventListener("input", () => { STATE.q = search.value; refresh(); });
  only.addEventListener("change", () => { STATE.status = only.value; refresh(); });
  order.addEventListener("change", () => sortBy(COLUMNS.find((column) => column.key === order.value)));
  size.addEventListener("change", () => { STATE.size = Number(size.value); refresh(); });
  for (const [id, cards] of [["as-table", false], ["as-cards", true]]) {
    byId(id).addEventListener("click", () => { STATE.cards = cards; refresh(true); });
  }
  for (const [id, step] of [["previous", -1], ["next", 1]]) {
    byId(id).addEventListener("click", () => { STATE.page += step; refresh(true); });
  }
  for (const button of document.querySelectorAll("button[data-only]")) {
    button.addEventListener("click", () => {
      STATE.status = only.value = button.dataset.only;
      refresh();
      byId("airports").scrollIntoView();
      search.focus({ preventScroll: true });
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    }
  });
}

function arrived(fleet) {
  at = Object.fromEntries(fleet.columns.map((name, index) => [name, index]));
  rows = fleet.rows;
  for (const row of rows) {
    row.searched = ["airport", "status", "model", "verdict"].map((key) => cell(row, key) ?? "").join("\n").toLowerCase();
  }
  recall();
  heads();
  listen();
  byId("tools").hidden = false;
  byId("loading").hidden = true;
  refresh(true);
}

// The page alone, as MLflow shows it: what stands beside it is not there.
function alone() {
  byId("loading").textContent = byId("loading").dataset.alone;
  for (const link of document.querySelectorAll('a[href^="airport.html"]')) link.replaceWith(link.textContent);
  for (const link of document.querySelectorAll('a[href^="explained/"]')) link.remove();
}

tellAges();
load("data/fleet.js", "fleet", arrived, alone);
