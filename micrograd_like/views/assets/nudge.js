// A leaf nudged: the slope that is measured beside the gradient that was computed.

import { h } from "./dom.js";
import { evaluate } from "./model.js";
import { abs, short } from "./numbers.js";

// At which nodes a kink lies between two evaluations.
function kinks({ lesson: { nodes }, ops }, low, high) {
  return nodes.flatMap((node) => {
    const kink = ops[node.op]?.kink;
    if (!kink) return [];
    const [a, b] = [low, high].map(({ data }) => kink(...node.inputs.map((x) => data[x])));
    return a !== b && a * b <= 0 ? [node.name] : [];
  });
}

function plot(view, x0, low, high, at) {
  const {
      h0,
      nudged,
      now,
      right,
      lesson: { nodes },
    } = view,
    last = nodes.length - 1,
    gradient = right.grads[nudged];
  const reach = Math.max(3 * h0, 0.75 * Math.max(1, abs(x0))),
    points = [];
  for (let i = 0; i <= 60; i++) {
    const x = x0 + reach * (i / 30 - 1),
      y = at(x).data[last];
    if (Number.isFinite(y)) points.push([x, y]);
  }
  const ys = points.map(([, y]) => y),
    bottom = Math.min(...ys),
    top = Math.max(...ys) > bottom ? Math.max(...ys) : bottom + 1;
  const place = ([x, y]) => [
    10 + (280 * (x - x0 + reach)) / (2 * reach),
    150 - (140 * (y - bottom)) / (top - bottom),
  ];
  const line = (kind, pairs) =>
    h("polyline", {
      class: kind,
      points: pairs
        .map((p) =>
          place(p)
            .map((z) => z.toFixed(1))
            .join(),
        )
        .join(" "),
    });
  const y0 = now.data[last],
    [cx, cy] = place([x0, y0]);
  const label = `${nodes[last].name} over ${nodes[nudged].name}: curve, tangent (dashed) and the nudge`;
  return h(
    "svg",
    { viewBox: "0 0 300 160", class: "plot", role: "img", "aria-label": label },
    h("rect", { x: 10, y: 10, width: 280, height: 140, class: "frame" }),
    line("curve", points),
    line(
      "tangent",
      [-reach, reach].map((d) => [x0 + d, y0 + gradient * d]),
    ),
    line("secant", [
      [x0 - h0, low.data[last]],
      [x0 + h0, high.data[last]],
    ]),
    h("circle", { cx, cy, r: 4, class: "dot" }),
  );
}

const finite = (...evaluations) => evaluations.every(({ data }) => Number.isFinite(data.at(-1)));

function picker(view, render) {
  const { leafIndices, nudged, lesson } = view;
  const pick = h(
    "select",
    {
      "aria-label": "Leaf to nudge",
      onchange: () => {
        view.nudged = +pick.value;
        render();
      },
    },
    leafIndices
      .slice(0, 400)
      .map((i) => h("option", { value: i, selected: i === nudged }, lesson.nodes[i].name)),
  );
  return pick;
}

const slider = (h0, oninput) =>
  h("input", {
    type: "range",
    min: -5,
    max: 0.3,
    step: 0.05,
    value: Math.log10(h0),
    "aria-label": "Size of the nudge",
    oninput,
  });

function outcome(measured, gradient, crossed) {
  const kink = crossed.length
    ? h(
        "p",
        { class: "bad" },
        `A kink was crossed at ${crossed.join(", ")}: the slope measured belongs to neither side.`,
      )
    : null;
  return h(
    "div",
    { class: "result" },
    h("p", {}, h("b", {}, "measured "), short(measured, 6)),
    h("p", {}, h("b", {}, "backward "), short(gradient, 6)),
    kink,
  );
}

export function nudgePanel(view, side, render) {
  const {
      lesson: { nodes },
      ops,
      leaves,
      nudged,
      h0,
      right,
      leafIndices,
    } = view,
    last = nodes.length - 1,
    x0 = leaves[nudged];
  const at = (x) => evaluate(nodes, ops, leaves.with(nudged, x)),
    low = at(x0 - h0),
    high = at(x0 + h0);
  const measured = (high.data[last] - low.data[last]) / (2 * h0);
  const pick = picker(view, render);
  const more =
    leafIndices.length > 400
      ? h("p", { class: "why" }, `The first 400 of ${leafIndices.length} leaves.`)
      : null;
  const moved = () => {
    const focus = document.activeElement === size;
    view.h0 = Number((10 ** size.value).toPrecision(2));
    render();
    if (focus) side.querySelector("input").focus();
  };
  const size = slider(h0, moved);
  const result = outcome(measured, right.grads[nudged], kinks(view, low, high));
  return h(
    "div",
    { class: "card nudge" },
    h(
      "div",
      {},
      h("label", {}, "Nudge ", pick),
      h("label", {}, ` by ±${short(h0, 2)} `, size),
      more,
      result,
    ),
    finite(low, high, view.now) ? plot(view, x0, low, high, at) : null,
  );
}
