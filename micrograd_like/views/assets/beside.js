// Wrong beside right: the same step of the right pass, in a second drawing.

import { h, put } from "./dom.js";
import { called } from "./equations.js";
import { drawing } from "./graph.js";
import { isBackward } from "./model.js";
import { short } from "./numbers.js";
import { firstDifference } from "./sentences.js";
import { renderGraph } from "./show.js";
import { gradsNow } from "./view.js";

const LARGEST = 120; // nodes of a graph that is drawn twice

// What is said where the mistake first leads away from the right pass; the right step has the same number.
export function parting({ lesson: { nodes }, right, shown, k }) {
  const first = firstDifference(right, shown);
  if (first < 0 || k - 1 !== first) return "";
  const mine = shown.events[first],
    theirs = right.events[first];
  if (!mine || !theirs) return "From here on the two passes differ.";
  if (mine.seed !== undefined)
    return `Here the passes part: right begins with 1, this one with ${short(mine.seed)}.`;
  const edge = (e) => `from ${called(nodes[e.node])} to ${called(nodes[e.input])}`;
  if (!isBackward(theirs) || mine.node !== theirs.node || mine.input !== theirs.input)
    return `Here the passes part: the right pass goes ${isBackward(theirs) ? edge(theirs) : "on"}, this one ${edge(mine)}.`;
  const name = `${called(nodes[mine.input])}.grad`;
  return `Here the passes part: right is ${name} = ${short(theirs.after)}, and this one has ${short(mine.after)}.`;
}

export function besidePanel(view) {
  const right = Object.create(view, {
    shown: { get: () => view.right },
    mistake: { value: {} },
    mode: { value: "step" },
    k: { get: () => Math.min(view.k, view.right.events.length) },
  });
  const graph = drawing(right),
    said = h("p", { class: "parting", role: "status" });
  const title = (text) => h("h2", { class: "title" }, text);
  const element = h("section", { class: "beside", "aria-label": "The right pass", hidden: true });
  const render = () => {
    element.hidden = view.mode !== "wrong" || Boolean(view.shown.endless);
    if (element.hidden) return put(element);
    said.textContent = parting(view);
    const wrong = title(`Below, with the mistake: ${view.rule.replaceAll("_", " ")}`);
    if (view.lesson.nodes.length > LARGEST) return put(element, said);
    put(element, title("The right pass, at the same step"), graph.stage, wrong, said);
    graph.draw();
    graph.resize();
    renderGraph(right, graph, right.shown.events[right.k - 1], false, gradsNow(right), false);
  };
  return { element, render };
}
