// The weights of a training as numbers: the table of all, and the update of one as an equation.

import { h } from "./dom.js";
import { abs } from "./numbers.js";

let digits = 4;
export const setDigits = (many) => (digits = many);
const bracketed4 = (x) => (say(x).startsWith("-") ? `(${say(x)})` : say(x));

export const say = (x) => {
  if (x == null) return "";
  const number = Number(Number(x).toPrecision(digits));
  return number && (abs(number) < 1e-3 || abs(number) >= 1e5)
    ? number.toExponential().replace("e+", "e")
    : String(number);
};

// A number that was computed back from a rounded one: what is left of a 0 is shown as 0.
const earlier = (w, delta) =>
  abs(w - delta) < 4e-5 * Math.max(abs(w), abs(delta)) ? 0 : w - delta;

// The update as an equation with its numbers in, and what was added.
export function update(told, row, w, g, kept) {
  const { kind, momentum = 0, weight_decay: decay = 0, maximize, betas, eps } = told.optimizer,
    lr = row[2];
  if (kind === "Adam") {
    const [delta, m, v] = kept,
      t = row[1],
      mean = m / (1 - betas[0] ** t),
      square = v / (1 - betas[1] ** t);
    return {
      delta,
      text: `${say(earlier(w, delta))} − ${say(lr)} · ${bracketed4(mean)} / (√${say(square)} + ${say(eps)}) = ${say(w)}`,
    };
  }
  if (kind !== "SGD")
    return {
      delta: kept[0],
      text: `${say(earlier(w, kept[0]))} + ${bracketed4(kept[0])} = ${say(w)}`,
    };
  // Δ = -lr (g + decay (w - Δ)) without momentum
  const sign = maximize ? 1 : -1,
    delta = momentum
      ? kept[0]
      : (sign * lr * (g + (maximize ? -decay : decay) * w)) / (1 - (maximize ? 0 : lr * decay));
  const before = earlier(w, delta),
    carried = momentum ? delta - sign * lr * g + lr * decay * before : 0;
  const parts = [say(before), maximize ? "+" : "−", `${say(lr)} · ${bracketed4(g)}`];
  if (decay) parts.push("−", `${say(lr)} · ${say(decay)} · ${bracketed4(before)}`);
  if (momentum) parts.push("+", `${momentum} · ${bracketed4(carried / momentum)}`);
  return { delta, text: `${parts.join(" ")} = ${say(w)}` };
}

// The table of all weights, and the update of the chosen one as an equation.
export function weightTable(view) {
  const { told } = view,
    extra = told.columns.slice(2).filter((x) => x !== "Δθ"),
    equation = h("p", { class: "equation" });
  const rows = told.names.map((name, i) => {
    const row = h(
      "tr",
      { onclick: () => view.choose(i) },
      h("th", { scope: "row", title: name }, told.short[i]),
      ["", "", "", ...extra].map(() => h("td", {}, "")),
    );
    return Object.assign(row, { parts: [...row.children].slice(1) });
  });
  const pick = h(
    "select",
    { "aria-label": "Weight", onchange: () => view.choose(+pick.value) },
    told.names.map((name, i) =>
      h("option", { value: i }, told.short[i] === name ? name : `${told.short[i]}  ${name}`),
    ),
  );
  const heads = ["weight", "value", "gradient", "Δθ", ...extra].map((x) =>
    h("th", { scope: "col" }, x),
  );
  const element = h(
    "div",
    { class: "weights", tabindex: 0, role: "region", "aria-label": "All weights" },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)),
  );
  const render = () => renderTable(view, { rows, pick, equation });
  return { element, pick, equation, render };
}

function renderTable(view, { rows, pick, equation }) {
  const { told, numbers, at, chosen } = view,
    row = told.rows[at],
    w = numbers(at, 0),
    g = numbers(at, 1);
  const change = (i) => {
    const kept = told.columns.slice(2).map((_, c) => numbers(at, c + 2)[i]);
    return { ...update(told, row, w[i], g[i], kept), kept };
  };
  rows.forEach((line, i) => {
    const { delta, kept } = at ? change(i) : { delta: null, kept: [] };
    const more = told.columns.slice(2).flatMap((x, c) => (x === "Δθ" ? [] : [kept[c]]));
    [w[i], at ? g[i] : null, delta, ...more].forEach((x, c) => {
      const text = say(x);
      if (line.parts[c].textContent !== text) line.parts[c].textContent = text;
    });
    line.classList.toggle("current", i === chosen);
  });
  pick.value = chosen;
  const frozen = told.frozen.includes(chosen),
    drawn = `${say(w[chosen])}, drawn at random before the first update`;
  const said = !at ? drawn : frozen ? `${say(w[chosen])}, frozen` : change(chosen).text;
  equation.replaceChildren(h("b", {}, `${told.short[chosen]} = `), said);
}
