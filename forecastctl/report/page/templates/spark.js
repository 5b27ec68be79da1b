// The small line of an airport: heights from 0 to 99, null where nothing is known.
const SPARK = { width: 132, height: 30, top: 99 };

function sparkPath(heights, at, step) {
  let path = "", open = false;
  heights.forEach((height, index) => {
    if (height === null) {
      open = false;
      return;
    }
    const x = ((at + index) * step + 2).toFixed(1);
    const y = (SPARK.height - 2 - (height / SPARK.top) * (SPARK.height - 5)).toFixed(1);
    const lone = !open && (heights[index + 1] ?? null) === null;
    path += `${open ? "L" : "M"}${x} ${y}${lone ? "h1" : ""}`;
    open = true;
  });
  return path;
}

function spark(history, ahead, begins) {
  const count = Math.max(history.length, begins + ahead.length);
  const step = (SPARK.width - 4) / Math.max(count - 1, 1);
  const join = history[begins - 1] ?? null;
  const joined = join === null || !ahead.length ? ahead : [join, ...ahead];
  const drawing = svg("svg", {
    class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, "aria-hidden": "true",
  });
  drawing.append(svg("path", { class: "seen", d: sparkPath(history, 0, step) }));
  const from = joined.length > ahead.length ? begins - 1 : begins;
  drawing.append(svg("path", { class: "ahead", d: sparkPath(joined, from, step) }));
  return drawing;
}
