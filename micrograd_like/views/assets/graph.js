// The graph on the screen: boxes and edges, zoomed, moved, and lit as a step asks for it.

import { button, h, put } from "./dom.js";
import { called } from "./equations.js";
import { abs, exp, short } from "./numbers.js";
import { thumbnail } from "./slopes.js";

function outline(kind, w, t) {
  const x = -w / 2,
    y = -t / 2;
  if (kind === "parameter") return `M${x + 9} ${y}H${-x}V${-y}H${x + 9}L${x} 0z`;
  const r = kind === "input" ? Math.min(t / 2, 18) : 6,
    q = kind === "input" ? 0 : 6;
  return `M${x + r} ${y}H${-x - q}q${q} 0 ${q} ${q}V${-y - q}q0 ${q} ${-q} ${q}H${x + r}q${-r} 0 ${-r} ${-r}V${y + r}q0 ${-r} ${r} ${-r}z`;
}

function edgeElement(lesson, plan, i) {
  const [tail, head, place] = lesson.edges[i],
    [x, y] = plan.ends[i],
    tall = plan === lesson.layouts.tall;
  const [sx, sy] = plan.routes[i]
      .slice(1)
      .split(/[HVC ]/)
      .map(Number),
    [lx, ly] = plan.labels[i];
  const label = h("text", { x: tall ? lx + 6 : lx, y: tall ? ly + 4 : ly - 4, class: "slope" });
  const tip = tall ? `M${x} ${y}l-4 -7h8z` : `M${x} ${y}l-7 -4v8z`;
  const back = tall ? `M${sx} ${sy}l-6 11h12z` : `M${sx} ${sy}l11 -6v12z`;
  const wire = h("path", { class: "wire", d: plan.routes[i] });
  const edge = h(
    "g",
    { class: "edge", "data-edge": i, "aria-hidden": "true" },
    wire,
    h("path", { class: "tip", d: tip }),
    h("path", { class: "back", d: back }),
    label,
  );
  return Object.assign(edge, { tail, head, place, label, wire, at: [lx, ly], tall });
}

function boxElement(view, plan, group, at) {
  const { lesson, ops } = view,
    [w, t] = lesson.sizes[at],
    i = group.nodes[0],
    node = lesson.nodes[i];
  const many = group.nodes.length > 1,
    place = `translate(${plan.centres[at].join(" ")})`;
  const box = h("g", { class: `box ${group.kind}`, transform: place, "data-node": i });
  if (group.kind === "constant") {
    box.append(h("text", { class: "constant", y: 4 }, group.title ?? short(view.leaves[i])));
    return Object.assign(box, { group, many });
  }
  const left = -w / 2 + (["input", "parameter"].includes(group.kind) ? 15 : 9),
    end = w / 2 - 9;
  const shape = (grow) => h("path", { class: "shape", d: outline(group.kind, w - grow, t - grow) });
  if (many)
    box.append(
      h("path", {
        class: "shape behind",
        transform: "translate(4 -4)",
        d: outline(group.kind, w, t),
      }),
    );
  box.append(shape(0), ...(group.kind === "output" ? [shape(6)] : []));
  const title = h("text", { class: "name", x: left, y: -t / 2 + 18 }, group.title ?? called(node));
  const sign = many ? group.what : (ops[node.op]?.sign ?? node.op);
  if (sign) title.append(many ? " " : "", h("tspan", { class: "sign", dx: many ? 2 : 6 }, sign));
  box.append(title, ...(many ? [] : [h("title", {}, node.name)])); // one that opens says so by its label
  const rows = ["data", "grad"].map((what, row) => {
    const y = -t / 2 + 36 + 15 * row,
      value = h("text", { class: `value ${what}`, x: end, y });
    box.append(" ", h("text", { class: "what", x: left, y }, what), " ", value); // as it is read aloud
    return value;
  });
  const ledger = h("g", { class: "ledger", transform: `translate(${left} ${t / 2 - 8})` });
  box.append(ledger);
  return Object.assign(box, { group, many, rows, ledger, room: end - left });
}

// The parts of a drawing: `draw` makes it anew, `boxes` and `edges` are what stands in it.
export function drawing(
  view,
  { opens = () => {}, touched = () => {}, finished = () => {}, drags = null } = {},
) {
  const { lesson } = view,
    scroller = h("div", { class: "graph", tabindex: 0, role: "group", "aria-label": "Drawing" }),
    zoomer = h("div", { class: "zoom" });
  const stage = h("div", { class: "stage" }, zoomer, scroller),
    groupOf = new Map();
  const drawn = lesson.groups ?? lesson.nodes.map((node, i) => ({ nodes: [i], kind: node.kind }));
  drawn.forEach((g, at) => g.nodes.forEach((i) => groupOf.set(i, at)));
  const self = {
    stage,
    scroller,
    drawn,
    groupOf,
    boxes: [],
    edges: [],
    plan: null,
    svg: null,
    zoom: 0,
  };
  const fit = (layout) => Math.min(1, (scroller.clientWidth || 800) / (layout.size[0] + 16));

  self.resize = () => {
    if (!self.plan) return;
    const scale = self.zoom || Math.max(fit(self.plan), 0.75);
    self.svg.setAttribute("width", (self.plan.size[0] + 16) * scale);
    self.svg.setAttribute("height", (self.plan.size[1] + 16) * scale);
  };
  self.setZoom = (factor) => {
    const before = self.zoom || Math.max(fit(self.plan), 0.75);
    self.zoom = factor && Math.min(4, Math.max(0.1, before * factor));
    self.resize();
  };
  self.draw = () => {
    const { wide, tall } = lesson.layouts;
    const next = tall && fit(wide) < 0.75 && fit(tall) > fit(wide) ? tall : wide;
    if (next === self.plan) return;
    self.plan = next;
    scroller.classList.toggle("tall", next === tall);
    const [width, height] = next.size,
      root = lesson.nodes.at(-1).name;
    self.svg = h("svg", {
      viewBox: `-8 -8 ${width + 16} ${height + 16}`,
      role: "group",
      "aria-label": `Graph of ${root}`,
    });
    self.edges = next.routes.map((_, i) => edgeElement(lesson, next, i));
    self.boxes = drawn.map((group, at) =>
      listening(view, self, boxElement(view, next, group, at), at, { opens, touched, drags }),
    );
    self.svg.append(...self.edges, ...self.boxes);
    put(scroller, self.svg);
    self.resize();
    finished(self);
  };
  if (lesson.nodes.length > 40)
    put(
      zoomer,
      button("plus", "Closer", () => self.setZoom(1.25), "+"),
      button("minus", "Further", () => self.setZoom(0.8), "-"),
      button("fit", "Whole width", () => self.setZoom(0), "0"),
    );
  panning(self);
  return self;
}

function listening(view, self, box, at, { opens, touched, drags }) {
  const { group, many } = box,
    i = group.nodes[0],
    node = view.lesson.nodes[i];
  box.addEventListener("click", () =>
    box.moved ? (box.moved = false) : many ? opens(at) : node.constant || touched(i),
  );
  if (many) {
    Object.entries({ tabindex: 0, role: "button", "data-lm-suppress-shortcuts": "true" }).forEach(
      (x) => box.setAttribute(...x),
    );
    box.addEventListener("keydown", (e) => {
      if (e.key === "Enter") opens(at);
    });
  } else if (group.kind !== "constant") box.setAttribute("role", "img");
  if (drags && !node.op && !node.constant && !many) draggable(view, box, i, drags);
  return box;
}

function draggable(view, box, i, drags) {
  box.classList.add("leaf");
  const { data } = view.lesson.nodes[i];
  let from = null;
  box.addEventListener("pointerdown", (e) => {
    from = [e.clientX, view.leaves[i]];
    box.setPointerCapture(e.pointerId);
    e.preventDefault();
    view.root.focus({ preventScroll: true });
  });
  box.addEventListener("pointermove", (e) => {
    if (!from || (abs(e.clientX - from[0]) < 3 && !box.moved)) return;
    box.moved = true;
    drags(
      i,
      Number((from[1] + (e.clientX - from[0]) * 0.02 * Math.max(1, abs(data) / 2)).toPrecision(3)),
    );
  });
  for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => (from = null));
}

// The mouse drags the paper, two fingers pull it larger, the wheel with Ctrl zooms.
function panning(self) {
  const { scroller } = self,
    fingers = new Map();
  let from = null,
    apart = 0;
  const distance = () => {
    const [[a, b], [c, d]] = fingers.values();
    return hypotenuse(a - c, b - d);
  };
  scroller.addEventListener("pointerdown", (e) => {
    if (e.pointerType === "touch") fingers.set(e.pointerId, [e.clientX, e.clientY]);
    if (fingers.size === 2) apart = distance();
    if (e.pointerType === "mouse" && !e.target.closest(".leaf"))
      from = [e.clientX + scroller.scrollLeft, e.clientY + scroller.scrollTop];
  });
  scroller.addEventListener("pointermove", (e) => {
    if (fingers.has(e.pointerId)) fingers.set(e.pointerId, [e.clientX, e.clientY]);
    if (fingers.size === 2 && apart) {
      const now = distance();
      self.setZoom(now / apart);
      apart = now;
    } else if (from && e.buttons) scroller.scrollTo(from[0] - e.clientX, from[1] - e.clientY);
    else from = null;
  });
  for (const end of ["pointerup", "pointercancel"])
    scroller.addEventListener(end, (e) => fingers.delete(e.pointerId));
  scroller.addEventListener(
    "wheel",
    (e) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      self.setZoom(exp(-e.deltaY / 300));
    },
    { passive: false },
  );
}

const hypotenuse = Math.hypot;

// Bring a box into sight.
export function reveal({ scroller }, box) {
  if (
    !box ||
    (scroller.scrollWidth <= scroller.clientWidth + 1 &&
      scroller.scrollHeight <= scroller.clientHeight + 1)
  )
    return;
  const a = box.getBoundingClientRect(),
    b = scroller.getBoundingClientRect();
  if (a.left < b.left + 8 || a.right > b.right - 8)
    scroller.scrollLeft += (a.left + a.right - b.left - b.right) / 2;
  if (a.top < b.top + 8 || a.bottom > b.bottom - 8)
    scroller.scrollTop += (a.top + a.bottom - b.top - b.bottom) / 2;
}

// On each edge the curve of the operation over that input, with its tangent, where there is room.
export function drawSlopes(view, { edges }, reached) {
  const { nodes } = view.lesson;
  for (const edge of edges) {
    const constant = nodes[edge.tail].constant,
      seen = !constant && reached(edge.head);
    if (edge.drawn === view.now && edge.seen === seen) continue; // nothing has changed
    Object.assign(edge, { drawn: view.now, seen });
    edge.label.textContent = seen ? short(view.now.slopes[edge.head][edge.place], 3) : "";
    edge.thumb?.remove();
    edge.thumb = seen && nodes.length <= 60 ? thumbnail(view, edge) : null;
    if (edge.thumb) edge.append(edge.thumb);
  }
}
