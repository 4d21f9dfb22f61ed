// Why a weight moved: what each example of the last batch added to its gradient, and that example's own backward pass.

import { h, put } from "./dom.js";
import { evaluate } from "./model.js";
import { say } from "./weights.js";
import { mount } from "./walk.js";

const PULLED = 6; // examples, those that pull most

// The update that ended in this row: the weights before it, and its examples.
export function updateOf(view) {
  const { source, at } = view;
  return typeof source[at] === "number" ? view.replayed?.[source[at]] : source[at];
}

// A lesson on the loss of one example, with these weights and this activation.
export function lessonOf(view, weights, example) {
  const program = view.told.train.programs.find(({ labels }) => labels.includes(example[2])),
    constants = program.constants[program.labels.indexOf(example[2])],
    hidden = new Set(program.hidden);
  const nodes = program.lesson.nodes.map((node, i) => {
    const op = hidden.has(i) ? view.activation : node.op,
      feature = program.inputs.indexOf(i),
      data = constants[i] ?? (feature >= 0 ? example[feature] : weights[program.parameters[i]]);
    return {
      ...node,
      ...(op ? { op } : {}),
      data,
      ...(node.constant ? { name: String(data) } : {}),
    };
  });
  const { data } = evaluate(
    nodes,
    view.ops,
    nodes.map((node) => node.data),
  );
  nodes.forEach((node, i) => (node.data = data[i]));
  return { ...program.lesson, nodes, program };
}

// The gradient that each example alone gives to a weight.
function pulls(view, tools, { before, batch }, weight) {
  const gradients = new Float64Array(before.length);
  return batch.map((example, at) => {
    tools.state.pass(before, [example], gradients);
    return { example, at, pull: gradients[weight] };
  });
}

export function whyPanel(view, tools) {
  const list = h("div", { class: "why" }),
    walked = h("section", {
      class: "walked",
      hidden: true,
      "aria-label": "A backward pass of this training",
    }),
    element = h("div", { class: "because" }, list, walked);
  let shown = null;
  const close = () => {
    shown = null;
    walked.hidden = true;
    put(walked);
  };
  const open = (update, { example }) => {
    const weight = view.chosen,
      lesson = lessonOf(view, update.before, example),
      place = h("div", {}),
      name = view.told.short[weight];
    const said = `The loss of the example (${say(example[0])}, ${say(example[1])}) of class ${example[2]}, with the weights before epoch ${view.told.rows[view.at][0]}: how its gradient reached ${name}`;
    walked.hidden = false;
    put(
      walked,
      h(
        "div",
        { class: "head" },
        h("h2", {}, said),
        h("button", { type: "button", onclick: close }, "Close"),
      ),
      place,
    );
    const state = mount(place, lesson, view.ops),
      node = lesson.nodes.findIndex((_, i) => lesson.program.parameters[i] === weight);
    state.set({ step: state.view.shown.events.findLastIndex((e) => e.input === node) + 1 });
    shown = Object.assign(walked, { walk: state });
    walked.scrollIntoView({ block: "nearest" });
  };
  const render = () => {
    if (view.training) return put(list);
    put(list, ...explained(view, tools, open));
  };
  return { element, render, shown: () => shown };
}

function explained(view, tools, open) {
  const row = view.told.rows[view.at],
    update = updateOf(view);
  if (!view.at)
    return [h("p", {}, "Nothing has moved it yet. Train on, and see here which examples did.")];
  if (!update)
    return [h("p", {}, "Train one epoch here, and see which examples moved this weight.")];
  const all = pulls(view, tools, update, view.chosen),
    n = all.length,
    sum = all.reduce((total, { pull }) => total + pull, 0);
  const largest = all.toSorted((a, b) => Math.abs(b.pull) - Math.abs(a.pull)).slice(0, PULLED);
  const name = view.told.short[view.chosen];
  return [
    h(
      "p",
      {},
      `In epoch ${row[0]} its gradient was the mean of what ${n} example${n > 1 ? "s" : ""} gave: ${say(sum)} / ${n} = ${say(sum / n)}. `,
      `Those that pulled most; press one to walk its backward pass to ${name}.`,
    ),
    h(
      "div",
      { class: "bar" },
      largest.map((one) =>
        h(
          "button",
          {
            type: "button",
            class: one.pull < 0 ? "pull minus" : "pull",
            onclick: () => open(update, one),
          },
          `example ${view.points.indexOf(one.example) >= 0 ? view.points.indexOf(one.example) : one.at}: ${say(one.pull)}`,
        ),
      ),
    ),
  ];
}
