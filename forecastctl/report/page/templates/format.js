// Numbers and periods as forecastctl/figures.py writes them.
const UNITS = [[1e12, "tn"], [1e9, "bn"], [1e6, "M"], [1e3, "k"]];
const WHOLE_FROM = 100, HUGE = 1e15;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December"];
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0, roundingMode: "halfEven" });

const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

function general(value, digits) {
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < digits) return String(Number(value.toPrecision(digits)));
  return `${Number(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

const signless = (text) => (/[^-0.]/.test(text) ? text : text.replace(/^-+/, ""));

function number(value) {
  if (!isKnown(value)) return "-";
  if (Math.abs(value) >= HUGE) return general(value, 3);
  return signless(Math.abs(value) >= WHOLE_FROM ? whole.format(value) : general(value, 3));
}

function signed(value) {
  const text = number(value);
  return value > 0 && text !== "-" && text !== "0" ? `+${text}` : text;
}

function short(value, digits = 3) {
  if (!isKnown(value)) return "-";
  const rounded = Number(value.toPrecision(digits));
  if (Math.abs(rounded) >= HUGE) return general(rounded, digits);
  const unit = UNITS.find(([size]) => Math.abs(rounded) >= size);
  return unit ? `${general(rounded / unit[0], digits)}${unit[1]}` : signless(general(rounded, digits));
}

function percent(share) {
  if (!isKnown(share)) return "-";
  const value = 100 * share, text = whole.format(value);
  if (!["0", "100", "-0", "-100"].includes(text) || share === 0 || share === 1) return `${signless(text)} %`;
  const finer = value.toFixed(1);
  if (finer === "100.0" && share < 1) return "over 99.9 %";
  return Math.abs(Number(finer)) === 0 ? "under 0.1 %" : `${signless(finer)} %`;
}

function period(date, freq) {
  const [year, month] = date.split("-");
  if (freq.startsWith("M")) return `${MONTHS[month - 1]} ${year}`;
  if (freq.startsWith("Q")) return `Q${Math.floor((Number(month) + 2) / 3)} ${year}`;
  return date;
}

function shortPeriod(date, freq) {
  return freq.startsWith("M") ? `${MONTHS[date.slice(5, 7) - 1].slice(0, 3)} ${date.slice(0, 4)}` : period(date, freq);
}

function ago(ms) {
  const days = Math.floor((Date.now() - ms) / 86_400_000);
  if (days < 0) return "";
  return days === 0 ? "today" : days === 1 ? "yesterday" : `${whole.format(days)} days ago`;
}
