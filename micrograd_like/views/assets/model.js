// Both passes through a graph, step by step, right or with a mistake: arithmetic without a page.

import { MISTAKES } from "./mistakes.js";
import { abs, near } from "./numbers.js";

const MOST = 100000; // steps after which a pass along every path is given up, as in Python

// Every node's value, and its local derivatives, at these values of the leaves.
export function evaluate(nodes, ops, leaves) {
  const data = [],
    slopes = [];
  nodes.forEach((node, i) => {
    const xs = node.inputs.map((x) => data[x]),
      op = ops[node.op];
    data[i] = op ? op.value(...xs) : leaves[i];
    slopes[i] = slopesOf(nodes, node, op, data[i], xs);
  });
  return { data, slopes };
}

// The nodes of a lesson that came as columns, one text or list for each field: see `columns` in walk_page.py.
export function expanded({ flat }, ops) {
  const { stems, kinds, written, stem, number, op, kind, inputs, data, lines, line, late } = flat,
    nodes = [];
  let count = 0,
    at = 0;
  const arity = (i) => (op[i] ? flat.arity[op[i] - 1] : 0);
  for (let i = 0; i < stem.length; i++) {
    count += number[i];
    const node = { name: stems[stem[i]] + (number[i] ? count : ""), kind: kinds[kind[i]] };
    node.inputs = inputs.slice(at, (at += arity(i))).map((back) => (back > 0 ? i - back : -back));
    if (op[i]) node.op = written[op[i] - 1];
    if (node.kind === "constant") node.constant = true;
    if (Object.hasOwn(flat.shown, node.name)) node.shown = flat.shown[node.name];
    if (line[i]) node.line = lines[line[i] - 1];
    Object.assign(node, late[i]);
    nodes.push(node);
  }
  let leaf = 0;
  const every = data.length === nodes.length; // else only the leaves have numbers
  nodes.forEach((node, i) => {
    const xs = node.inputs.map((x) => nodes[x].data);
    node.data = Number(node.op && !every ? ops[node.op].value(...xs) : data[every ? i : leaf++]);
  });
  return nodes;
}

// JSON knows no infinity: such numbers come as words.
export function readNumbers(nodes) {
  for (const node of nodes) {
    node.data = Number(node.data);
    node.slopes &&= node.slopes.map(Number);
  }
  return nodes;
}

// The values as the engine recorded them. Local derivatives come along where they could not be
// computed from the values: an input was changed since, or the operation is not known here.
export function recorded(nodes, ops) {
  const data = nodes.map((node) => node.data);
  const slopes = nodes.map(
    (node, i) =>
      node.slopes ??
      slopesOf(
        nodes,
        node,
        ops[node.op],
        data[i],
        node.inputs.map((x) => data[x]),
      ),
  );
  return { data, slopes };
}

function slopesOf(nodes, node, op, out, xs) {
  const rule = op && out === out ? op.rule(out, ...xs) : xs.map(() => NaN);
  return rule.map((slope, k) => (nodes[node.inputs[k]].constant ? 0 : slope));
}

function* depthFirst(nodes, once) {
  const seen = new Set(),
    todo = [nodes.length - 1];
  while (todo.length) {
    const i = todo.pop();
    if (once && seen.has(i)) continue;
    seen.add(i);
    yield i;
    todo.push(...nodes[i].inputs.toReversed());
  }
}

function withoutVisited(nodes) {
  const listed = [],
    todo = [[nodes.length - 1, false]];
  while (todo.length && listed.length <= MOST) {
    const [i, ready] = todo.pop();
    if (ready) listed.push(i);
    else todo.push([i, true], ...nodes[i].inputs.toReversed().map((x) => [x, false]));
  }
  return todo.length ? null : listed.reverse();
}

// The orders in which nodes pass back; MISTAKES is written by Python from its entries.
const ORDERS = {
  "depth first": (nodes) => depthFirst(nodes, false),
  "first reach": (nodes) => depthFirst(nodes, true),
  forward: (nodes) => nodes.keys(),
  "every path": withoutVisited,
};
const KEPT = { leaves: (node) => !node.op, inner: (node) => node.op, all: () => true };

// What `walk` must know of a mistake: its entry, and from `rules` of a lesson what it means on that graph.
export const mistakeNamed = (name, rules = {}) => ({ name, ...MISTAKES[name], ...rules[name] });

export const isForward = (event) => event.input === undefined && event.seed === undefined;
export const isBackward = (event) => event.input !== undefined;

// All events of both passes, right or with a mistake, and the gradients in the end. An event is
// {node} on the way forward, {node, seed} where backward begins, then {node, input, k, slope, ...}.
export function walk(nodes, ops, now, mistake = {}) {
  const root = nodes.length - 1,
    { data } = now,
    { order, keeps, seed } = mistake;
  const events = [],
    grads = nodes.map(() => 0),
    arrived = nodes.map(() => []);
  nodes.forEach((node, i) => node.constant || events.push({ node: i }));
  if (keeps) {
    const before = walk(nodes, ops, now).grads;
    nodes.forEach((node, i) => {
      if (i !== root && KEPT[keeps](node)) grads[i] = before[i];
    });
  }
  const start = [...grads];
  const edges = nodes.reduce((sum, node) => sum + node.inputs.length, 0);
  const most = order ? Math.max(MOST, edges) : Infinity;
  const listed = order ? ORDERS[order](nodes) : [...nodes.keys()].reverse();
  const forward = events.length;
  const giveUp = () => ({
    events: events.slice(0, forward),
    grads: nodes.map(() => NaN),
    start,
    arrived: nodes.map(() => []),
    endless: most,
    forward,
  });
  if (!listed) return giveUp();
  grads[root] = seed ? seed(data[root]) : grads[root] + 1;
  events.push({ node: root, seed: grads[root] });
  const pass = {
    nodes,
    ops,
    now,
    mistake,
    shut: new Set(mistake.shut?.map(String)),
    grads,
    arrived,
    events,
  };
  let steps = 0;
  for (const i of listed) {
    steps += nodes[i].inputs.length;
    if (steps > most) return giveUp();
    passBack(pass, i);
  }
  if (mistake.report) report(pass);
  return { events, grads, start, arrived, forward };
}

function passBack({ nodes, ops, now, mistake, shut, grads, arrived, events }, i) {
  const node = nodes[i],
    op = ops[node.op],
    { accumulate, contribution: times, constants } = mistake;
  const rule = op?.wrong?.[mistake.name]?.rule ?? (constants && op?.rule);
  const used = rule ? rule(now.data[i], ...node.inputs.map((x) => now.data[x])) : now.slopes[i];
  for (const [k, x] of node.inputs.entries()) {
    const passes = !shut.has(`${i},${k}`) && (constants || !nodes[x].constant);
    const slope = passes ? used[k] : 0,
      upstream = grads[i],
      before = grads[x];
    if (slope !== 0 || !op?.gate) {
      const added = times ? times(slope, upstream) : slope * upstream;
      grads[x] = before && accumulate ? accumulate(before, added) : before + added; // the chain rule
    }
    if (nodes[x].constant && !slope) continue;
    events.push({
      node: i,
      input: x,
      k,
      slope,
      upstream,
      before,
      after: grads[x],
      arrival: arrived[x].length,
    });
    arrived[x].push(i);
  }
}

// What is written down in the end, where that is the mistake.
function report({ nodes, now, mistake, grads }) {
  nodes.forEach((node, i) => {
    if (node.constant) return;
    const own = now.slopes[i].find((_, k) => !nodes[node.inputs[k]].constant) ?? 1;
    const number = mistake.report(grads[i], own, now.data[i], mistake.lr, mistake.n);
    grads[i] = Number.isFinite(number) ? number : NaN;
  });
}

// What is written for a local derivative: as in a book, if that gives the engine's number. Else, as at a tie, the number
// itself; where the book's form has only lost its digits, it is what stands in names.
export function formula(op, k, numbers, slope, wrong) {
  if (wrong) return { at: wrong.rule, text: wrong.texts[k] };
  if (!op.book) return { at: op.rule, text: op.texts[k] };
  const number = op.book(...numbers)[k];
  if (near(number, slope, 1e-9)) return { at: op.book, text: op.bookTexts[k] };
  return { at: () => ({ [k]: slope }), text: "", names: abs(number - slope) <= 1e-9 ? op.bookTexts[k] : "" };
}

// How far a mistake leads away on a graph: how many gradients differ, then by how much at most.
export function difference(nodes, right, wrong) {
  let count = 0,
    most = 0;
  nodes.forEach((node, i) => {
    if (node.constant || near(right[i], wrong[i], 1e-9)) return;
    count += 1;
    const apart = abs(right[i] - wrong[i]) / Math.max(abs(right[i]), abs(wrong[i]));
    most = Math.max(most, apart === apart ? apart : 1);
  });
  return count + most / 2;
}
