// Elements. Text is only ever set as text, so that a name is never read as markup.
const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const tag = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children);
const svg = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);
const byId = (id) => document.getElementById(id);

function status(name) {
  return tag("span", { class: `status ${name}` }, name.replaceAll("-", " "));
}

// Data come as a script, because a page that is opened from disk may load nothing else.
const forecastctl = {};
window.forecastctl = forecastctl;

function load(file, name, arrived, missing) {
  let value = null;
  forecastctl[name] = (given) => { value = given; };
  const script = tag("script", { src: file });
  script.addEventListener("error", missing);
  script.addEventListener("load", () => {
    script.remove();
    if (value === null) missing(); // a server may answer with a page of its own
    else arrived(value);
  });
  document.head.append(script);
}

// "3 days ago" is true when the page is read, not when it was written.
function tellAges() {
  for (const time of document.querySelectorAll("time[data-ms]")) {
    const text = ago(Number(time.dataset.ms));
    if (text) time.after(` (${text})`);
  }
}
