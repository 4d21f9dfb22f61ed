// Closer, in place: a box of many nodes as a matrix of its numbers, a cell as the scalar it is.
//
// From the whole graph to any scalar: the box, the cell, and a product inside of it are three clicks.

import { h, put } from "./dom.js";
import { called } from "./equations.js";
import { abs, short } from "./numbers.js";

const LISTED = 24, // nodes that are buttons; of more, a matrix is shown
  MEMBERS = 200,
  TERMS = 60,
  CELL = 16;

// Rows and columns of a group: one row for each name, or near a square.
function shapeOf({ nodes, rows }) {
  const wide = rows ? nodes.length / rows.length : Math.ceil(Math.sqrt(nodes.length * 2));
  return [Math.ceil(nodes.length / wide), wide];
}

// The numbers as a heat map: blue above 0, orange below, as strong as they are large; what is not known yet is empty.
function matrix(view, group, title, numberOf, open) {
  const [rows, columns] = shapeOf(group),
    finger = matchMedia("(pointer: coarse)").matches,
    side = finger ? 24 : Math.max(4, Math.min(CELL, Math.floor(1100 / columns)));
  const canvas = h("canvas", { width: columns * side, height: rows * side, role: "img" }),
    pen = canvas.getContext("2d"),
    said = h("output", { class: "cell" });
  canvas.setAttribute(
    "aria-label",
    `${title}: ${rows} rows, ${columns} columns. Names can be typed in Go to.`,
  );
  const most = group.nodes.reduce((m, i) => Math.max(m, abs(numberOf(i) ?? 0) || 0), 0) || 1;
  const colour = (name) => {
    said.style.color = `var(--${name})`;
    view.root.append(said); // where the colours of the page are known
    const found = getComputedStyle(said).color;
    said.remove();
    return found;
  };
  const [plus, minus, paper] = ["plus", "minus", "paper"].map(colour);
  said.style.color = "";
  said.textContent = group.rows
    ? `${rows} rows, ${columns} column${columns > 1 ? "s" : ""}; press a cell`
    : "press a cell";
  group.nodes.forEach((i, at) => {
    const x = numberOf(i),
      [left, top] = [(at % columns) * side, Math.floor(at / columns) * side];
    if (x === null) return;
    pen.fillStyle = x < 0 ? minus : plus;
    pen.globalAlpha = 0.06 + 0.94 * Math.min(abs(x) / most, 1);
    pen.fillRect(left, top, side - 1, side - 1);
    if (x < 0 && side > 7) {
      pen.globalAlpha = 1;
      pen.fillStyle = paper;
      pen.fillRect(left + 3, top + side / 2 - 1, side - 7, 1); // colour is never alone
    }
  });
  const under = (e) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const column = Math.floor(((e.clientX - left) / width) * columns),
      row = Math.floor(((e.clientY - top) / height) * rows);
    return group.nodes[row * columns + column];
  };
  canvas.addEventListener("pointermove", (e) => {
    const i = under(e);
    if (i !== undefined)
      said.textContent = `${nameOf(view, group, i)}: ${short(numberOf(i) ?? NaN)}`;
  });
  canvas.addEventListener("click", (e) => under(e) !== undefined && open(under(e)));
  const numbers = `, up to ${short(most, 3)}`;
  return h("div", { class: "matrix" }, h("p", {}, h("b", {}, title), numbers, " ", said), canvas);
}

// What a node is called in its group: the lane says which of those with the same name it is.
function nameOf(view, group, i) {
  const [, columns] = shapeOf(group),
    lane = group.rows && columns > 1 && !/\]$/.test(view.lesson.nodes[i].name);
  const name =
    group.rows?.[Math.floor(group.nodes.indexOf(i) / columns)] ?? called(view.lesson.nodes[i]);
  return lane
    ? `${name} of ${(group.nodes.indexOf(i) % columns) + 1}`
    : called(view.lesson.nodes[i]);
}

// The nodes that a box draws as one with this one: the products and sums of a weighted sum.
function insideOf(view, graph, i) {
  const found = new Set(),
    todo = [...view.lesson.nodes[i].inputs];
  while (todo.length && found.size < 4 * TERMS) {
    const x = todo.pop();
    if (found.has(x) || graph.groupOf.has(x)) continue;
    found.add(x);
    todo.push(...view.lesson.nodes[x].inputs);
  }
  return [...found].sort((a, b) => a - b);
}

// One scalar: what it was made from, and how its gradient came together, each part to be pressed.
function scalar(view, graph, i, grads, open) {
  const { nodes } = view.lesson,
    { now } = view,
    node = nodes[i],
    button = (x, text) =>
      h("button", { type: "button", "data-node": x, onclick: () => open(x) }, text);
  const number = (x) =>
    nodes[x].constant ? short(now.data[x]) : `${called(nodes[x])} = ${short(now.data[x])}`;
  const from = node.inputs.map((x, k) => {
    const slope = nodes[x].constant ? "" : `, local derivative ${short(now.slopes[i][k], 3)}`;
    return h("li", {}, nodes[x].constant ? short(now.data[x]) : button(x, number(x)), slope);
  });
  const full = view.right.grads,
    terms = [...new Set(view.uses[i])].flatMap((use) =>
      nodes[use].inputs.flatMap((x, k) => (x === i ? [[use, now.slopes[use][k], full[use]]] : [])),
    );
  const largest = terms.toSorted((a, b) => abs(b[1] * b[2]) - abs(a[1] * a[2])).slice(0, TERMS);
  const to = largest.map(([use, slope, upstream]) =>
    h(
      "li",
      {},
      `${short(slope, 3)} · ${short(upstream, 3)} = ${short(slope * upstream, 3)} from `,
      button(use, called(nodes[use])),
    ),
  );
  const inside = insideOf(view, graph, i),
    sum = `The gradient is the sum of ${terms.length} contribution${terms.length === 1 ? "" : "s"}, local derivative times upstream gradient`;
  const rest =
    terms.length > TERMS ? h("p", { class: "why" }, `The ${TERMS} largest are shown.`) : null;
  return [
    h("h3", {}, `${called(node)} = ${short(now.data[i])}, gradient ${short(full[i])}`),
    h(
      "p",
      { class: "why" },
      node.op ? (view.ops[node.op]?.why ?? "") : "A leaf: a number that was given.",
    ),
    from.length
      ? [h("p", {}, `Made by ${view.ops[node.op]?.sign ?? node.op} from`), h("ul", {}, from)]
      : [],
    to.length ? [h("p", {}, `${sum}${terms.length > 1 ? "" : ""}:`), h("ul", {}, to), rest] : [],
    inside.length
      ? [
          h("p", {}, `Computed on the way, ${inside.length} nodes:`),
          h(
            "div",
            { class: "members" },
            inside.map((x) => button(x, `${number(x)}`)),
          ),
        ]
      : [],
    h("p", { class: "why" }, "The steps above stand where this node was used."),
  ];
}

function members(view, grads, nodes, open) {
  const button = (i) =>
    h(
      "button",
      { type: "button", "data-node": i, onclick: () => open(i) },
      h("b", {}, called(view.lesson.nodes[i])),
      ` ${short(view.now.data[i])}`,
      h("small", {}, grads[i] === null ? "" : ` grad ${short(grads[i])}`),
    );
  return h("div", { class: "members" }, nodes.slice(0, MEMBERS).map(button));
}

export function groupPanel(view, graph, actions) {
  const element = h("div", {
    class: "group",
    hidden: true,
    role: "region",
    "aria-label": "Nodes of a box",
  });
  let inner = null; // the scalar that is looked at
  const open = (i) => {
    inner = i;
    actions.until(i);
  };
  const close = () => {
    inner = null;
    actions.open(view.opened);
  };
  const up = () => {
    inner = null;
    actions.go(view.k);
  };
  const render = (grads) => {
    element.hidden = view.opened === null;
    if (element.hidden) {
      inner = null;
      return put(element);
    }
    const group = graph.drawn[view.opened],
      { nodes, title } = group,
      back = h("button", { type: "button", onclick: up }, `Back to ${title ?? "the box"}`);
    const head = h(
      "div",
      { class: "head" },
      h("b", {}, `${title ?? ""} stands for ${nodes.length} nodes`),
      inner === null ? null : back,
      h("button", { type: "button", onclick: close }, "Close"),
    );
    if (inner !== null)
      return put(element, head, ...scalar(view, graph, inner, grads, open).flat());
    if (nodes.length <= LISTED) return put(element, head, members(view, grads, nodes, open));
    const seen = (i) => (view.shown.positions[i] < view.k ? view.now.data[i] : null);
    const constant = view.lesson.nodes[nodes[0]].constant;
    const more =
      nodes.length > MEMBERS
        ? h("p", { class: "why" }, `The first ${MEMBERS}. Press a cell, or type a name in Go to.`)
        : null;
    put(
      element,
      head,
      matrix(view, group, "Values", constant ? (i) => view.now.data[i] : seen, open),
      constant ? null : matrix(view, group, "Gradients", (i) => grads[i], open),
      members(view, grads, nodes, open),
      more,
    );
  };
  return { element, render };
}
