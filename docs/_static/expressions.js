// The playground without Python: an expression becomes a graph that can be walked, predicted and dragged.
import { mount } from "./walk.js";
import { ops, rules } from "./ops.js";

const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\*\*|[-+*/^(),.=])|(\S))/gy;
const DEFAULTS = [2, -3, 1.5, 0.5, 4, -1];
const ALSO = new Map([["max", "maximum"], ["min", "minimum"], ["ln", "log"]]);
const SIGNS = { "+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow" };
const MOST = 60;

function tokens(line) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (const [, number, name, sign, other] of line.trim().matchAll(TOKEN)) {
    if (other) throw new Error(`“${other}” cannot be read here.`);
    found.push(number ? { number: Number(number) } : name ? { name } : { sign: sign === "^" ? "**" : sign });
  }
  return found;
}

// A program, one assignment a line, as the nodes of a graph; the last line is the output.
export function graphOf(text) {
  const nodes = [], named = new Map();
  const add = (node) => {
    if (nodes.length >= MOST) throw new Error(`More than ${MOST} nodes: write it in Python, below.`);
    return nodes.push(node) - 1;
  };
  const constant = (x) => add({ name: String(x), data: x, inputs: [], kind: "constant", constant: true });
  const leaf = (name) => {
    const count = nodes.filter((x) => x.kind === "input").length;
    return add({ name, data: DEFAULTS[count % DEFAULTS.length], inputs: [], kind: "input" });
  };
  const apply = (op, inputs) => {
    const rule = Object.hasOwn(ops, op) ? ops[op] : null;
    if (!rule) throw new Error(`There is no operation ${op}. Some are: exp, log, tanh, sigmoid, relu, sqrt, abs, max.`);
    if (rule.value.length !== inputs.length) throw new Error(`${op} takes ${rule.value.length}, and ${inputs.length} were given.`);
    const data = rule.value(...inputs.map((i) => nodes[i].data));
    if (!Number.isFinite(data)) throw new Error(`${op} of ${inputs.map((i) => nodes[i].data).join(" and ")} is not a finite number.`);
    if (inputs.every((i) => nodes[i].constant)) return constant(data);
    return add({ name: "", data, inputs, kind: "op", op });
  };
  for (const line of text.split(/[\n;]/)) {
    const all = tokens(line.replace(/#.*/, ""));
    if (!all.length) continue;
    const target = all[1]?.sign === "=" ? all[0].name : null;
    const rest = target ? all.slice(2) : all;
    if (target && rest.length <= 2 && rest.at(-1)?.number !== undefined && (rest.length === 1 || rest[0].sign === "-")) {
      const data = rest.length === 2 ? -rest[1].number : rest[0].number;
      named.set(target, add({ name: target, data, inputs: [], kind: "input" }));
      continue;
    }
    const made = parsed(rest, { constant, apply, of: (name) => named.get(name) ?? (named.set(name, leaf(name)), named.get(name)) });
    if (target) {
      const free = !nodes.some((x) => x.name === target);  // a name that is given anew stays with the first
      if (free && !nodes[made].name && nodes[made].kind === "op") nodes[made].name = target;
      named.set(target, made);
    }
    nodes.output = made;
  }
  if (nodes.output === undefined || nodes[nodes.output].kind !== "op") throw new Error("Type an expression, as in tanh(a*b + c).");
  return reached(nodes);
}

// The expression that tokens stand for: sums of products of powers of what stands alone.
function parsed(all, { constant, apply, of }) {
  let at = 0;
  const sign = (...signs) => (signs.includes(all[at]?.sign) ? all[at++].sign : null);
  const need = (wanted) => {
    if (!sign(wanted)) throw new Error(`A “${wanted}” is missing.`);
  };
  const inside = () => {
    const found = [];
    if (sign(")")) return found;
    do found.push(sum()); while (sign(","));
    need(")");
    return found;
  };
  function alone() {
    const token = all[at++];
    if (!token) throw new Error("Something is missing at the end.");
    let found;
    if (token.number !== undefined) found = constant(token.number);
    else if (token.name) found = sign("(") ? apply(ALSO.get(token.name) ?? token.name, inside()) : of(token.name);
    else if (token.sign === "(") { found = sum(); need(")"); }
    else throw new Error(`“${token.sign}” cannot stand here.`);
    while (sign(".")) {
      const method = all[at++]?.name;
      need("(");
      found = apply(ALSO.get(method) ?? method, [found, ...inside()]);
    }
    return found;
  }
  function power() {
    const base = alone();
    return sign("**") ? apply("pow", [base, signed()]) : base;
  }
  function signed() {
    if (sign("-")) return apply("neg", [signed()]);
    return sign("+") ? signed() : power();
  }
  function product() {
    let found = signed();
    for (let s; (s = sign("*", "/")); ) found = apply(SIGNS[s], [found, signed()]);
    return found;
  }
  function sum() {
    let found = product();
    for (let s; (s = sign("+", "-")); ) found = apply(SIGNS[s], [found, product()]);
    return found;
  }
  const found = sum();
  if (at < all.length) throw new Error(`“${all[at].sign ?? all[at].name ?? all[at].number}” is one too many.`);
  return found;
}

// The nodes from which the output was made, inputs first, each with a name.
function reached(nodes) {
  const used = new Set([nodes.output]);
  for (let i = nodes.length; i--; ) if (used.has(i)) nodes[i].inputs.forEach((x) => used.add(x));
  const kept = [...nodes.keys()].filter((i) => used.has(i));
  const place = new Map(kept.map((i, k) => [i, k]));
  let count = 0;
  const taken = new Set(kept.map((i) => nodes[i].name));
  const named = (node, i) => {
    if (node.name) return node.name;
    if (i === nodes.output && !taken.has("L")) return "L";
    do count += 1; while (taken.has(`v${count}`));
    return `v${count}`;
  };
  return kept.map((i) => ({
    ...nodes[i],
    name: named(nodes[i], i),
    inputs: nodes[i].inputs.map((x) => place.get(x)),
    kind: i === nodes.output ? "output" : nodes[i].kind,
  }));
}

// Places for boxes: columns by the longest way from the inputs; a long edge passes through each column.
function arranged(nodes, sizes, edges, vertical) {
  const rank = nodes.map(() => 0);
  nodes.forEach((node, i) => node.inputs.forEach((x) => { rank[i] = Math.max(rank[i], rank[x] + 1); }));
  for (let i = nodes.length; i--; )
    if (!nodes[i].inputs.length) rank[i] = Math.min(...edges.filter(([tail]) => tail === i).map(([, head]) => rank[head])) - 1;
  const items = nodes.map((_, i) => ({ rank: rank[i], size: sizes[i], next: [], before: [] }));
  const ways = edges.map(([tail, head]) => {
    const way = [items[tail]];
    for (let r = rank[tail] + 1; r < rank[head]; r++) {
      const bend = { rank: r, size: [118, 30], next: [], before: [], bend: true };
      items.push(bend);
      way.push(bend);
    }
    way.push(items[head]);
    way.slice(1).forEach((item, k) => { item.before.push(way[k]); way[k].next.push(item); });
    return way;
  });
  const columns = [];
  for (const item of items) (columns[item.rank] ??= []).push(item);
  const settle = () => columns.forEach((column) => column.forEach((item, k) => { item.order = k - (column.length - 1) / 2; }));
  settle();
  for (let turn = 0; turn < 8; turn++) {
    const side = turn % 2 ? "next" : "before";
    for (const column of columns) {
      const wish = (item) => item[side].reduce((sum, x) => sum + x.order, 0) / (item[side].length || 1);
      const wishes = new Map(column.map((item) => [item, item[side].length ? wish(item) : item.order]));
      column.sort((a, b) => wishes.get(a) - wishes.get(b));
      settle();
    }
  }
  const [along, across] = vertical ? [124, 148] : [210, 84];
  const reach = Math.max(...columns.map((column) => column.length)) * across;
  const long = (columns.length - 1) * along + (vertical ? 62 : 118);
  const at = (item) => {
    const far = item.rank * along + (vertical ? 31 : 59), wide = reach / 2 + item.order * across;
    return (vertical ? [wide, far] : [far, wide]).map(Math.round);
  };
  const routes = [], ends = [], labels = [];
  edges.forEach(([, head, place], k) => {
    const way = ways[k], shift = (place - (nodes[head].inputs.length - 1) / 2) * 24;
    const points = way.map(at);
    const half = (item) => (vertical ? item.size[1] : item.size[0]) / 2;
    const start = [...points[0]], end = [...points.at(-1)], axis = vertical ? 1 : 0;
    start[axis] += half(way[0]);
    end[axis] -= half(way.at(-1));
    end[1 - axis] += shift;
    const stops = [start, ...points.slice(1, -1), end];
    let path = `M${stops[0].join(" ")}`;
    for (let i = 1; i < stops.length; i++) {
      const [x0, y0] = stops[i - 1], [x, y] = stops[i], mx = (x0 + x) / 2, my = (y0 + y) / 2;
      path += vertical ? `C${x0} ${my} ${x} ${my} ${x} ${y}` : `C${mx} ${y0} ${mx} ${y} ${x} ${y}`;
    }
    routes.push(path);
    ends.push(end);
    labels.push(vertical ? [end[0], end[1] - 24] : [end[0] - 34, end[1]]);
  });
  const size = vertical ? [reach, long] : [long, reach];
  return { size: size.map(Math.ceil), centres: nodes.map((_, i) => at(items[i])), labels, routes, ends };
}

export function lessonOf(text, id) {
  const nodes = graphOf(text);
  const sizes = nodes.map((x) => (x.kind === "constant" ? [8 * x.name.length + 14, 22] : [Math.max(118, 9 * x.name.length + 60), 62]));
  const edges = nodes.flatMap((node, head) => node.inputs.map((tail, place) => [tail, head, place]));
  const used = new Set(nodes.map((x) => x.op));
  const offered = Object.entries(rules).filter(([, rule]) => !rule.ops.length || rule.ops.some((op) => used.has(op)));
  const layouts = { wide: arranged(nodes, sizes, edges, false), tall: arranged(nodes, sizes, edges, true) };
  return { id, step: 0, rule: null, nodes, code: [], rules: Object.fromEntries(offered), sizes, edges, layouts };
}

function show(text, graph, said) {
  try {
    const lesson = lessonOf(text, "graph");
    graph.replaceChildren();
    mount(graph, lesson, ops);
    said.textContent = "";
    history.replaceState(null, "", `#x=${encodeURIComponent(text)}`);
  } catch (error) {
    said.textContent = error.message;
  }
}

const form = document.querySelector("#expression");
if (form) {
  const field = form.querySelector("textarea"), said = form.querySelector("[role=status]");
  const graph = document.querySelector("#graph");
  const given = location.hash.startsWith("#x=") ? location.hash.slice(3) : "";
  try {
    if (given) field.value = decodeURIComponent(given);
  } catch {
    said.textContent = "This address holds no expression.";
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); show(field.value, graph, said); });
  show(field.value, graph, said);
}
