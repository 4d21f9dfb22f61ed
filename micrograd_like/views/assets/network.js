// The network as a picture: layers in columns, in every neuron what it makes of the plane, weights as lines.
//
// A line is as wide as its weight is large, blue above 0, orange and dashed below; dots on it run backward, as many
// of them as its gradient is large.

import { h } from "./dom.js";
import { predict } from "./plane.js";
import { say } from "./weights.js";

const WIDEST = 16, // neurons of a layer that are shown
  UNIT = 34,
  CELLS = 14,
  APART = 150;

// Where everything stands: columns of [x, y], the inputs first.
function places(net) {
  const counts = [net[0].w[0].length, ...net.map(({ b }) => b.length)],
    rows = Math.min(Math.max(...counts), WIDEST);
  const columns = counts.map((count, column) => {
    const shown = Math.min(count, WIDEST),
      top = 34 + ((rows - shown) * (UNIT + 8)) / 2;
    return Array.from({ length: shown }, (_, i) => [
      30 + column * APART,
      top + i * (UNIT + 8) + UNIT / 2,
    ]);
  });
  const size = [60 + net.length * APART, 34 + rows * (UNIT + 8) + 24];
  return { counts, columns, size };
}

function connection(view, from, to, weight) {
  const [x0, y0] = from,
    [x1, y1] = to,
    d = `M${x0 + UNIT / 2} ${y0}L${x1 - UNIT / 2} ${y1}`;
  const line = h("path", { class: "weight", d }),
    flow = h("path", { class: "flow", d: `M${x1 - UNIT / 2} ${y1}L${x0 + UNIT / 2} ${y0}` }),
    title = h("title", {});
  const hit = h("path", { class: "hit", d, onclick: () => view.choose(weight) }, title);
  return { line, flow, hit, title, weight };
}

// What every neuron gives on a grid over the plane, as one picture each.
function heatMaps(view, weights, spans, colours) {
  const [[x0, x1], [y0, y1]] = spans,
    layers = [];
  for (let j = 0; j < CELLS; j++)
    for (let i = 0; i < CELLS; i++) {
      const seen = [],
        place = [x0 + ((x1 - x0) * (i + 0.5)) / CELLS, y1 - ((y1 - y0) * (j + 0.5)) / CELLS];
      predict(view.net, view.ops, weights, place, seen);
      [place, ...seen].forEach((outs, layer) => {
        layers[layer] ??= outs.map(() => []);
        outs.forEach((out, k) => layers[layer][k].push(out));
      });
    }
  const pen = Object.assign(document.createElement("canvas"), {
    width: CELLS,
    height: CELLS,
  }).getContext("2d");
  return layers.map((neurons) =>
    neurons.slice(0, WIDEST).map((outs) => {
      const most = outs.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1,
        image = pen.createImageData(CELLS, CELLS);
      outs.forEach((out, at) => {
        const part = Math.min(Math.abs(out) / most, 1),
          [hue, paper] = [out < 0 ? colours.minus : colours.plus, colours.paper];
        image.data.set([...hue.map((c, k) => part * c + (1 - part) * paper[k]), 255], 4 * at);
      });
      pen.putImageData(image, 0, 0);
      return pen.canvas.toDataURL();
    }),
  );
}

function neuronBox(view, column, i, [x, y]) {
  const bias = column ? view.told.net[column - 1].b[i] : null,
    title = h("title", {}),
    image = h("image", { svg: true, x: x - UNIT / 2, y: y - UNIT / 2, width: UNIT, height: UNIT });
  image.setAttribute("preserveAspectRatio", "none");
  const frame = h("rect", {
    class: "neuron",
    x: x - UNIT / 2,
    y: y - UNIT / 2,
    width: UNIT,
    height: UNIT,
    rx: 5,
  });
  const box = h("g", { class: bias === null ? "input" : "unit" }, image, frame, title);
  if (bias !== null) box.addEventListener("click", () => view.choose(bias));
  return Object.assign(box, { image, title, column, i, bias });
}

export function networkPicture(view) {
  const { net } = view.told;
  if (!net) return null;
  const { counts, columns, size } = places(net),
    lines = [];
  net.forEach(({ w }, layer) =>
    columns[layer + 1].forEach((to, j) =>
      columns[layer].forEach((from, i) => lines.push(connection(view, from, to, w[j][i]))),
    ),
  );
  const boxes = columns.flatMap((column, at) =>
    column.map((place, i) => neuronBox(view, at, i, place)),
  );
  const words = (x, y, text) => h("text", { x, y, "text-anchor": "middle" }, text);
  const heads = columns.map((_, at) => words(30 + at * APART, 16, at ? "" : "inputs"));
  const more = counts.map((count, at) =>
    count > WIDEST ? words(30 + at * APART, size[1] - 8, `⋮ ${count - WIDEST} more`) : null,
  );
  const element = h(
    "svg",
    { viewBox: `0 0 ${size.join(" ")}`, class: "network", role: "img" },
    lines.flatMap(({ line, flow }) => [line, flow]),
    lines.map(({ hit }) => hit),
    boxes,
    heads,
    more,
  );
  element.setAttribute(
    "aria-label",
    `The network, ${counts.join(" then ")} in columns: weights as lines, gradients as dots`,
  );
  element.style.maxWidth = `${Math.max(size[0], 320)}px`;
  const render = () => renderNetwork(view, { element, lines, boxes, heads });
  return { element, render };
}

function renderNetwork(view, { element, lines, boxes, heads }) {
  const { told, at, chosen } = view,
    weights = view.numbers(at, 0),
    gradients = view.numbers(at, 1);
  const largest = (numbers) =>
      lines.reduce((most, { weight }) => Math.max(most, Math.abs(numbers[weight])), 0) || 1,
    [mostW, mostG] = [largest(weights), largest(gradients)];
  for (const { line, flow, title, weight } of lines) {
    const w = weights[weight],
      g = at ? gradients[weight] : 0,
      part = Math.abs(w) / mostW;
    line.setAttribute(
      "class",
      `weight${w < 0 ? " minus" : ""}${weight === chosen ? " chosen" : ""}`,
    );
    line.style.strokeWidth = (0.4 + 5 * part).toFixed(2);
    line.style.opacity = (0.25 + 0.7 * part).toFixed(2);
    const pull = Math.abs(g) / mostG;
    flow.style.display = pull > 0.05 ? "" : "none";
    flow.style.strokeDasharray = `0 ${(6 + 14 * (1 - pull)).toFixed(1)}`;
    flow.style.strokeWidth = (1.5 + 2.5 * pull).toFixed(2);
    title.textContent = `${told.short[weight]} = ${say(w)}${at ? `, gradient ${say(g)}` : ""}`;
  }
  element.classList.toggle("running", Boolean(view.playing || view.training));
  const maps = heatMaps(view, weights, view.spans, view.colours());
  for (const box of boxes) {
    box.image.setAttribute("href", maps[box.column][box.i]);
    box.classList.toggle("chosen", box.bias !== null && box.bias === chosen);
    box.title.textContent = box.column
      ? `neuron ${box.i} of layer ${box.column}: bias ${say(weights[box.bias])}. Light where it gives 0, blue above, orange below.`
      : `input x${box.i}`;
  }
  heads.forEach((head, column) => {
    if (column) head.textContent = view.net[column - 1].activation;
  });
}
