// The live view of a walk: the graph, and both passes through it, one step at a time.
//
// It is given the graph and the operations, written from the table of `ops`, not the steps, and computes
// everything anew when a leaf moves. What stands on the page is made by panels, which share one `view`.

import { actionsOn } from "./actions.js";
import { writeAddress } from "./address.js";
import { besidePanel } from "./beside.js";
import { controls, linkParts, listenToKeys } from "./controls.js";
import { h, leaveKeysAlone, put } from "./dom.js";
import { drawing } from "./graph.js";
import { leavesPanel } from "./leaves.js";
import { renderGraph } from "./show.js";
import { sidePanel } from "./side.js";
import { stopsPanel } from "./stops.js";
import { asks, tellPanel } from "./tell.js";
import { codePanel, listPanel, tracePanel } from "./trace.js";
import { begin, compute, gradsNow, newView, stateOf } from "./view.js";
import { groupPanel } from "./zoom.js";

// A frame in a slide or in a course learns how high it must be.
function tellParent(root) {
  const height = root.scrollHeight + 24;
  if (window.parent !== window)
    window.parent.postMessage({ type: "micrograd-like:height", height }, "*");
}

function panelsOf(view, actions, graph) {
  return {
    bar: controls(view, actions),
    stops: stopsPanel(view, actions),
    beside: besidePanel(view),
    tell: tellPanel(view, actions),
    code: codePanel(view),
    trace: tracePanel(view),
    side: sidePanel(view, actions),
    leaves: leavesPanel(view, actions),
    list: listPanel(view),
    group: groupPanel(view, graph, actions),
  };
}

function renderAll(view, panels, graph, stepped) {
  const event = view.shown.events[view.k - 1];
  const hidden = Boolean(asks(view, event)),
    grads = gradsNow(view);
  view.root.dataset.mode = view.mode;
  panels.bar.render();
  panels.stops.render();
  renderGraph(view, graph, event, hidden, grads, stepped);
  panels.beside.render(stepped);
  for (const panel of [panels.tell, panels.code, panels.side]) panel.render();
  panels.trace.render(hidden, view.dragging);
  panels.list.render(grads);
  panels.group.render(grads);
  tellParent(view.root);
}

// Show a lesson in an element. The answer has `step`, `leaves` and `set({step, leaves})`; `changed`
// is called with every change that the reader makes.
export function mount(root, lesson, ops, changed = () => {}) {
  const view = newView(root, lesson, ops);
  lesson = view.lesson;
  const render = (stepped = false) => renderAll(view, panels, graph, stepped);
  const tell = () => {
    if (lesson.address) writeAddress(view);
    changed({ step: view.k, leaves: state.leaves });
  };
  const after = (stepped) => {
    render(stepped);
    tell();
  };
  const rewalk = (from, quiet = false) => {
    compute(view);
    panels.leaves.sync(from);
    graph.draw();
    render();
    if (!quiet) tell();
  };
  const actions = actionsOn(view, after, rewalk),
    state = stateOf(view, rewalk);
  begin(view);
  const drags = view.held ? null : actions.setLeaf;
  const graph = drawing(view, { opens: actions.open, touched: actions.until, drags });
  actions.zoom = graph.setZoom;
  const panels = panelsOf(view, actions, graph);
  frame(view, graph, panels);
  listenToKeys(view, actions);
  rewalk(null, true);
  if (lesson.deck) actions.lecture(true, false);
  if (lesson.address && document.activeElement === document.body)
    root.focus({ preventScroll: true });
  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    graph.draw();
    graph.resize();
    render();
  }).observe(root);
  return state;
}

function frame({ root, lesson }, graph, panels) {
  const { bar, stops, beside, tell, code, trace, side, leaves, list, group } = panels;
  root.classList.add("mgl");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target)); // what scrolls is focused, too
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) root.classList.remove("lecture");
  });
  root.setAttribute("tabindex", "0");
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", `Walk through ${lesson.nodes.at(-1).name}. Arrow keys step.`);
  const main = h("div", { class: "main" }, tell.element, code.element);
  const more = h("div", { class: "more" }, leaves.element, side.element);
  const below = h("div", { class: "below" }, main, more),
    drawn = [beside.element, graph.stage];
  put(
    root,
    bar.bar,
    bar.modes,
    stops.element,
    drawn,
    group.element,
    below,
    trace.element,
    list.element,
  );
  linkParts(root);
}
