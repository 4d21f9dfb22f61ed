// Elements: made, filled, and given their icons and equations.

import { signed } from "./equations.js";

export const SVG = "http://www.w3.org/2000/svg";
const DRAWN = [
  "svg",
  "path",
  "g",
  "rect",
  "text",
  "tspan",
  "title",
  "circle",
  "polyline",
  "line",
  "defs",
];
const FOCUSED = "button, input, select, textarea, summary, a[href], [tabindex]";
const ICONS = {
  first: "M4 3v10M13 3 6 8l7 5z",
  back: "M11 3 4 8l7 5z",
  play: "M4 2.5 13 8l-9 5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  step: "M5 3l7 5-7 5z",
  last: "M12 3v10M3 3l7 5-7 5z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  undo: "M5 3 2 6l3 3M2 6h7a4 4 0 0 1 0 8H6",
  screen: "M2 3h12v8H2zM6 14h4",
};

// JupyterLab looks at the focused element first: without this attribute there, x would cut the cell.
export const leaveKeysAlone = (element) =>
  element.setAttribute("data-lm-suppress-shortcuts", "true");

export function h(tag, props = {}, ...children) {
  const svg = props.svg || (DRAWN.includes(tag) && !props.html5);
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "html") element.innerHTML = value;
    else if (key !== "svg" && value !== false && value != null)
      element.setAttribute(key, value === true ? "" : value);
  }
  if (element.matches(FOCUSED)) leaveKeysAlone(element);
  element.append(...children.flat().filter((x) => x != null));
  return element;
}

export const put = (element, ...children) =>
  element.replaceChildren(...children.flat().filter((x) => x != null));

export const icon = (name) =>
  h(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" },
    h("path", { d: ICONS[name] }),
  );

export const button = (picture, title, action, keys) =>
  h(
    "button",
    {
      type: "button",
      title: keys ? `${title} (${keys})` : title,
      "aria-label": title,
      onclick: action,
    },
    icon(picture),
  );

// An equation, which may go on in the next line before a sign of equality.
export function math(ml, display) {
  const begins = `<math${display ? ' displaystyle="true"' : ""}>`;
  return h("span", {
    class: "math",
    html: `${begins}${signed(ml).replaceAll("<mo>=</mo>", `</math> ${begins}<mo>=</mo>`)}</math>`,
  });
}
