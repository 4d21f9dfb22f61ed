// What all panels share: the lesson, what the reader has chosen, and what follows from it.

import { readAddress } from "./address.js";
import { contribution } from "./flow.js";
import {
  evaluate,
  expanded,
  isBackward,
  isForward,
  mistakeNamed,
  readNumbers,
  recorded,
  walk,
} from "./model.js";
import { abs } from "./numbers.js";
import { usesOf } from "./sentences.js";
import { ranked } from "./wrong.js";

export function newView(root, lesson, ops) {
  if (lesson.flat) lesson = { ...lesson, nodes: expanded(lesson, ops) };
  const nodes = readNumbers(lesson.nodes),
    leafIndices = nodes.flatMap((node, i) => (node.op || node.constant ? [] : [i]));
  const unknown = [...new Set(nodes.map((node) => node.op).filter((op) => op && !ops[op]?.value))];
  const edges = new Map(lesson.edges.map(([, head, place], i) => [`${head},${place}`, i]));
  const view = {
    root,
    lesson,
    ops,
    leafIndices,
    uses: usesOf(nodes),
    leaves: nodes.map((node) => node.data),
    k: 0,
    mode: "step",
    rule: lesson.rule ?? Object.keys(lesson.rules)[0],
    playing: null,
    opened: null,
    nudged: leafIndices[0],
    h0: 0.1,
    solved: false,
    reply: "",
    held: unknown.length
      ? `Numbers cannot be moved here: this page has no JavaScript for ${unknown.join(", ")}.`
      : "",
    edgeOf: (head, place) => (lesson.groups ? undefined : edges.get(`${head},${place}`)),
  };
  view.wrongOf = (i) => (view.mode === "wrong" ? ops[nodes[i].op]?.wrong?.[view.rule] : undefined);
  view.gradsNow = () => gradsNow(view);
  return view;
}

export function compute(view) {
  const { lesson, ops } = view,
    { nodes } = lesson;
  view.moved = view.leafIndices.some((i) => view.leaves[i] !== nodes[i].data);
  view.now = view.moved ? evaluate(nodes, ops, view.leaves) : recorded(nodes, ops);
  view.right = walk(nodes, ops, view.now);
  if (view.mode === "wrong") {
    view.ranking ??= ranked(view);
    view.rule ??= view.ranking[0][0];
    view.mistake = mistakeNamed(view.rule, lesson.rules);
  } else view.mistake = {};
  view.shown = view.mode === "wrong" ? walk(nodes, ops, view.now, view.mistake) : view.right;
  for (const walked of new Set([view.right, view.shown])) {
    walked.positions = {};
    walked.events.forEach((e, at) => {
      if (isForward(e)) walked.positions[e.node] = at;
    });
  }
  view.most = view.shown.events.reduce(
    (most, e) => (isBackward(e) ? Math.max(most, abs(contribution(e, view.mistake)) || 0) : most),
    0,
  );
  view.k = Math.min(view.k, view.shown.events.length);
}

// The gradient of each node after the step, null before it has one.
export function gradsNow({ lesson: { nodes }, shown, k }) {
  const grads = nodes.map(() => null);
  if (k <= shown.forward) return grads;
  nodes.forEach((_, i) => {
    if (shown.start[i]) grads[i] = shown.start[i];
  });
  for (let i = shown.forward; i < k; i++) {
    const e = shown.events[i];
    grads[e.input ?? e.node] = e.after ?? e.seed;
  }
  if (k === shown.events.length)
    nodes.forEach((node, i) => {
      if (grads[i] !== null || shown.grads[i]) grads[i] = node.constant ? grads[i] : shown.grads[i];
    });
  return grads;
}

// What Python, or a script on the page, sees of the view and sets in it.
export function stateOf(view, rewalk) {
  const {
      leafIndices,
      lesson: { nodes },
    } = view,
    name = (i) => nodes[i].name;
  return {
    get step() {
      return view.k;
    },
    get leaves() {
      return Object.fromEntries(leafIndices.map((i) => [name(i), view.leaves[i]]));
    },
    get grads() {
      return Object.fromEntries(
        nodes.flatMap((node, i) => (node.constant ? [] : [[node.name, view.right.grads[i]]])),
      );
    },
    get view() {
      return view;
    },
    set({ step, leaves: numbers }) {
      for (const i of leafIndices)
        if (numbers && Object.hasOwn(numbers, name(i))) view.leaves[i] = numbers[name(i)];
      if (step !== undefined) view.k = step;
      rewalk(null, true);
    },
  };
}

export function begin(view) {
  const { lesson } = view,
    asked = lesson.address ? readAddress(view) : { leaves: [] };
  view.k = asked.step ?? lesson.step ?? 0;
  view.rule = asked.rule ?? lesson.rule ?? null;
  view.mode = asked.mode ?? (lesson.rule ? "wrong" : "step");
  for (const [i, x] of view.held ? [] : asked.leaves) view.leaves[i] = x;
}
