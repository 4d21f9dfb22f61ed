// A local derivative as a picture: the operation's curve over one input, and its tangent at the number there.

import { h } from "./dom.js";
import { abs, short } from "./numbers.js";

const WIDE = 28,
  HIGH = 14;

// Points of the operation around the number of one input, the others held: [[x, y], ...].
export function section(op, operands, place, reach) {
  const points = [],
    x0 = operands[place];
  for (let i = 0; i <= 20; i++) {
    const x = x0 + reach * (i / 10 - 1),
      y = op.value(...operands.with(place, x));
    if (Number.isFinite(y)) points.push([x, y]);
  }
  return points;
}

// The picture beside an edge, or null where there is nothing to compute it with.
export function thumbnail(view, edge) {
  const node = view.lesson.nodes[edge.head],
    op = view.ops[node.op];
  const operands = node.inputs.map((x) => view.now.data[x]),
    slope = view.now.slopes[edge.head][edge.place];
  if (!op?.value || node.slopes || ![...operands, slope].every(Number.isFinite)) return null;
  const x0 = operands[edge.place],
    reach = Math.max(2, abs(x0) * 0.6),
    points = section(op, operands, edge.place, reach);
  if (points.length < 2) return null;
  const ys = points.map(([, y]) => y),
    y0 = view.now.data[edge.head];
  const half = Math.max(...ys.map((y) => abs(y - y0)), 0.25 * reach);
  const at = ([x, y]) => [
    WIDE / 2 + ((x - x0) / reach) * (WIDE / 2 - 1),
    HIGH / 2 - ((y - y0) / half) * (HIGH / 2 - 1),
  ];
  const path = (pairs) =>
    `M${pairs
      .map((p) =>
        at(p)
          .map((z) => z.toFixed(1))
          .join(" "),
      )
      .join("L")}`;
  const steep = Math.min(reach, abs(slope) > 0 ? half / abs(slope) : reach);
  const [lx, ly] = edge.at,
    place = edge.tall ? [lx - WIDE - 7, ly - HIGH / 2] : [lx - WIDE / 2, ly + 4];
  return h(
    "g",
    { class: "thumb", transform: `translate(${place.join(" ")})` },
    h("title", {}, `${node.op} over its input: slope ${short(slope, 3)}`),
    h("rect", { class: "frame", width: WIDE, height: HIGH, rx: 2 }),
    h("path", { class: "curve", d: path(points) }),
    h("path", {
      class: "tangent",
      d: path([
        [x0 - steep, y0 - slope * steep],
        [x0 + steep, y0 + slope * steep],
      ]),
    }),
  );
}
