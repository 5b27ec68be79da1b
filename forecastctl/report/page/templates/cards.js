// The airports as small charts of one size, side by side.
function card(row, cell) {
  const miss = cell(row, "miss_percent"), change = cell(row, "change");
  return tag("li", {},
    tag("a", { href: `airport.html#${cell(row, "key")}` }, cell(row, "airport")),
    spark(cell(row, "spark"), cell(row, "ahead"), cell(row, "begins")),
    tag("p", {}, status(cell(row, "status")), isKnown(cell(row, "next")) ? tag("span", {}, number(cell(row, "next"))) : null),
    tag("p", {}, isKnown(change) ? tag("span", {}, `${signed(change)} % on before`) : null,
      miss === null ? null : tag("span", { class: cell(row, "outside") ? "outside" : "" }, `missed ${signed(miss)} %`)));
}
