// What a step says: the chain rule, large and linked to the graph; the worked line; the words; and a question.

import { h, math, put } from "./dom.js";
import { chain, worked } from "./equations.js";
import { isForward } from "./model.js";
import { near, short, typedNumber } from "./numbers.js";
import { sentences } from "./sentences.js";

// The chain rule with its numbers below it; each term lights up what it names.
function chainRule(view, event, hidden) {
  const term = ({ kind, text, number, node, edge, sign, under, said }, at) => {
    if (sign) return h("span", { class: "sign" }, h("span", {}, sign), h("span", {}, under));
    const shown =
      hidden && at === 0
        ? "?"
        : `${at === 0 && event.seed === undefined ? "→ " : ""}${short(number)}`;
    return h(
      "button",
      { type: "button", class: `term ${kind}`, "data-node": node, "data-edge": edge },
      h("span", { class: "unseen" }, `${said}: `),
      math(text, true),
      h("span", { class: "number" }, shown),
    );
  };
  return h(
    "div",
    { class: "chain", role: "group", "aria-label": "The chain rule at this step" },
    chain(view, event).map(term),
  );
}

function question(view, event, actions) {
  const field = h("input", {
    class: "answer",
    inputmode: "text",
    autocomplete: "off",
    "aria-label": "Your number",
    placeholder: "?",
  });
  const show = () => actions.answered(true, "Shown.");
  return h(
    "form",
    {
      class: "ask",
      onsubmit: (e) => {
        e.preventDefault();
        mark(view, event, field.value, actions);
      },
    },
    field,
    h("button", { type: "submit" }, "Check"),
    h("button", { type: "button", onclick: show }, "Show"),
  );
}

// Whether a number is asked for at this step.
export const asks = (view, event) =>
  view.mode === "predict" &&
  event &&
  !view.solved &&
  (!isForward(event) || view.lesson.nodes[event.node].op);

function mark(view, event, text, { answered }) {
  const answer = typedNumber(text),
    wanted = isForward(event) ? view.now.data[event.node] : (event.after ?? event.seed);
  const close = (x) => near(answer, x, 0.01) || Math.abs(answer - x) < 1e-9,
    { before, slope, upstream } = event;
  if (answer !== answer) return answered(false, "Type a number, as in -1.5 or -3/2.");
  if (close(wanted)) return answered(true, `Right: ${short(wanted)}.`);
  if (isForward(event))
    return answered(
      false,
      `Not yet: ${short(answer)} is not what the operation gives at these numbers.`,
    );
  if (event.seed !== undefined)
    return answered(false, "Not yet. How much does the output grow if it grows by 1 itself?");
  const name = view.lesson.nodes[event.input].name;
  if (before && close(slope * upstream))
    answered(
      false,
      `That is this contribution alone. Add it to what ${name} has: ${short(before)}.`,
    );
  else if (close(before + slope))
    answered(false, "That is the local derivative alone. Multiply it by the upstream gradient.");
  else if (close(before + upstream))
    answered(false, "That is the upstream gradient alone. Multiply it by the local derivative.");
  else if (close(before - slope * upstream) || close(-wanted))
    answered(false, "Look at the sign again.");
  else
    answered(false, "Not yet. Local derivative times upstream gradient, added to what is there.");
}

export function tellPanel(view, actions) {
  const element = h("div", { class: "tell", role: "status", "aria-live": "polite" });
  const render = () => {
    const { lesson, k, mode, solved, reply } = view,
      event = view.shown.events[k - 1];
    if (!event) {
      const how =
        "First forward: each node gets its value. Then backward: each node passes its gradient back to its inputs.";
      return put(
        element,
        h("p", { class: "big" }, "Press the right arrow key, or Step."),
        h("p", { class: "why" }, how),
      );
    }
    const hidden = asks(view, event),
      [start, result] = worked(view, event),
      [why, ready] = sentences(view, k - 1);
    const line = lesson.nodes[event.node].line,
      where = line ? ` Line ${lesson.code[line[0]][0]}.` : "";
    const phase = `${isForward(event) ? "Forward" : "Backward"}, step ${k}.${where}`;
    const stale =
      lesson.nodes[event.node].slopes && !view.moved ? lesson.nodes[event.node].late : "";
    put(
      element,
      h("p", { class: "phase" }, phase),
      isForward(event) ? null : chainRule(view, event, hidden),
      h(
        "p",
        { class: "big", "data-node": event.node },
        math(start + (hidden ? "" : result), true),
        hidden ? question(view, event, actions) : null,
      ),
      hidden ? null : h("p", { class: "why" }, why),
      h("p", { class: "ready" }, ready),
      stale ? h("p", { class: "ready" }, stale) : null,
      mode === "predict" && reply ? h("p", { class: solved ? "good" : "bad" }, reply) : null,
    );
    if (hidden && view.root.contains(document.activeElement))
      element.querySelector("input").focus({ preventScroll: true });
  };
  return { element, render };
}
