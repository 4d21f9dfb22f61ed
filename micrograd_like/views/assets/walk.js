// The live view of a walk: the graph, and both passes through it, one step at a time.
//
// It is given the graph and the operations, written from the table of `ops`, not the steps, and computes
// everything anew when a leaf moves. What stands on the page is made by the panels, which share one `view`.

import { readAddress, writeAddress } from "./address.js";
import { controls, linkParts, listenToKeys } from "./controls.js";
import { h, leaveKeysAlone, put } from "./dom.js";
import { contribution, ledger, send, turn } from "./flow.js";
import { drawing, drawSlopes, reveal } from "./graph.js";
import { leavesPanel } from "./leaves.js";
import { evaluate, isBackward, isForward, mistakeNamed, recorded, walk } from "./model.js";
import { abs, near, short } from "./numbers.js";
import { usesOf } from "./sentences.js";
import { ranked, sidePanel } from "./side.js";
import { asks, tellPanel } from "./tell.js";
import { codePanel, listPanel, tracePanel } from "./trace.js";

// What all panels share: the lesson, what the reader has chosen, and what follows from it.
function newView(root, lesson, ops) {
  const { nodes } = lesson, leafIndices = nodes.flatMap((node, i) => (node.op || node.constant ? [] : [i]));
  const unknown = [...new Set(nodes.map((node) => node.op).filter((op) => op && !ops[op]?.value))];
  const edges = new Map(lesson.edges.map(([, head, place], i) => [`${head},${place}`, i]));
  const view = {
    root, lesson, ops, leafIndices, uses: usesOf(nodes), leaves: nodes.map((node) => node.data ?? NaN),
    k: 0, mode: "step", rule: lesson.rule ?? Object.keys(lesson.rules)[0], playing: null, opened: null,
    nudged: leafIndices[0], h0: 0.1, solved: false, reply: "",
    held: unknown.length ? `Numbers cannot be moved here: this page has no JavaScript for ${unknown.join(", ")}.` : "",
    edgeOf: (head, place) => (lesson.groups ? undefined : edges.get(`${head},${place}`)),
  };
  view.wrongOf = (i) => (view.mode === "wrong" ? ops[nodes[i].op]?.wrong?.[view.rule] : undefined);
  view.gradsNow = () => gradsNow(view);
  return view;
}

function compute(view) {
  const { lesson, ops } = view, { nodes } = lesson;
  view.moved = view.leafIndices.some((i) => view.leaves[i] !== nodes[i].data);
  view.now = view.moved ? evaluate(nodes, ops, view.leaves) : recorded(nodes, ops);
  view.right = walk(nodes, ops, view.now);
  if (view.mode === "wrong") {
    view.ranking ??= ranked(view);
    view.rule ??= view.ranking[0][0];
    view.mistake = mistakeNamed(view.rule, lesson.rules);
  } else view.mistake = {};
  view.shown = view.mode === "wrong" ? walk(nodes, ops, view.now, view.mistake) : view.right;
  view.shown.positions = {};
  view.shown.events.forEach((e, at) => { if (isForward(e)) view.shown.positions[e.node] = at; });
  view.most = view.shown.events.reduce((most, e) => (isBackward(e) ? Math.max(most, abs(contribution(e, view.mistake)) || 0) : most), 0);
  view.k = Math.min(view.k, view.shown.events.length);
}

// The gradient of each node after the step, null before it has one.
function gradsNow({ lesson: { nodes }, shown, k }) {
  const grads = nodes.map(() => null);
  if (k <= shown.forward) return grads;
  nodes.forEach((_, i) => { if (shown.start[i]) grads[i] = shown.start[i]; });
  for (let i = shown.forward; i < k; i++) {
    const e = shown.events[i];
    grads[e.input ?? e.node] = e.after ?? e.seed;
  }
  if (k === shown.events.length) nodes.forEach((node, i) => { if (grads[i] !== null || shown.grads[i]) grads[i] = node.constant ? grads[i] : shown.grads[i]; });
  return grads;
}

const spread = (all) => {
  if (!all.length) return "";
  const [low, high] = all.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity]);
  return [...new Set([low, high].map((x) => short(x, 2)))].join(" … ");
};

function renderBox(view, box, event, hidden, grads) {
  const { nodes: members } = box.group, i = members[0], { positions } = view.shown, { nodes } = view.lesson;
  const target = event && (event.input ?? event.node);
  box.classList.toggle("active", Boolean(event && members.includes(event.node)));
  box.classList.toggle("aim", Boolean(event && isBackward(event) && members.includes(event.input)));
  if (!box.rows) return;
  if (box.many) {
    box.rows[0].textContent = spread(members.filter((x) => positions[x] < view.k).map((x) => view.now.data[x]));
    box.rows[1].textContent = spread(members.filter((x) => grads[x] !== null).map((x) => grads[x]));
    box.setAttribute("aria-label", `${box.group.title ?? ""} stands for ${members.length} nodes. Open`);
    return;
  }
  const reached = positions[i] < view.k, ask = hidden && target === i;
  box.classList.toggle("blank", !reached);
  box.rows[0].textContent = !reached ? "" : ask && isForward(event) ? "?" : short(view.now.data[i]);
  box.rows[1].textContent = grads[i] === null ? "" : ask && !isForward(event) ? "?" : short(grads[i]);
  const over = view.k === view.shown.events.length;
  box.rows[1].classList.toggle("off", view.mode === "wrong" && grads[i] !== null && over && !near(grads[i], view.right.grads[i], 1e-9));
  const said = ["data", "grad"].map((what, row) => [what, box.rows[row].textContent]).filter(([, x]) => x);
  box.setAttribute("aria-label", `${nodes[i].name}: ${said.map((x) => x.join(" ")).join(", ") || "not computed yet"}`);
}

function renderGraph(view, graph, event, hidden, grads, stepped) {
  const { shown, k, lesson } = view, backward = event && isBackward(event), here = lesson.groups ? null : new Map();
  if (here) for (let i = shown.forward; i < k; i++) {
    const e = shown.events[i];
    if (isBackward(e)) here.set(e.input, [...(here.get(e.input) ?? []), contribution(e, view.mistake)]);
  }
  for (const box of graph.boxes) {
    renderBox(view, box, event, hidden, grads);
    const i = box.group.nodes[0];
    if (here && !hidden) ledger(box, here.get(i) ?? [], view.uses[i].length, k > shown.forward && i !== lesson.nodes.length - 1);
  }
  const goes = (edge) => backward && graph.groupOf.get(event.input) === edge.tail && graph.groupOf.get(event.node) === edge.head
    && (lesson.groups || event.k === edge.place);
  if (!lesson.groups) drawSlopes(view, graph, (head) => shown.positions[head] < k);
  const active = graph.edges.find(goes);
  turn(graph.edges, hidden ? null : active, event, view.mistake, view.most);
  if (hidden && active) active.classList.add("active");
  if (stepped && backward && !hidden) send(active, event, view.mistake);
  if (event) reveal(graph, graph.boxes[graph.groupOf.get(event.input ?? event.node)]);
}

function groupPanel(view, graph, actions) {
  const element = h("div", { class: "group", hidden: true, role: "region", "aria-label": "Nodes of a box" });
  const render = (grads) => {
    element.hidden = view.opened === null;
    if (element.hidden) return;
    const { nodes: members, title } = graph.drawn[view.opened], name = (i) => view.lesson.nodes[i].name;
    const more = members.length > 200 ? h("p", { class: "why" }, `The first 200. Type the name of any other one in Go to.`) : null;
    put(element, h("div", { class: "head" }, h("b", {}, `${title ?? ""} stands for ${members.length} nodes`),
      h("button", { type: "button", onclick: () => actions.open(view.opened) }, "Close")),
    h("div", { class: "members" }, members.slice(0, 200).map((i) =>
      h("button", { type: "button", "data-node": i, onclick: () => actions.until(i) }, h("b", {}, name(i)), ` ${short(view.now.data[i])}`,
        h("small", {}, grads[i] === null ? "" : ` grad ${short(grads[i])}`)))), more);
  };
  return { element, render };
}

// What the reader can do. `after` renders, and tells who listens.
function actionsOn(view, after, rewalk) {
  const actions = {
    go(to) {
      const stepped = to === view.k + 1;
      Object.assign(view, { k: Math.max(0, Math.min(to, view.shown.events.length)), solved: false, reply: "" });
      after(stepped);
    },
    forwardStep() {
      const event = view.shown.events[view.k - 1];
      if (!asks(view, event)) return actions.go(view.k + 1);
      view.reply = "Your number first, or Show.";
      after();
    },
    until(i) {
      const takes = (e) => e.node === i || e.input === i, next = view.shown.events.findIndex((e, at) => at >= view.k && takes(e));
      actions.go((next >= 0 ? next : view.shown.events.findIndex(takes)) + 1);
    },
    play(on) {
      clearInterval(view.playing);
      const turn = () => (view.k >= view.shown.events.length || !view.root.isConnected ? actions.play(false) : actions.forwardStep());
      view.playing = on ? setInterval(turn, view.root.classList.contains("lecture") ? 2200 : 1400) : null;
      if (on && view.k >= view.shown.events.length) actions.go(0);
      else after();
    },
    answered(solved, reply) {
      Object.assign(view, { solved, reply });
      after();
      if (solved) view.root.focus({ preventScroll: true });
    },
    setMode(mode) {
      Object.assign(view, { mode, solved: false, reply: "" });
      if (mode === "wrong" || mode === "predict") view.k = 0;
      if (mode === "nudge") view.k = Infinity;
      rewalk();
    },
    setRule(rule) {
      Object.assign(view, { rule, k: 0 });
      rewalk();
    },
    setLeaf(i, x, from) {
      view.leaves[i] = x;
      Object.assign(view, { solved: false, ranking: null });
      rewalk(from);
    },
    restore() {
      view.leafIndices.forEach((i) => (view.leaves[i] = view.lesson.nodes[i].data));
      rewalk();
    },
    open(at) {
      view.opened = view.opened === at ? null : at;
      after();
    },
    lecture(on = !view.root.classList.contains("lecture")) {
      view.root.classList.toggle("lecture", Boolean(on));
      if (on) view.root.requestFullscreen?.().catch(() => {});
      else if (document.fullscreenElement === view.root) document.exitFullscreen();
    },
  };
  return actions;
}

// What Python, or a script on the page, sees of the view and sets in it.
function stateOf(view, rewalk) {
  const { leafIndices, lesson: { nodes } } = view, name = (i) => nodes[i].name;
  return {
    get step() { return view.k; },
    get leaves() { return Object.fromEntries(leafIndices.map((i) => [name(i), view.leaves[i]])); },
    get grads() { return Object.fromEntries(nodes.flatMap((node, i) => (node.constant ? [] : [[node.name, view.right.grads[i]]]))); },
    get view() { return view; },
    set({ step, leaves: numbers }) {
      for (const i of leafIndices) if (numbers && Object.hasOwn(numbers, name(i))) view.leaves[i] = numbers[name(i)];
      if (step !== undefined) view.k = step;
      rewalk(null, true);
    },
  };
}

function begin(view) {
  const { lesson } = view, asked = lesson.address ? readAddress(view) : { leaves: [] };
  view.k = asked.step ?? lesson.step ?? 0;
  view.rule = asked.rule ?? lesson.rule ?? null;
  view.mode = asked.mode ?? (lesson.rule ? "wrong" : "step");
  for (const [i, x] of view.held ? [] : asked.leaves) view.leaves[i] = x;
}

function tellParent(root) { // a frame in a slide or a course learns how high it must be
  if (window.parent !== window) window.parent.postMessage({ type: "micrograd-like:height", height: root.scrollHeight + 24 }, "*");
}

// Show a lesson in an element. The answer has `step`, `leaves` and `set({step, leaves})`; `changed` is called with
// every change that the reader makes.
export function mount(root, lesson, ops, changed = () => {}) {
  const view = newView(root, lesson, ops);
  const after = (stepped = false) => { render(stepped); tell(); };
  const tell = () => {
    if (lesson.address) writeAddress(view);
    changed({ step: view.k, leaves: state.leaves });
  };
  const rewalk = (from, quiet = false) => {
    compute(view);
    leaves.sync(from);
    graph.draw();
    render();
    if (!quiet) tell();
  };
  const actions = actionsOn(view, after, rewalk), state = stateOf(view, rewalk);
  begin(view);
  const graph = drawing(view, { opens: actions.open, touched: actions.until, drags: view.held ? null : actions.setLeaf });
  actions.zoom = graph.setZoom;
  const bar = controls(view, actions), tellers = tellPanel(view, actions), code = codePanel(view), trace = tracePanel(view);
  const side = sidePanel(view, actions), leaves = leavesPanel(view, actions), list = listPanel(view), group = groupPanel(view, graph, actions);
  const render = (stepped) => {
    const event = view.shown.events[view.k - 1], hidden = Boolean(asks(view, event)), grads = gradsNow(view);
    root.dataset.mode = view.mode;
    bar.render();
    renderGraph(view, graph, event, hidden, grads, stepped);
    for (const panel of [tellers, code, side]) panel.render();
    trace.render(hidden);
    list.render(grads);
    group.render(grads);
    tellParent(root);
  };
  frame(view, [bar.bar, bar.modes, graph.stage, group.element, h("div", { class: "below" },
    h("div", { class: "main" }, tellers.element, code.element), h("div", { class: "more" }, leaves.element, side.element)), trace.element, list.element]);
  listenToKeys(view, actions);
  rewalk(null, true);
  if (lesson.address && document.activeElement === document.body) root.focus({ preventScroll: true });
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

function frame({ root, lesson }, parts) {
  root.classList.add("mgl");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target)); // a browser may focus what scrolls, too
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) root.classList.remove("lecture"); });
  root.setAttribute("tabindex", "0");
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", `Walk through ${lesson.nodes.at(-1).name}. Arrow keys step.`);
  put(root, parts);
  linkParts(root);
}
