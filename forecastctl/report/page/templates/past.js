// What became of earlier forecasts of an airport, and what its newest miss is made of.
function outcomesTable(data) {
  const verdicts = new Map(data.verdicts.map((line) => [line[0], line]));
  const titles = ["Period", "Came true", "Forecast", "Ahead", "Miss", "Farthest ahead", "Ahead", "Miss", "In the 95 %", "Verdict"];
  const lines = [...data.outcomes].reverse().map(([day, y, made]) => {
    const [near, far] = [made[0], made.at(-1)];
    const judged = made.filter(([, , , inside]) => inside !== null);
    const inside = judged.filter(([, , , within]) => within).length;
    return [period(day, data.freq), number(y), ...forecastCells(near, y),
      ...(made.length > 1 ? forecastCells(far, y) : ["", "", ""]),
      judged.length ? `${inside} of ${judged.length}` : "-", verdictCell(verdicts.get(day))];
  });
  return table(titles, lines, [0, 9]);
}

function forecastCells([, lead, mean], y) {
  return [number(mean), String(lead), y > 0 ? `${signed((100 * (mean - y)) / y)} %` : signed(mean - y)];
}

function verdictCell(line) {
  if (!line) return "";
  const sure = isKnown(line[2]) ? tag("small", {}, `${percent(line[2])} confidence`) : null;
  return [tag("span", { title: line[4] }, line[1]), sure];
}

// Earlier forecasts as lines, one for each cutoff, over what came true.
function outcomesChart(data, width) {
  const paths = new Map();
  for (const [day, , made] of data.outcomes) {
    for (const [cutoff, , mean] of made) paths.set(cutoff, [...(paths.get(cutoff) ?? []), [Date.parse(day), mean]]);
  }
  const days = data.outcomes.map(([day]) => Date.parse(day)).sort((a, b) => a - b);
  if (days.length < 2) return null;
  const values = data.outcomes.flatMap(([, y, made]) => [y, ...made.map(([, , mean]) => mean)]);
  const low = Math.min(...values), high = Math.max(...values), room = 0.08 * (high - low || high || 1);
  const height = Math.round(Math.min(Math.max(width * 0.3, 200), 300));
  const label = `${data.airport}: what came true, and the earlier forecasts of it`;
  const chart = frame(width, height, label, { x: [days[0], days.at(-1)], y: [Math.max(low - room, 0), high + room] });
  timeTicks(chart, days, data.freq, width);
  const known = new Map(data.history.ds.map((day, index) => [Date.parse(day), data.history.y[index]]));
  for (const [cutoff, made] of [...paths].sort()) {
    const from = Date.parse(cutoff);
    const join = known.has(from) && from >= days[0] ? [[from, known.get(from)]] : [];
    const points = [...join, ...made.sort((a, b) => a[0] - b[0])];
    const line = svg("path", { class: "earlier", d: linePath(points.map(([day, y]) => [chart.x(day), chart.y(y)])) });
    line.append(svg("title", {}, `forecast with data until ${period(cutoff, data.freq)}`));
    chart.drawing.append(line);
  }
  const seen = data.outcomes.map(([day, y]) => [Date.parse(day), y]).sort((a, b) => a[0] - b[0]);
  chart.drawing.append(svg("path", { class: "seen", d: linePath(seen.map(([day, y]) => [chart.x(day), chart.y(y)])) }));
  return chart;
}

// The parts of the newest miss: bars to the left and right of zero that add up to it.
function partsChart(data, width) {
  const parts = data.miss.parts.filter(([, value]) => isKnown(value));
  const most = Math.max(...parts.map(([, value]) => Math.abs(value)), 1e-9);
  const names = Math.min(190, width * 0.42), room = 84, row = 28;
  const middle = names + room + (width - names - 2 * room) / 2, half = (width - names - 2 * room) / 2;
  const label = `Parts of the miss: ${parts.map(([name, value]) => `${name} ${signed(value)}`).join(", ")}`;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${row * parts.length + 6}`, role: "img", "aria-label": label });
  parts.forEach(([name, value, evidence], index) => {
    const y = index * row + row / 2 + 3, length = (half * Math.abs(value)) / most;
    const x = value < 0 ? middle - length : middle;
    const end = value < 0 ? x - 6 : x + length + 6;
    drawing.append(
      svg("text", { class: "name", x: 0, y: y + 4 }, name),
      svg("rect", { class: value < 0 ? "part low" : "part", x, y: y - 8, width: Math.max(length, 1), height: 16 }, svg("title", {}, evidence)),
      svg("text", { class: "name", x: end, y: y + 4, "text-anchor": value < 0 ? "end" : "start" }, signed(value)),
    );
  });
  drawing.append(svg("line", { class: "axis", x1: middle, x2: middle, y1: 0, y2: row * parts.length + 6 }));
  return { drawing };
}
