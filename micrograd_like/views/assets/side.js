// Beside the graph: a mistake made on purpose, held against the right pass; and a leaf nudged.

import { h, put } from "./dom.js";
import { difference, evaluate, mistakeNamed, walk } from "./model.js";
import { abs, near, short } from "./numbers.js";
import { firstDifference } from "./sentences.js";

const RANKED = 3000; // nodes up to which every mistake is tried, to put first the one that differs most

// The mistakes of a lesson, by how many gradients they change on this graph: [[name, how many], ...].
export function ranked(view) {
  const { lesson, ops, now, right } = view, names = Object.keys(lesson.rules);
  if (lesson.nodes.length > RANKED) return names.map((name) => [name, 1]);
  const found = names.map((name) => {
    const mistake = mistakeNamed(name, lesson.rules), wrong = walk(lesson.nodes, ops, now, mistake);
    return [name, wrong.endless ? 0.5 : Math.floor(difference(lesson.nodes, right.grads, wrong.grads)), Boolean(mistake.report)];
  });
  return found.sort((a, b) => a[2] - b[2] || b[1] - a[1]);
}

const titled = (name) => name.replaceAll("_", " ");

function chooser(view, actions) {
  const option = ([name]) => h("option", { value: name, selected: name === view.rule }, titled(name));
  const biting = view.ranking.filter(([, count]) => count), harmless = view.ranking.filter(([, count]) => !count);
  const choose = h("select", { "aria-label": "Mistake", onchange: () => actions.setRule(choose.value) }, biting.map(option),
    harmless.length ? h("optgroup", { label: "changes nothing on this graph" }, harmless.map(option)) : null);
  return choose;
}

export function wrongPanel(view, actions) {
  const { lesson, right, shown, rule, k } = view, { nodes } = lesson, { idea, harmless } = lesson.rules[rule];
  const rows = nodes.flatMap((node, i) => (node.constant ? [] : [[i, right.grads[i], shown.grads[i]]])).reverse();
  const same = (a, b) => near(a, b, 1e-9), differ = rows.filter(([, a, b]) => !same(a, b)).length, first = firstDifference(right, shown);
  const over = k === shown.events.length, cells = (...texts) => texts.map((text) => h("td", {}, text));
  const verdict = shown.endless
    ? `This mistake goes along every path: more than ${shown.endless} steps on this graph. Choose a smaller graph.`
    : !differ ? "On this graph it happens to give the right gradients."
      : over ? `${differ} of ${rows.length} gradients are wrong.` : "Step to the end: then right and wrong stand side by side.";
  const table = h("table", { class: "compare" }, h("thead", {}, h("tr", {}, ["node", "right", "wrong", "so"].map((x) => h("th", { scope: "col" }, x)))),
    h("tbody", {}, rows.slice(0, 60).map(([i, a, b]) => h("tr", { "data-node": i, class: same(a, b) ? "" : "off" },
      cells(nodes[i].name, short(a), short(b), same(a, b) ? "same" : "differs")))));
  const jump = first >= 0 && differ && !shown.endless
    ? h("p", {}, h("button", { type: "button", onclick: () => actions.go(first + 1) }, "Go to the first step that differs")) : null;
  return h("div", { class: "card" }, h("label", {}, "Mistake ", chooser(view, actions)), h("p", {}, idea),
    harmless ? h("p", { class: "why" }, `It agrees with the right rule where ${harmless}.`) : null, jump,
    over && !shown.endless ? table : null, rows.length > 60 && over ? h("p", { class: "why" }, `The first 60 of ${rows.length} nodes, the output first.`) : null, h("p", {}, verdict));
}

// At which nodes a kink lies between two evaluations.
function kinks({ lesson: { nodes }, ops }, low, high) {
  return nodes.flatMap((node) => {
    const kink = ops[node.op]?.kink;
    if (!kink) return [];
    const [a, b] = [low, high].map(({ data }) => kink(...node.inputs.map((x) => data[x])));
    return a !== b && a * b <= 0 ? [node.name] : [];
  });
}

function plot(view, x0, low, high, at) {
  const { h0, nudged, now, right, lesson: { nodes } } = view, last = nodes.length - 1, gradient = right.grads[nudged];
  const reach = Math.max(3 * h0, 0.75 * Math.max(1, abs(x0))), points = [];
  for (let i = 0; i <= 60; i++) {
    const x = x0 + reach * (i / 30 - 1), y = at(x).data[last];
    if (Number.isFinite(y)) points.push([x, y]);
  }
  const ys = points.map(([, y]) => y), bottom = Math.min(...ys), top = Math.max(...ys) > bottom ? Math.max(...ys) : bottom + 1;
  const place = ([x, y]) => [10 + (280 * (x - x0 + reach)) / (2 * reach), 150 - (140 * (y - bottom)) / (top - bottom)];
  const line = (kind, pairs) => h("polyline", { class: kind, points: pairs.map((p) => place(p).map((z) => z.toFixed(1)).join()).join(" ") });
  const y0 = now.data[last], [cx, cy] = place([x0, y0]);
  const label = `${nodes[last].name} over ${nodes[nudged].name}: curve, tangent (dashed) and the nudge`;
  return h("svg", { viewBox: "0 0 300 160", class: "plot", role: "img", "aria-label": label },
    h("rect", { x: 10, y: 10, width: 280, height: 140, class: "frame" }), line("curve", points),
    line("tangent", [-reach, reach].map((d) => [x0 + d, y0 + gradient * d])),
    line("secant", [[x0 - h0, low.data[last]], [x0 + h0, high.data[last]]]), h("circle", { cx, cy, r: 4, class: "dot" }));
}

export function nudgePanel(view, side, render) {
  const { lesson: { nodes }, ops, leaves, nudged, h0, right, leafIndices } = view, last = nodes.length - 1, x0 = leaves[nudged];
  const at = (x) => evaluate(nodes, ops, leaves.with(nudged, x)), low = at(x0 - h0), high = at(x0 + h0);
  const measured = (high.data[last] - low.data[last]) / (2 * h0), crossed = kinks(view, low, high);
  const pick = h("select", { "aria-label": "Leaf to nudge", onchange: () => { view.nudged = +pick.value; render(); } },
    leafIndices.slice(0, 400).map((i) => h("option", { value: i, selected: i === nudged }, nodes[i].name)));
  const more = leafIndices.length > 400 ? h("p", { class: "why" }, `The first 400 of ${leafIndices.length} leaves.`) : null;
  const moved = () => {
    const focus = document.activeElement === size;
    view.h0 = Number((10 ** size.value).toPrecision(2));
    render();
    if (focus) side.querySelector("input").focus();
  };
  const size = h("input", { type: "range", min: -5, max: 0.3, step: 0.05, value: Math.log10(h0), "aria-label": "Size of the nudge", oninput: moved });
  const kink = crossed.length ? h("p", { class: "bad" }, `A kink was crossed at ${crossed.join(", ")}: the slope measured belongs to neither side.`) : null;
  const result = h("div", { class: "result" }, h("p", {}, h("b", {}, "measured "), short(measured, 6)), h("p", {}, h("b", {}, "backward "), short(right.grads[nudged], 6)), kink);
  return h("div", { class: "card nudge" }, h("div", {}, h("label", {}, "Nudge ", pick), h("label", {}, ` by ±${short(h0, 2)} `, size), more, result), plot(view, x0, low, high, at));
}

export function sidePanel(view, actions) {
  const element = h("div", { class: "side" });
  const render = () => {
    if (view.mode === "nudge") put(element, view.held || view.nudged === undefined ? h("p", { class: "why" }, view.held) : nudgePanel(view, element, render));
    else put(element, view.mode === "wrong" ? wrongPanel(view, actions) : null);
  };
  return { element, render };
}
