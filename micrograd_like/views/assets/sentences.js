// What a step says in words. Each sentence is about the pass that runs, right or wrong, and true of its events.

import { called } from "./equations.js";
import { isBackward, isForward } from "./model.js";
import { near, short } from "./numbers.js";

// For each node the nodes made from it, the last one first, twice for a + a.
export function usesOf(nodes) {
  const uses = nodes.map(() => []);
  for (let i = nodes.length - 1; i >= 0; i--) for (const x of nodes[i].inputs) uses[x].push(i);
  return uses;
}

function without(all, some) {
  const left = [...some];
  return all.filter((x) => {
    const at = left.indexOf(x);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const listed = (lesson, indices) =>
  [...new Set(indices)].map((i) => called(lesson.nodes[i])).join(", ");

// Where the turn of a node begins to which an event belongs.
function turnOf(events, at) {
  while (at > 0 && events[at - 1].node === events[at].node && events[at - 1].k < events[at].k)
    at -= 1;
  return at;
}

const arrivals = (events, from, to, node) => {
  const found = [];
  for (let at = from; at < to; at++) if (events[at].input === node) found.push(events[at].node);
  return found;
};

// Whether a node may pass back its gradient at this step.
export function readiness(lesson, uses, walked, at) {
  const { node } = walked.events[at],
    { name } = lesson.nodes[node],
    first = turnOf(walked.events, at);
  const again = walked.events
    .slice(walked.forward, first)
    .some((e) => isBackward(e) && e.node === node);
  if (again) return `${name} passes back again: what it sent before is sent once more.`;
  if (node === lesson.nodes.length - 1)
    return `${name} is the output: backward begins with its own gradient.`;
  const there = arrivals(walked.events, walked.forward, first, node),
    missing = without(uses[node], there);
  if (missing.length)
    return `${name} passes back too early: what comes from ${listed(lesson, missing)} is still missing.`;
  if (there.length > uses[node].length)
    return `${name} has got ${there.length} contributions for ${uses[node].length} uses: some came more than once.`;
  return `${name} is complete: all its uses (${listed(lesson, uses[node])}) have passed back to it.`;
}

// What the input of this step still waits for.
export function pending(lesson, uses, walked, at) {
  const { input } = walked.events[at],
    { name } = lesson.nodes[input],
    { events } = walked;
  const there = arrivals(events, walked.forward, at + 1, input),
    later = arrivals(events, at + 1, events.length, input);
  const missing = without(uses[input], there),
    coming = missing.filter((use) => later.includes(use));
  if (coming.length) return `${name} still waits for ${listed(lesson, coming)}.`;
  if (later.length) return `${name} has something from each of its uses, but more will come.`;
  if (missing.length) return `${name} never gets what comes from ${listed(lesson, missing)}.`;
  if (there.length > uses[input].length)
    return `${name} is finished, with ${there.length} contributions for ${uses[input].length} uses.`;
  return `${name} is complete now.`;
}

// What the mistake does at this step, held against the right step from the same numbers.
export function mistaken(lesson, now, walked, mistake, at) {
  const e = walked.events[at],
    { nodes } = lesson;
  if (!isBackward(e)) return "";
  if (mistake.report)
    return "Each step is right: the mistake is in what is written down in the end.";
  const slope = now.slopes[e.node][e.k],
    right = slope === 0 ? e.before : e.before + slope * e.upstream;
  const parts = [];
  if (!near(e.slope, slope, 1e-9))
    parts.push(`The local derivative is taken as ${short(e.slope)}; right is ${short(slope)}.`);
  if (!near(e.after, right, 1e-9))
    parts.push(
      `From these numbers the right step gives ${short(right)}; the mistake gives ${short(e.after)}.`,
    );
  else if (!mistake.order && !mistake.keeps && !mistake.seed)
    parts.push("Here the mistake makes no difference.");
  if (e.arrival === 0 && walked.start[e.input])
    parts.push(
      `${called(nodes[e.input])}.grad still held ${short(walked.start[e.input])} from a pass before.`,
    );
  return parts.join(" ");
}

// The index of the first step that differs from the right pass, or -1.
export function firstDifference(right, wrong) {
  const length = Math.min(right.events.length, wrong.events.length);
  for (let at = 0; at < length; at++) {
    const a = right.events[at],
      b = wrong.events[at];
    if (a.node !== b.node || a.input !== b.input || a.seed !== b.seed) return at;
    if (isBackward(a) && !(near(a.after, b.after, 1e-9) && near(a.slope, b.slope, 1e-9))) return at;
  }
  return right.events.length === wrong.events.length ? -1 : length;
}

// All that is said of a step: [why, the rest].
export function sentences({ lesson, ops, uses, now, shown, mistake }, at) {
  const event = shown.events[at],
    { nodes } = lesson,
    op = ops[nodes[event.node].op];
  if (isForward(event))
    return [op ? "" : "A leaf: here the graph begins. Drag it, or type another number.", ""];
  const { name } = nodes[event.node];
  if (event.seed !== undefined) {
    const said = `Backward begins here: if ${name} grows by 1, ${name} grows by 1, so ∂${name}/∂${name} = 1.`;
    if (event.seed === 1) return [said, ""];
    const before = shown.start[event.node];
    return [
      said,
      `This mistake begins with ${short(event.seed)}${before ? ", because something was left there" : ""}.`,
    ];
  }
  const wrong = mistake.name ? mistaken(lesson, now, shown, mistake, at) : "";
  const parts = [wrong, readiness(lesson, uses, shown, at), pending(lesson, uses, shown, at)];
  return [op?.why ?? "", parts.filter(Boolean).join(" ")];
}
