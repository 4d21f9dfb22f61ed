// The six steps of the recipe, walked one by one with the numbers of the epoch that is shown, down to each update.

import { h, put } from "./dom.js";
import { predict } from "./plane.js";
import { say, update } from "./weights.js";
import { updateOf } from "./why.js";

const STEPS = ["Draw weights", "Forward", "Compare", "Back", "Update", "Repeat"];

// What the update that led to this row began with, and one example that it is told with.
function scene(view) {
  const { at, points, told } = view,
    found = updateOf(view) ?? { before: view.numbers(Math.max(at - 1, 0), 0), batch: points },
    wanted = points[view.selected ?? told.watch[0] ?? 0];
  const example = found.batch.includes(wanted) ? wanted : found.batch[0];
  return { ...found, example, row: told.rows[at], at };
}

const draws = (view) => {
  const w = view.numbers(0, 0),
    some = [...w].slice(0, 4).map((x, i) => `${view.told.short[i]} = ${say(x)}`);
  return [
    `${w.length} weights and biases are drawn at random: ${some.join(", ")}, … Nothing is learned yet.`,
  ];
};

const goesForward = (view, { before, batch, example, row }) => {
  const out = predict(view.net, view.ops, before, example).map(say).join(", ");
  const many = batch.length === 1 ? "One example goes" : `${batch.length} examples go`;
  return [
    `${many} through the network, with the weights before epoch ${row[0]}'s last update.`,
    `Example (${say(example[0])}, ${say(example[1])}) gives ${out}.`,
  ];
};

const compares = (view, tools, { before, batch, example }) => [
  `Its target is ${example[2]}: its loss is ${say(tools.state.pass(before, [example]))}.`,
  `The mean over all ${batch.length} is the number to make small: L = ${say(tools.state.pass(before, batch))}.`,
];

const goesBack = (view, { at }) => {
  const g = view.numbers(at, 1),
    largest = g.reduce((top, x, i) => (Math.abs(x) > Math.abs(g[top]) ? i : top), 0),
    of = (i) => `∂L/∂${view.told.short[i]} = ${say(g[i])}`;
  return [
    `From the output back to every weight, in one pass: ${of(view.chosen)}; the largest is ${of(largest)}.`,
    "The dots on the lines are these gradients; below stand the examples they come from.",
  ];
};

// Every weight's own update, as an equation.
function updates(view, { at, row }) {
  const { told } = view,
    [w, g] = [view.numbers(at, 0), view.numbers(at, 1)],
    kept = told.columns.slice(2).map((_, c) => view.numbers(at, c + 2));
  const equation = (name, i) =>
    told.frozen.includes(i)
      ? `${name} is frozen`
      : `${name} = ${
          update(
            told,
            row,
            w[i],
            g[i],
            kept.map((column) => column[i]),
          ).text
        }`;
  return [
    "Each weight makes a step against its gradient:",
    h(
      "ol",
      { class: "updates", tabindex: 0, "aria-label": "The update of every weight" },
      told.short.map((name, i) => h("li", {}, equation(name, i))),
    ),
  ];
}

function saidOf(view, tools, step) {
  const now = scene(view);
  return [
    () => draws(view),
    () => goesForward(view, now),
    () => compares(view, tools, now),
    () => goesBack(view, now),
    () => updates(view, now),
    () => [`That was epoch ${now.row[0]}. Next goes through the steps of the one that follows.`],
  ][step]();
}

export function recipePanel(view, tools, go) {
  let step = null;
  const told = h("div", { class: "told", "aria-live": "polite" });
  const choose = (to) => {
    step = to % STEPS.length || Number(to > 0); // after the last one, forward again
    if (to >= STEPS.length)
      return view.at < view.told.rows.length - 1 ? go(view.at + 1) : tools.run("once");
    if (to === 0) go(0);
    else if (view.at === 0 && view.told.rows.length > 1) go(1);
    else if (view.at === 0) tools.run("once");
    else view.render();
  };
  const buttons = STEPS.map((name, i) =>
    h("button", { type: "button", onclick: () => choose(i) }, `${i + 1} ${name}`),
  );
  const next = h(
    "button",
    { type: "button", onclick: () => choose(step === null ? 0 : step + 1) },
    "Next",
  );
  const element = h(
    "section",
    { class: "recipe", "aria-label": "The six steps of the recipe" },
    h("div", { class: "bar" }, buttons, next),
    told,
  );
  const render = () => {
    if (step === null || view.training) {
      delete view.root.dataset.recipe;
      return put(told);
    }
    view.root.dataset.recipe = step + 1;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === step));
    const said = saidOf(view, tools, step);
    put(
      told,
      said.map((x) => (typeof x === "string" ? h("p", {}, x) : x)),
    );
  };
  return { element, render };
}
