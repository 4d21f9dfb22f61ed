// The live view of a walk: the graph, and both passes through it, one step at a time.
//
// It is given the graph and the operations (written from the table of `ops.py`), not the steps, and computes
// everything anew when a leaf moves. `evaluate` and `walk` run without a page; `mount` needs one.

// ---- numbers -------------------------------------------------------------------------------------------------

const { abs, acos, asin, atan, atan2, cos, cosh, exp, expm1, hypot, log, log1p, sin, sinh, sqrt, tan, tanh } = Math;
const maximum = (a, b) => (a > b || a !== a ? a : b);
const minimum = (a, b) => (a < b || a !== a ? a : b);
const step = (a) => (a > 0 ? 1 : a <= 0 ? 0 : a);
const mod = (a, b) => { const r = a % b; return r !== 0 && r < 0 !== b < 0 ? r + b : r; }; // with b's sign, as Python
const floordiv = (a, b) => Math.round((a - mod(a, b)) / b);

function erfc(a) { // by its continued fraction (Abramowitz and Stegun, 7.1.14), near 0 by erf's series
  if (abs(a) < 2) return 1 - erf(a);
  if (a < 0) return 2 - erfc(-a);
  let tail = 0;
  for (let k = 120; k > 0; k--) tail = k / 2 / (a + tail);
  return exp(-a * a) / ((a + tail) * sqrt(Math.PI));
}

function erf(a) { // Abramowitz and Stegun, 7.1.6
  if (abs(a) >= 2) return 1 - erfc(a);
  let term = a, sum = a;
  for (let k = 1; k < 60; k++) sum += term *= (2 * a * a) / (2 * k + 1);
  return (2 / sqrt(Math.PI)) * exp(-a * a) * sum;
}

export const primitives = {
  abs, acos, asin, atan, atan2, cos, cosh, erf, erfc, exp, expm1, floordiv, hypot, log, log1p, maximum, minimum, mod,
  sin, sinh, sqrt, step, tan, tanh,
};

// Every node's value, and its local derivatives, at these values of the leaves; a node in `fixed` is held there.
export function evaluate(nodes, ops, leaves, fixed = {}) {
  const data = [], slopes = [];
  nodes.forEach((node, i) => {
    const xs = node.inputs.map((x) => data[x]), op = ops[node.op];
    data[i] = i in fixed ? fixed[i] : op ? op.value(...xs) : leaves[i];
    const rule = op && data[i] === data[i] ? op.rule(data[i], ...xs) : xs.map(() => NaN);
    slopes[i] = rule.map((slope, k) => (nodes[node.inputs[k]].constant ? 0 : slope));
  });
  return { data, slopes };
}

function* depthFirst(nodes, once) {
  const seen = new Set(), todo = [nodes.length - 1];
  while (todo.length) {
    const i = todo.pop();
    if (once && seen.has(i)) continue;
    seen.add(i);
    yield i;
    todo.push(...nodes[i].inputs.toReversed());
  }
}

function withoutVisited(nodes) {
  const listed = [], todo = [[nodes.length - 1, false]];
  while (todo.length && listed.length <= MOST) {
    const [i, ready] = todo.pop();
    if (ready) listed.push(i);
    else todo.push([i, true], ...nodes[i].inputs.toReversed().map((x) => [x, false]));
  }
  return todo.length ? null : listed.reverse();
}

const MOST = 100000; // steps after which a pass along every path is given up, as in Python; the right pass has no limit

// The orders in which nodes pass back; MISTAKES, written by Python from their entries, stands before this file.
const ORDERS = {
  "depth first": (nodes) => depthFirst(nodes, false),
  "first reach": (nodes) => depthFirst(nodes, true),
  forward: (nodes) => nodes.keys(),
  "every path": withoutVisited,
};
const KEPT = { leaves: (node) => !node.op, inner: (node) => node.op, all: () => true };

// What `walk` must know of a mistake: its entry, and from `rules` of a lesson what it means on that graph.
export const mistakeNamed = (name, rules = {}) => ({ name, ...MISTAKES[name], ...rules[name] });

// All events of both passes, right or with a mistake, and the gradients in the end.
export function walk(nodes, ops, { data, slopes }, mistake = {}) {
  const root = nodes.length - 1, { accumulate, contribution: times, order, keeps, seed, report, constants } = mistake;
  const shut = new Set(mistake.shut?.map(String));
  const most = order ? Math.max(MOST, nodes.reduce((sum, node) => sum + node.inputs.length, 0)) : Infinity;
  let steps = 0;
  const events = [], grads = nodes.map(() => 0), arrived = nodes.map(() => []);
  nodes.forEach((node, i) => node.constant || events.push({ node: i }));
  if (keeps) {
    const before = walk(nodes, ops, { data, slopes }).grads;
    nodes.forEach((node, i) => { if (i !== root && KEPT[keeps](node)) grads[i] = before[i]; });
  }
  const start = [...grads], listed = order ? ORDERS[order](nodes) : [...nodes.keys()].reverse();
  const endless = { events: events.slice(0, nodes.length), grads: nodes.map(() => NaN), start, arrived, endless: most };
  if (!listed) return endless;
  grads[root] = seed ? seed(data[root]) : grads[root] + 1;
  for (const i of listed) {
    const node = nodes[i], op = ops[node.op], rule = op?.wrong?.[mistake.name]?.rule ?? (constants && op?.rule);
    const used = rule ? rule(data[i], ...node.inputs.map((x) => data[x])) : slopes[i];
    for (const [k, x] of node.inputs.entries()) {
      if (steps++ >= most) return { ...endless, arrived: nodes.map(() => []) };
      const passes = !shut.has(`${i},${k}`) && (constants || !nodes[x].constant);
      const slope = passes ? used[k] : 0, upstream = grads[i], before = grads[x];
      if (slope !== 0 || !op.gate) {
        const contribution = times ? times(slope, upstream) : slope * upstream;
        grads[x] = before && accumulate ? accumulate(before, contribution) : before + contribution; // the chain rule
      }
      if (nodes[x].constant && !slope) continue;
      events.push({ node: i, input: x, k, slope, upstream, before, after: grads[x], arrival: arrived[x].length });
      arrived[x].push(i);
    }
  }
  if (report) {
    nodes.forEach((node, i) => {
      if (node.constant) return;
      const own = slopes[i].find((_, k) => !nodes[node.inputs[k]].constant) ?? 1;
      const number = report(grads[i], own, data[i], mistake.lr, mistake.n);
      grads[i] = Number.isFinite(number) ? number : NaN;
    });
  }
  return { events, grads, start, arrived };
}

export function short(x, digits = 4) {
  if (x !== x || abs(x) === Infinity) return x !== x ? "undefined" : x > 0 ? "∞" : "−∞";
  const number = Number(x.toPrecision(digits)) || 0;
  const far = abs(number) >= 1e6 || (number && abs(number) < 1e-4);
  return far ? number.toExponential().replace("e+", "e") : String(number);
}

const near = (a, b, tolerance) => a === b || abs(a - b) <= tolerance * Math.max(abs(a), abs(b));

// The numbers with no more digits than it takes to compute the right result, to four digits, from them.
export function rounded(numbers, compute, digits = 4) {
  const right = compute(...numbers);
  for (let enough = digits; enough < 17; enough++) {
    const fewer = numbers.map((x) => Number(x.toPrecision(enough)));
    if (near(compute(...fewer), right, 0.5 * 10 ** (1 - digits))) return fewer;
  }
  return numbers;
}

// What is written for a local derivative: as in a book, if that gives the engine's number.
export function formula(op, k, numbers, slope, wrong) {
  if (wrong) return { at: wrong.rule, text: wrong.texts[k] };
  const book = op.book && near(op.book(...numbers)[k], slope, 1e-9);
  return book ? { at: op.book, text: op.bookTexts[k] } : { at: op.rule, text: op.texts[k] };
}

// ---- the page ------------------------------------------------------------------------------------------------

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const bracketed = (ml) => (ml.startsWith("<mo>−") ? `<mo>(</mo>${ml}<mo>)</mo>` : ml);
const mn = (x) => (x < 0 ? "<mo>−</mo>" : "") + `<mn>${short(x, 17).replace(/^[-−]/, "")}</mn>`;

function mi(name) {
  const match = /^([\p{L}\p{M}_]+)\[?(\d+)\]?$/u.exec(name);
  return match ? `<msub><mi>${match[1]}</mi><mn>${match[2]}</mn></msub>` : `<mi>${escape(name)}</mi>`;
}

// A number below 0 goes without parentheses where a term begins.
const fill = (text, parts) =>
  text.replace(/\{(out|[abc])\}/g, (place, key, at) => {
    const part = parts[["out", "a", "b", "c"].indexOf(key)];
    return /(^|[(,]<\/mo>|<mfrac><mrow>|<\/mrow><mrow>)$/.test(text.slice(0, at)) ? part : bracketed(part);
  });

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  first: "M4 3v10M13 3 6 8l7 5z", back: "M11 3 4 8l7 5z", play: "M4 2.5 13 8l-9 5.5z", pause: "M4 3h3v10H4zM9 3h3v10H9z",
  step: "M5 3l7 5-7 5z", last: "M12 3v10M3 3l7 5-7 5z", plus: "M8 3v10M3 8h10", minus: "M3 8h10", fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  undo: "M5 3 2 6l3 3M2 6h7a4 4 0 0 1 0 8H6",
};

function h(tag, props = {}, ...children) {
  const svg = props.svg || ["svg", "path", "g", "rect", "text", "title", "circle", "polyline", "line"].includes(tag);
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "html") element.innerHTML = value;
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
  }
  if (element.matches("button, input, select, textarea, summary, a[href], [tabindex]")) leaveKeysAlone(element);
  element.append(...children.flat().filter((x) => x != null));
  return element;
}

// JupyterLab looks at the focused element first: without this attribute there, x would cut the cell.
const leaveKeysAlone = (element) => element.setAttribute("data-lm-suppress-shortcuts", "true");

const icon = (name) =>
  h("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" }, h("path", { d: ICONS[name] }));
// An equation, which may go on in the next line before a sign of equality.
// A minus at the start of a term is a sign, not a subtraction: MathML spaces the two differently.
const signed = (ml) => ml.replace(/(^|<mo>[=(·,+−]<\/mo>|<mrow>)<mo>−<\/mo>/g, '$1<mo form="prefix">−</mo>');
const math = (ml) => h("span", { class: "math", html: `<math>${signed(ml).replaceAll("<mo>=</mo>", "</math> <math><mo>=</mo>")}</math>` });
const put = (element, ...children) => element.replaceChildren(...children.flat().filter((x) => x != null));

// Show a lesson in an element. The answer has `step`, `leaves` and `set({step, leaves})`; `changed` is called with
// every change that the reader makes.
export function mount(root, lesson, ops, changed = () => {}) {
  const { nodes } = lesson, last = nodes.length - 1;
  const leafIndices = nodes.flatMap((node, i) => (node.op || node.constant ? [] : [i]));
  const recorded = nodes.map((node) => node.data);
  let leaves = [...recorded], k = 0, mode = "step", rule = "overwrite", playing = null, zoom = 0, opened = null;
  let nudged = leafIndices[0], h0 = 0.1, solved = false, tries = 0, reply = "";
  let now, right, shown; // values; the right walk; the walk on the screen
  const name = (i) => nodes[i].name;
  const wrongOf = (i) => (mode === "wrong" ? ops[nodes[i].op]?.wrong?.[rule] : undefined);
  const current = () => (mode === "wrong" ? mistakeNamed(rule, lesson.rules) : {});
  const operands = (i) => nodes[i].inputs.map((x) => now.data[x]);

  function compute() {
    now = evaluate(nodes, ops, leaves);
    right = walk(nodes, ops, now);
    shown = mode === "wrong" ? walk(nodes, ops, now, current()) : right;
    shown.positions = {};
    shown.events.forEach((e, at) => { if (e.input === undefined) shown.positions[e.node] = at; });
    k = Math.min(k, shown.events.length);
  }

  const practice = lesson.exercise ? exercise(root, lesson, changed) : null; // of exercise.js

  // -- what a step says

  const label = (i) => (nodes[i].constant ? mn(leaves[i]) : mi(name(i)));

  function forwardMath(event) {
    const node = nodes[event.node], op = ops[node.op], start = `${mi(name(event.node))}<mo>=</mo>`;
    if (!op) return [start, mn(Number(short(now.data[event.node])))];
    const xs = rounded(operands(event.node), op.value);
    const parts = [fill(op.text, ["", ...node.inputs.map(label)]), fill(op.text, ["", ...xs.map(mn)])];
    return [start + [...new Set(parts)].join("<mo>=</mo>") + "<mo>=</mo>", mn(Number(short(now.data[event.node])))];
  }

  function backwardMath(event) {
    const { node, input, k: place, slope, upstream, before, after, arrival } = event;
    const own = [now.data[node], ...operands(node)], names = [node, ...nodes[node].inputs].map(label);
    const op = ops[nodes[node].op], ruled = op.gate && slope === 0 ? {} : current(); // a shut gate adds nothing
    const { at, text } = formula(op, place, own, slope, wrongOf(node));
    const { accumulate, contribution = (s, u) => s * u, sum = "{before}<mo>+</mo>{product}", product = "{slope}<mo>·</mo>{upstream}" } = ruled;
    const add = (b, c) => (b && accumulate ? accumulate(b, c) : b + c);
    const placed = (text, parts) => text.replace(/\{(\w+)\}/g, (_, part) => parts[part]);
    const [u, b, ...xs] = rounded([upstream, before, ...own], (u, b, ...xs) => add(b, contribution(at(...xs)[place], u)));
    const grad = `<mfrac><mrow><mo>∂</mo>${mi(name(last))}</mrow><mrow><mo>∂</mo>${mi(name(node))}</mrow></mfrac>`;
    const factor = (ml) => (/<mo>[+−]|^<mfrac/.test(ml) ? `<mo>(</mo>${ml}<mo>)</mo>` : ml);
    const parts = [[fill(text, names), node === last ? mn(u) : grad], [fill(text, xs.map(mn)), bracketed(mn(u))]]
      .map(([s, u]) => {
        const term = placed(product, { slope: factor(s), upstream: u });
        return before || (arrival && !ruled.sum) ? placed(sum, { before: mn(b), product: term }) : term;
      });
    return [`${mi(name(input))}<mtext>.grad</mtext><mo>=</mo>${[...new Set(parts)].join("<mo>=</mo>")}<mo>=</mo>`, mn(Number(short(after)))];
  }

  const eventMath = (event) => (event.input === undefined ? forwardMath(event) : backwardMath(event));

  function waiting(x, arrivals) {
    const there = [...arrivals], uses = [];
    for (let i = last; i >= 0; i--) for (const y of nodes[i].inputs) if (y === x) uses.push(i);
    return uses.filter((use) => { const at = there.indexOf(use); if (at >= 0) there.splice(at, 1); return at < 0; });
  }

  const list = (indices) => [...new Set(indices)].map(name).join(", ");

  function reasons(event) {
    const { node, input, arrival } = event, op = ops[nodes[node].op];
    if (input === undefined) return [op ? "" : "A leaf: here the graph begins. Drag it, or type another number.", ""];
    const first = shown.events.findIndex((e) => e.input !== undefined && e.node === node);
    const before = shown.events.slice(0, first).filter((e) => e.input === node).map((e) => e.node);
    const late = waiting(node, before), uses = list(waiting(node, []));
    const ready = node === last ? `${name(node)} is the output, so its own gradient is 1.`
      : late.length ? `${name(node)} is handled too early: what comes from ${list(late)} is still missing.`
      : `${name(node)} is complete: all its uses (${uses}) have handed on to it.`;
    const left = waiting(input, shown.arrived[input].slice(0, arrival + 1));
    const pending = left.length ? `${name(input)} still waits for ${list(left)}.` : `${name(input)} is complete now.`;
    return [op.why, `${ready} ${pending}`];
  }

  // -- parts of the page

  const button = (picture, title, action, keys) =>
    h("button", { type: "button", title: keys ? `${title} (${keys})` : title, "aria-label": title, onclick: action }, icon(picture));
  const playButton = button("play", "Play", () => play(!playing), "P");
  const slider = h("input", { type: "range", min: 0, step: 1, value: 0, class: "where", "aria-label": "Step", oninput: () => go(+slider.value) });
  const counter = h("output", { class: "counter" });
  const jump = h("select", { "aria-label": "Go to node", onchange: () => { until(+jump.value); jump.value = ""; } },
    h("option", { value: "" }, "Go to…"), nodes.flatMap((node, i) => (node.constant || i > 400 ? [] : [h("option", { value: i }, node.name)])));
  const modes = h("div", { class: "modes", role: "radiogroup", "aria-label": "Mode" },
    [["step", "Step"], ["predict", "Predict"], ["nudge", "Nudge"], ["wrong", "Wrong on purpose"]].map(([value, title]) =>
      h("label", {}, h("input", { type: "radio", value, checked: value === mode, onchange: () => setMode(value) }), title)));
  const bar = h("div", { class: "bar" },
    button("first", "To the start", () => go(0), "Home"), button("back", "Back", () => go(k - 1), "Left"), playButton,
    button("step", "Step", () => forwardStep(), "Right"), button("last", "To the end", () => go(Infinity), "End"), slider, counter, jump);
  const scroller = h("div", { class: "graph" }), zoomer = h("div", { class: "zoom" });
  const group = h("div", { class: "group", hidden: true });
  const tell = h("div", { class: "tell", role: "status", "aria-live": "polite" });
  const side = h("div", { class: "side" });
  const code = h("pre", { class: "code", "aria-label": "Code" });
  const inputs = h("div", { class: "leaves" });
  const table = h("tbody");
  const trace = h("details", { class: "trace", open: nodes.length <= 60 }, h("summary", {}, "Trace table"),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Forward, read downward"), h("th", {}, "Backward, read upward"))), table));

  // -- the graph

  let boxes = [], edges = [], svg, plan;
  const fit = (layout) => Math.min(1, (scroller.clientWidth || 800) / (layout.size[0] + 16));
  const groupOf = new Map();
  (lesson.groups ?? nodes.map((_, i) => ({ nodes: [i] }))).forEach((g, at) => g.nodes.forEach((i) => groupOf.set(i, at)));
  const drawn = lesson.groups ?? nodes.map((node, i) => ({ nodes: [i], kind: node.kind }));

  function outline(kind, w, t) {
    const x = -w / 2, y = -t / 2;
    if (kind === "parameter") return `M${x + 9} ${y}H${-x}V${-y}H${x + 9}L${x} 0z`;
    const r = kind === "input" ? Math.min(t / 2, 18) : 6, q = kind === "input" ? 0 : 6;
    return `M${x + r} ${y}H${-x - q}q${q} 0 ${q} ${q}V${-y - q}q0 ${q} ${-q} ${q}H${x + r}q${-r} 0 ${-r} ${-r}V${y + r}q0 ${-r} ${r} ${-r}z`;
  }

  function drawGraph() {
    const { wide, tall } = lesson.layouts;
    const next = tall && fit(wide) < 0.75 && fit(tall) > fit(wide) ? tall : wide;
    if (next === plan) return;
    plan = next;
    const [width, height] = plan.size;
    svg = h("svg", { viewBox: `-8 -8 ${width + 16} ${height + 16}`, role: "group", "aria-label": "Graph" });
    edges = plan.routes.map((route, i) => {
      const [tail, head, place] = lesson.edges[i], [x, y] = plan.ends[i];
      const label = h("text", { x: plan.labels[i][0], y: plan.labels[i][1] - (plan === tall ? 0 : 3), class: "slope" });
      const tip = plan === tall ? `M${x} ${y}l-4 -7h8z` : `M${x} ${y}l-7 -4v8z`;
      const edge = h("g", { class: "edge" }, h("path", { class: "wire", d: route }), h("path", { class: "tip", d: tip }), label);
      return Object.assign(edge, { tail, head, place, label });
    });
    boxes = drawn.map((g, at) => {
      const [w, t] = lesson.sizes[at], i = g.nodes[0], node = nodes[i], many = g.nodes.length > 1;
      const box = h("g", { class: `box ${g.kind}`, transform: `translate(${plan.centres[at].join(" ")})`, "data-node": i });
      if (g.kind === "constant") box.append(h("text", { class: "constant", y: 4 }, g.title ?? short(leaves[i])));
      else {
        const left = -w / 2 + (["input", "parameter"].includes(g.kind) ? 15 : 9), end = w / 2 - 9, sign = many ? g.what : ops[node.op]?.sign;
        const shape = (grow) => h("path", { class: "shape", d: outline(g.kind, w - grow, t - grow) });
        if (many) box.append(h("path", { class: "shape behind", transform: "translate(4 -4)", d: outline(g.kind, w, t) }));
        box.append(shape(0), ...(g.kind === "output" ? [shape(6)] : []));
        const title = h("text", { class: "name", x: left, y: -t / 2 + 18 }, g.title ?? node.shown ?? node.name);
        if (sign) title.append(h("tspan", { svg: true, class: "sign", dx: 6 }, sign));
        box.append(title, h("title", {}, many ? `${g.nodes.length} nodes: click to open` : node.name));
        box.rows = ["data", "grad"].map((what, row) => {
          const y = -t / 2 + 36 + 15 * row, value = h("text", { class: `value ${what}`, x: end, y });
          box.append(h("text", { class: "what", x: left, y }, what), value);
          return value;
        });
      }
      if (!practice) box.addEventListener("click", () => (box.moved ? (box.moved = false) : many ? open(at) : node.constant || until(i)));
      if (many) {
        Object.entries({ tabindex: 0, role: "button" }).forEach((x) => box.setAttribute(...x));
        leaveKeysAlone(box);
        box.addEventListener("keydown", (e) => { if (e.key === "Enter") open(at); });
      }
      if (!node.op && !node.constant && !many && !practice) draggable(box, i);
      return Object.assign(box, { group: g, many });
    });
    svg.append(...edges, ...boxes);
    put(scroller, svg);
    resize();
    practice?.draw(svg, boxes, edges, plan);
  }

  function draggable(box, i) {
    box.classList.add("leaf");
    let from = null;
    box.addEventListener("pointerdown", (e) => { from = [e.clientX, leaves[i]]; box.setPointerCapture(e.pointerId); e.preventDefault(); root.focus({ preventScroll: true }); });
    box.addEventListener("pointermove", (e) => {
      if (!from || (abs(e.clientX - from[0]) < 3 && !box.moved)) return;
      box.moved = true;
      setLeaf(i, Number((from[1] + (e.clientX - from[0]) * 0.02 * Math.max(1, abs(recorded[i]) / 2)).toPrecision(3)));
    });
    box.addEventListener("pointerup", () => (from = null));
  }

  function resize() {
    if (!plan) return;
    const scale = zoom || Math.max(fit(plan), 0.75);
    svg.setAttribute("width", (plan.size[0] + 16) * scale);
    svg.setAttribute("height", (plan.size[1] + 16) * scale);
  }

  function setZoom(factor) {
    zoom = factor && Math.min(3, Math.max(0.15, (zoom || Math.max(fit(plan), 0.75)) * factor));
    resize();
  }

  function panning() {
    let from = null;
    scroller.addEventListener("pointerdown", (e) => { if (e.pointerType === "mouse" && !e.target.closest(".leaf")) from = [e.clientX + scroller.scrollLeft, e.clientY + scroller.scrollTop]; });
    scroller.addEventListener("pointermove", (e) => { if (from && e.buttons) scroller.scrollTo(from[0] - e.clientX, from[1] - e.clientY); else from = null; });
    scroller.addEventListener("wheel", (e) => { if (e.ctrlKey || e.metaKey) { e.preventDefault(); setZoom(exp(-e.deltaY / 300)); } }, { passive: false });
  }

  function open(at) {
    opened = opened === at ? null : at;
    renderGroup();
  }

  function renderGroup() {
    group.hidden = opened === null;
    if (opened === null) return;
    const { nodes: members, title } = drawn[opened], grads = gradsNow();
    put(group, h("div", { class: "head" }, h("b", {}, `${title ?? ""} stands for ${members.length} nodes`), h("button", { type: "button", onclick: () => open(opened) }, "Close")),
      h("div", { class: "members" }, members.slice(0, 200).map((i) =>
        h("button", { type: "button", "data-node": i, onclick: () => until(i) }, h("b", {}, name(i)), ` ${short(now.data[i])}`, h("small", {}, grads[i] === null ? "" : ` grad ${short(grads[i])}`)))));
  }

  // -- what changes with a step

  function gradsNow() {
    const grads = nodes.map(() => null), forward = shown.events.findIndex((e) => e.input !== undefined);
    if (k > 0 && k >= (forward < 0 ? Infinity : forward)) {
      nodes.forEach((_, i) => { if (shown.start[i]) grads[i] = shown.start[i]; });
      grads[last] = current().seed ? current().seed(now.data[last]) : 1;
    }
    for (let i = 0; i < k; i++) if (shown.events[i].input !== undefined) grads[shown.events[i].input] = shown.events[i].after;
    if (current().report && k === shown.events.length) nodes.forEach((node, i) => { if (!node.constant) grads[i] = shown.grads[i]; });
    return grads;
  }

  function render() {
    if (practice) return;
    const event = shown.events[k - 1], hidden = mode === "predict" && event && !solved && (event.input !== undefined || nodes[event.node].op);
    const target = event && (event.input ?? event.node), grads = gradsNow(), total = shown.events.length;
    const positions = shown.positions;
    slider.max = total;
    slider.value = k;
    slider.setAttribute("aria-valuetext", `step ${k} of ${total}`);
    counter.textContent = `${k} / ${total}`;
    for (const box of boxes) {
      const { nodes: members } = box.group, i = members[0], active = event && members.includes(event.node), aim = event && event.input !== undefined && members.includes(event.input);
      box.classList.toggle("active", Boolean(active));
      box.classList.toggle("aim", Boolean(aim));
      if (!box.rows) continue;
      if (box.many) {
        const spread = (all) => (all.length ? [...new Set([Math.min(...all), Math.max(...all)].map((x) => short(x, 2)))].join(" … ") : "");
        box.rows[0].textContent = spread(members.filter((x) => positions[x] < k).map((x) => now.data[x]));
        box.rows[1].textContent = spread(members.filter((x) => grads[x] !== null).map((x) => grads[x]));
        continue;
      }
      const reached = positions[i] < k, ask = hidden && target === i;
      box.classList.toggle("blank", !reached);
      box.rows[0].textContent = !reached ? "" : ask && event.input === undefined ? "?" : short(now.data[i]);
      box.rows[1].textContent = grads[i] === null ? "" : ask && event.input !== undefined ? "?" : short(grads[i]);
      box.rows[1].classList.toggle("off", mode === "wrong" && grads[i] !== null && k === total && !near(grads[i], right.grads[i], 1e-9));
    }
    for (const edge of edges) {
      const on = event && event.input !== undefined && groupOf.get(event.input) === edge.tail && groupOf.get(event.node) === edge.head && (lesson.groups || event.k === edge.place);
      edge.classList.toggle("active", Boolean(on));
      if (lesson.groups) continue;
      const slope = now.slopes[edge.head][edge.place], constant = nodes[edge.tail].constant;
      edge.label.textContent = constant || !(positions[edge.head] < k) ? "" : short(slope, 3);
    }
    renderTell(event, hidden);
    renderCode(event);
    renderTrace(hidden);
    renderSide();
    renderGroup();
    playButton.replaceChildren(icon(playing ? "pause" : "play"));
    playButton.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (event) reveal(boxes[groupOf.get(target)]);
  }

  function reveal(box) {
    if (!box || scroller.scrollWidth <= scroller.clientWidth + 1 && scroller.scrollHeight <= scroller.clientHeight + 1) return;
    const a = box.getBoundingClientRect(), b = scroller.getBoundingClientRect();
    if (a.left < b.left + 8 || a.right > b.right - 8) scroller.scrollLeft += (a.left + a.right - b.left - b.right) / 2;
    if (a.top < b.top + 8 || a.bottom > b.bottom - 8) scroller.scrollTop += (a.top + a.bottom - b.top - b.bottom) / 2;
  }

  function renderTell(event, hidden) {
    if (!event) {
      put(tell, h("p", { class: "big" }, "Press the right arrow key, or Step."), h("p", { class: "why" }, "First forward: each node gets its value. Then backward: each node hands its gradient on to its inputs."));
      return;
    }
    const [start, result] = eventMath(event), [why, ready] = reasons(event), phase = event.input === undefined ? "Forward" : "Backward";
    const line = nodes[event.node].line, where = line ? ` Line ${lesson.code[line[0]][0]}.` : "";
    const said = h("p", { class: "big", "data-node": event.node }, math(start + (hidden ? "" : result)), hidden ? question(event) : null);
    put(tell, h("p", { class: "phase" }, `${phase}, step ${k}.${where}`), said, hidden && !solved ? null : h("p", { class: "why" }, why), h("p", { class: "ready" }, ready),
      mode === "predict" && reply ? h("p", { class: solved ? "good" : "bad" }, reply) : null);
    if (hidden) { const field = tell.querySelector("input"); if (root.contains(document.activeElement)) field.focus({ preventScroll: true }); }
  }

  // -- predict

  function question(event) {
    const field = h("input", { class: "answer", inputmode: "text", autocomplete: "off", "aria-label": "Your number", placeholder: "?" });
    return h("form", { class: "ask", onsubmit: (e) => { e.preventDefault(); mark(event, field.value); } }, field,
      h("button", { type: "submit" }, "Check"), h("button", { type: "button", onclick: () => { solved = true; reply = "Shown."; render(); root.focus(); } }, "Show"));
  }

  function mark(event, text) {
    const [top, bottom = "1", ...rest] = text.replace(/[−–]/g, "-").replace(",", ".").split("/"), answer = top.trim() === "" || rest.length ? NaN : Number(top) / Number(bottom);
    const wanted = event.input === undefined ? now.data[event.node] : event.after, close = (x) => near(answer, x, 0.01) || abs(answer - x) < 1e-9;
    tries += 1;
    if (answer !== answer) reply = "Type a number, as in -1.5 or -3/2.";
    else if (close(wanted)) { solved = true; reply = `Right: ${short(wanted)}.`; }
    else if (event.input === undefined) reply = `Not yet: ${short(answer)} is not what the operation gives at these numbers.`;
    else if (event.before && close(event.slope * event.upstream)) reply = `That is this contribution alone. Add it to what ${name(event.input)} has: ${short(event.before)}.`;
    else if (close(event.before + event.slope)) reply = "That is the local derivative alone. Multiply it by the upstream gradient.";
    else if (close(event.before + event.upstream)) reply = "That is the upstream gradient alone. Multiply it by the local derivative.";
    else if (close(event.before - event.slope * event.upstream) || close(-wanted)) reply = "Look at the sign again.";
    else reply = "Not yet. Local derivative times upstream gradient, added to what is there.";
    render();
    if (solved) root.focus({ preventScroll: true });
  }

  // -- code, table, leaves

  function renderCode(event) {
    if (!lesson.code.length) return;
    const line = event && nodes[event.node].line;
    if (!code.rows) put(code, (code.rows = lesson.code.map(([number, text], row) => Object.assign(h("div"), { number, text, row }))));
    for (const row of code.rows) {
      if (line?.[0] !== row.row && !row.classList.contains("current") && row.firstChild) continue;
      const [from, to] = line?.[0] === row.row ? line.slice(1) : [0, 0];
      row.classList.toggle("current", line?.[0] === row.row);
      put(row, h("span", { class: "no" }, String(row.number)), row.text.slice(0, from), to > from ? h("mark", { "data-node": event.node }, row.text.slice(from, to)) : "", row.text.slice(to));
    }
  }

  const MANY = 400; // events; beyond it the table shows those around the step

  let cells = [], built = null, done = 0, early = true;

  function renderTrace(hidden) {
    if (!trace.open || early) return;
    const { events } = shown, middle = events.length > MANY ? events[Math.max(k - 1, 0)].node : null, full = built?.events !== events || built.middle !== middle;
    if (full) buildTrace(events, middle);
    const [from, to] = full ? [0, events.length] : [Math.min(done, k) - 1, Math.max(done, k)];
    for (let at = Math.max(from, 0); at < to; at++) {
      const e = events[at], cell = cells[at], known = at < k && !(hidden && at === k - 1);
      if (!cell) continue;
      cell.className = at === k - 1 ? "current" : known ? "" : "ahead";
      if (cell.known !== known) put(cell, known ? math(eventMath(e).join("")) : e.input === undefined ? name(e.node) : `${name(e.input)}.grad`);
      cell.known = known;
    }
    done = k;
  }

  function buildTrace(events, middle) {
    const steps = nodes.map(() => []), near = (i) => middle === null || abs(i - middle) < 12;
    built = { events, middle };
    cells = events.map((e) => (near(e.node) ? h("div", { "data-node": e.node }) : null));
    events.forEach((e, at) => e.input !== undefined && cells[at] && steps[e.node].unshift(cells[at]));
    put(table, events.flatMap((e, at) => (e.input === undefined && cells[at] ? [h("tr", {}, h("td", {}, cells[at]), h("td", {}, steps[e.node]))] : [])));
  }

  function renderSide() {
    if (mode === "nudge") return renderNudge();
    if (mode !== "wrong") return put(side);
    const { idea, harmless } = lesson.rules[rule], rows = nodes.flatMap((node, i) => (node.constant ? [] : [[i, right.grads[i], shown.grads[i]]])).reverse();
    const differ = rows.filter(([, a, b]) => !near(a, b, 1e-9)).length;
    const choose = h("select", { "aria-label": "Mistake", onchange: () => { rule = choose.value; k = 0; update(); } },
      Object.keys(lesson.rules).map((key) => h("option", { value: key, selected: key === rule }, key.replaceAll("_", " "))));
    put(side, h("div", { class: "card" }, h("label", {}, "Mistake ", choose), h("p", {}, idea), h("p", { class: "why" }, `It agrees with the right rule where ${harmless}.`),
      h("table", { class: "compare" }, h("thead", {}, h("tr", {}, ["node", "right", "wrong", ""].map((x) => h("th", {}, x)))),
        h("tbody", {}, rows.slice(0, 60).map(([i, a, b]) => h("tr", { "data-node": i, class: near(a, b, 1e-9) ? "" : "off" }, h("td", {}, name(i)), h("td", {}, short(a)), h("td", {}, short(b)), h("td", {}, near(a, b, 1e-9) ? "same" : "differs"))))),
      h("p", {}, shown.endless ? `This mistake goes along every path: more than ${shown.endless} steps on this graph. Choose a smaller graph.` : differ ? `${differ} of ${rows.length} gradients are wrong.` : "On this graph it happens to give the right gradients.")));
  }

  function renderNudge() {
    const x0 = leaves[nudged], at = (x) => evaluate(nodes, ops, leaves.with(nudged, x)), f = (x) => at(x).data[last];
    const [low, high] = [at(x0 - h0), at(x0 + h0)], measured = (high.data[last] - low.data[last]) / (2 * h0), gradient = right.grads[nudged];
    const crossed = nodes.flatMap((node, i) => {
      const kink = ops[node.op]?.kink;
      if (!kink) return [];
      const [a, b] = [low, high].map(({ data }) => kink(...node.inputs.map((x) => data[x])));
      return a !== b && (a * b <= 0) ? [name(i)] : [];
    });
    const reach = Math.max(3 * h0, 0.75 * Math.max(1, abs(x0))), points = [];
    for (let i = 0; i <= 60; i++) { const x = x0 + reach * (i / 30 - 1), y = f(x); if (Number.isFinite(y)) points.push([x, y]); }
    const ys = points.map(([, y]) => y), bottom = Math.min(...ys), top = Math.max(...ys) > bottom ? Math.max(...ys) : bottom + 1;
    const place = ([x, y]) => [10 + (280 * (x - x0 + reach)) / (2 * reach), 150 - (140 * (y - bottom)) / (top - bottom)];
    const line = (kind, pairs) => h("polyline", { class: kind, points: pairs.map((p) => place(p).map((z) => z.toFixed(1)).join()).join(" ") });
    const y0 = now.data[last], tangent = [-reach, reach].map((d) => [x0 + d, y0 + gradient * d]), secant = [[x0 - h0, low.data[last]], [x0 + h0, high.data[last]]];
    const pick = h("select", { "aria-label": "Leaf to nudge", onchange: () => { nudged = +pick.value; render(); } }, leafIndices.slice(0, 100).map((i) => h("option", { value: i, selected: i === nudged }, name(i))));
    const size = h("input", { type: "range", min: -5, max: 0.3, step: 0.05, value: Math.log10(h0), "aria-label": "Size of the nudge", oninput: () => { h0 = Number((10 ** size.value).toPrecision(2)); draw(); } });
    const [cx, cy] = place([x0, y0]);
    const result = h("div", { class: "result" });
    const draw = () => { const focus = document.activeElement === size; renderNudge(); if (focus) side.querySelector("input").focus(); };
    put(result, h("p", {}, h("b", {}, "measured "), short(measured, 6)), h("p", {}, h("b", {}, "backward "), short(gradient, 6)),
      crossed.length ? h("p", { class: "bad" }, `A kink was crossed at ${crossed.join(", ")}: the slope measured belongs to neither side.`) : null);
    put(side, h("div", { class: "card nudge" }, h("div", {}, h("label", {}, "Nudge ", pick), h("label", {}, ` by ±${short(h0, 2)} `, size), result),
      h("svg", { viewBox: "0 0 300 160", class: "plot", role: "img", "aria-label": `${name(last)} over ${name(nudged)}: curve, tangent (dashed) and the nudge` },
        h("rect", { x: 10, y: 10, width: 280, height: 140, class: "frame" }), line("curve", points), line("tangent", tangent), line("secant", secant), h("circle", { cx, cy, r: 4, class: "dot" }))));
  }

  function renderLeaves() {
    put(inputs, leafIndices.slice(0, 40).map((i) => {
      const reach = Math.max(2, 2 * abs(recorded[i]));
      const number = h("input", { type: "number", step: "any", value: typed(i), "aria-label": name(i), oninput: () => number.value !== "" && setLeaf(i, +number.value, number) });
      const range = h("input", { type: "range", min: recorded[i] - reach, max: recorded[i] + reach, step: reach / 100, value: leaves[i], "aria-label": `${name(i)}, slide`, oninput: () => setLeaf(i, Number((+range.value).toPrecision(4)), range) });
      return Object.assign(h("label", { "data-node": i }, h("span", {}, name(i)), number, range), { leaf: i, number, range });
    }), leafIndices.length ? button("undo", "Numbers as recorded", () => { leaves = [...recorded]; syncLeaves(); update(); }) : null);
  }

  const typed = (i) => Number(leaves[i].toPrecision(6));

  function syncLeaves(from) {
    for (const row of inputs.children) for (const part of [row.number, row.range]) if (part && part !== from) part.value = typed(row.leaf);
  }

  // -- what the reader does

  function update(quiet) {
    compute();
    drawGraph();
    render();
    if (!quiet) changed({ step: k, leaves: state.leaves });
  }

  function setLeaf(i, x, from) {
    leaves[i] = x;
    solved = false;
    syncLeaves(from);
    update();
  }

  function go(to) {
    k = Math.max(0, Math.min(to, shown.events.length));
    solved = false;
    tries = 0;
    reply = "";
    render();
    changed({ step: k, leaves: state.leaves });
  }

  function forwardStep() {
    const event = shown.events[k - 1];
    if (mode === "predict" && event && !solved && (event.input !== undefined || nodes[event.node].op)) { reply = "Your number first, or Show."; render(); return; }
    go(k + 1);
  }

  function until(i) {
    const takes = (e) => e.node === i || e.input === i, next = shown.events.findIndex((e, at) => at >= k && takes(e));
    go((next >= 0 ? next : shown.events.findIndex(takes)) + 1);
  }

  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => { if (k >= shown.events.length || !root.isConnected) play(false); else forwardStep(); }, 900) : null;
    if (on && k >= shown.events.length) go(0);
    render();
  }

  function setMode(value) {
    mode = value;
    for (const x of modes.querySelectorAll("input")) x.checked = x.value === mode; // each is a tab stop, and arrow keys step
    solved = false;
    reply = "";
    if (mode === "wrong" || mode === "predict") k = 0;
    root.dataset.mode = mode;
    if (mode === "nudge") k = Infinity;
    update();
  }

  const KEYS = { ArrowRight: forwardStep, ArrowDown: forwardStep, " ": forwardStep, ArrowLeft: () => go(k - 1), ArrowUp: () => go(k - 1), Home: () => go(0), End: () => go(Infinity), p: () => play(!playing), P: () => play(!playing), "+": () => setZoom(1.25), "-": () => setZoom(0.8), 0: () => setZoom(0) };
  root.addEventListener("keydown", (e) => {
    const typing = e.target.matches("input:not(.where, [type=radio]), select, summary") || (e.target.matches("button, [type=radio]") && e.key === " ");
    if (e.key === "Escape") root.focus();
    if (practice || typing || e.ctrlKey || e.metaKey || e.altKey || !KEYS[e.key]) return;
    e.preventDefault();
    KEYS[e.key]();
  });
  for (const [kind, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]])
    root.addEventListener(kind, (e) => {
      const i = e.target.closest?.("[data-node]")?.dataset.node;
      if (i !== undefined) root.querySelectorAll(`[data-node="${i}"]`).forEach((x) => x.classList.toggle("linked", on));
    });

  root.classList.add("mgl");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target)); // a browser may focus what scrolls, too
  root.setAttribute("tabindex", "0");
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", practice ? `Exercise on ${name(last)}.` : `Walk through ${name(last)}. Arrow keys step.`);
  if (nodes.length > 40) put(zoomer, button("plus", "Closer", () => setZoom(1.25), "+"), button("minus", "Further", () => setZoom(0.8), "-"), button("fit", "Whole width", () => setZoom(0), "0"));
  if (practice) put(root, h("div", { class: "stage" }, zoomer, scroller), practice.panel);
  else put(root, bar, modes, h("div", { class: "stage" }, zoomer, scroller), group, h("div", { class: "below" }, h("div", { class: "main" }, tell, lesson.code.length ? code : null), h("div", { class: "more" }, inputs, side)), trace);
  trace.addEventListener("toggle", () => renderTrace(false));
  panning();
  renderLeaves();
  const state = {
    practice,
    get step() { return k; },
    get leaves() { return Object.fromEntries(leafIndices.map((i) => [name(i), leaves[i]])); },
    set({ step, leaves: numbers }) {
      for (const i of leafIndices) if (numbers && name(i) in numbers) leaves[i] = numbers[name(i)];
      if (step !== undefined) k = step;
      syncLeaves();
      update(true);
    },
    get grads() { return Object.fromEntries(nodes.flatMap((node, i) => (node.constant ? [] : [[node.name, right.grads[i]]]))); },
  };
  mode = lesson.rule && lesson.rules[lesson.rule] ? "wrong" : "step";
  rule = lesson.rule ?? "overwrite";
  modes.querySelector(`[value=${mode}]`).checked = true;
  root.dataset.mode = mode;
  k = lesson.step ?? 0;
  update(true);
  setTimeout(() => { early = false; renderTrace(mode === "predict"); });
  let width = root.clientWidth;
  new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; drawGraph(); render(); resize(); } }).observe(root);
  return state;
}
