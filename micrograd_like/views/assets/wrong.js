// A mistake made on purpose, held against the right pass.

import { h } from "./dom.js";
import { difference, mistakeNamed, walk } from "./model.js";
import { near, short } from "./numbers.js";
import { firstDifference } from "./sentences.js";

const RANKED = 3000; // nodes up to which every mistake is tried, to put first the one that differs most

// The mistakes of a lesson, by how many gradients they change on this graph: [[name, how many], ...].
export function ranked(view) {
  const { lesson, ops, now, right } = view,
    names = Object.keys(lesson.rules);
  if (lesson.nodes.length > RANKED) return names.map((name) => [name, 1]);
  const found = names.map((name) => {
    const mistake = mistakeNamed(name, lesson.rules),
      wrong = walk(lesson.nodes, ops, now, mistake);
    return [
      name,
      wrong.endless ? 0.5 : Math.floor(difference(lesson.nodes, right.grads, wrong.grads)),
      Boolean(mistake.report),
    ];
  });
  return found.sort((a, b) => a[2] - b[2] || b[1] - a[1]);
}

const titled = (name) => name.replaceAll("_", " ");

function chooser(view, actions) {
  const option = ([name]) =>
    h("option", { value: name, selected: name === view.rule }, titled(name));
  const biting = view.ranking.filter(([, count]) => count),
    harmless = view.ranking.filter(([, count]) => !count);
  const choose = h(
    "select",
    { "aria-label": "Mistake", onchange: () => actions.setRule(choose.value) },
    biting.map(option),
    harmless.length
      ? h("optgroup", { label: "changes nothing on this graph" }, harmless.map(option))
      : null,
  );
  return choose;
}

const same = (a, b) => near(a, b, 1e-9);
const cells = (...texts) => texts.map((text) => h("td", {}, text));

// Right and wrong gradients side by side, the output first.
function comparison(nodes, rows) {
  return h(
    "table",
    { class: "compare" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["node", "right", "wrong", "so"].map((x) => h("th", { scope: "col" }, x)),
      ),
    ),
    h(
      "tbody",
      {},
      rows
        .slice(0, 60)
        .map(([i, a, b]) =>
          h(
            "tr",
            { "data-node": i, class: same(a, b) ? "" : "off" },
            cells(nodes[i].name, short(a), short(b), same(a, b) ? "same" : "differs"),
          ),
        ),
    ),
  );
}

export function wrongPanel(view, actions) {
  const { lesson, right, shown, rule, k } = view,
    { nodes } = lesson,
    { idea, harmless } = lesson.rules[rule];
  const rows = nodes
    .flatMap((node, i) => (node.constant ? [] : [[i, right.grads[i], shown.grads[i]]]))
    .reverse();
  const differ = rows.filter(([, a, b]) => !same(a, b)).length,
    first = firstDifference(right, shown);
  const over = k === shown.events.length;
  const verdict = shown.endless
    ? `This mistake goes along every path: more than ${shown.endless} steps on this graph. Choose a smaller graph.`
    : !differ
      ? "On this graph it happens to give the right gradients."
      : over
        ? `${differ} of ${rows.length} gradients are wrong.`
        : "Step to the end: then right and wrong stand side by side.";
  const jump =
    first >= 0 && differ && !shown.endless
      ? h(
          "p",
          {},
          h(
            "button",
            { type: "button", onclick: () => actions.go(first + 1) },
            "Go to the first step that differs",
          ),
        )
      : null;
  return h(
    "div",
    { class: "card" },
    h("label", {}, "Mistake ", chooser(view, actions)),
    h("p", {}, idea),
    harmless ? h("p", { class: "why" }, `It agrees with the right rule where ${harmless}.`) : null,
    jump,
    over && !shown.endless ? comparison(nodes, rows) : null,
    rows.length > 60 && over
      ? h("p", { class: "why" }, `The first 60 of ${rows.length} nodes, the output first.`)
      : null,
    h("p", {}, verdict),
  );
}
