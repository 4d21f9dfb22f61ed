// A step on the drawing: numbers in the boxes, the edge that is used, the ledgers; and a folded box opened.

import { contribution, ledger, send, turn } from "./flow.js";
import { drawSlopes, reveal } from "./graph.js";
import { isBackward, isForward } from "./model.js";
import { near, short } from "./numbers.js";

const SHOWN_ROWS = ["data", "grad"];

const spread = (all) => {
  if (!all.length) return "";
  const [low, high] = all.reduce(
    ([a, b], x) => [Math.min(a, x), Math.max(b, x)],
    [Infinity, -Infinity],
  );
  return [...new Set([low, high].map((x) => short(x, 2)))].join(" … ");
};

function renderBox(view, box, event, hidden, grads) {
  const { nodes: members } = box.group,
    i = members[0],
    { positions } = view.shown,
    { nodes } = view.lesson;
  const target = event && (event.input ?? event.node);
  box.classList.toggle("active", Boolean(event && members.includes(event.node)));
  box.classList.toggle("aim", Boolean(event && isBackward(event) && members.includes(event.input)));
  if (!box.rows) return;
  if (box.many) {
    box.rows[0].textContent = spread(
      members.filter((x) => positions[x] < view.k).map((x) => view.now.data[x]),
    );
    box.rows[1].textContent = spread(members.filter((x) => grads[x] !== null).map((x) => grads[x]));
    const seen = [
      box.group.title,
      box.group.what,
      ...box.rows.flatMap((x, i) => [SHOWN_ROWS[i], x.textContent]),
    ];
    box.setAttribute(
      "aria-label",
      `${seen.filter(Boolean).join(" ")}: stands for ${members.length} nodes. Open`,
    );
    return;
  }
  const reached = positions[i] < view.k,
    ask = hidden && target === i;
  box.classList.toggle("blank", !reached);
  box.rows[0].textContent = !reached ? "" : ask && isForward(event) ? "?" : short(view.now.data[i]);
  box.rows[1].textContent =
    grads[i] === null ? "" : ask && !isForward(event) ? "?" : short(grads[i]);
  const over = view.k === view.shown.events.length;
  box.rows[1].classList.toggle(
    "off",
    view.mode === "wrong" &&
      grads[i] !== null &&
      over &&
      !near(grads[i], view.right.grads[i], 1e-9),
  );
  const said = ["data", "grad"]
    .map((what, row) => [what, box.rows[row].textContent])
    .filter(([, x]) => x);
  box.setAttribute(
    "aria-label",
    `${nodes[i].name}: ${said.map((x) => x.join(" ")).join(", ") || "not computed yet"}`,
  );
}

export function renderGraph(view, graph, event, hidden, grads, stepped) {
  const { shown, k, lesson } = view,
    backward = event && isBackward(event),
    here = lesson.groups ? null : new Map();
  if (here)
    for (let i = shown.forward; i < k; i++) {
      const e = shown.events[i];
      if (isBackward(e))
        here.set(e.input, [...(here.get(e.input) ?? []), contribution(e, view.mistake)]);
    }
  for (const box of graph.boxes) {
    renderBox(view, box, event, hidden, grads);
    const i = box.group.nodes[0];
    if (here && !hidden)
      ledger(
        box,
        here.get(i) ?? [],
        view.uses[i].length,
        k > shown.forward && i !== lesson.nodes.length - 1,
      );
  }
  const goes = (edge) =>
    backward &&
    graph.groupOf.get(event.input) === edge.tail &&
    graph.groupOf.get(event.node) === edge.head &&
    (lesson.groups || event.k === edge.place);
  if (!lesson.groups) drawSlopes(view, graph, (head) => shown.positions[head] < k);
  const active = graph.edges.find(goes);
  turn(graph.edges, hidden ? null : active, event, view.mistake, view.most);
  if (hidden && active) active.classList.add("active");
  if (stepped && backward && !hidden) send(active, event, view.mistake);
  if (event) reveal(graph, graph.boxes[graph.groupOf.get(event.input ?? event.node)]);
}
