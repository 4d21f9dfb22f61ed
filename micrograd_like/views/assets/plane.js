// What a network makes of the plane: the area of each class, smooth, in the colours of `decision_boundary`.

import { h } from "./dom.js";
import { exp } from "./numbers.js";

const GRID = 48,
  SIDE = 320,
  CLASSES = 6;

// The outputs of a network of layers for one example, with the weights given as flat numbers.
// `seen` takes the outputs of every layer.
export function predict(net, ops, w, x, seen) {
  for (const { w: rows, b, activation } of net) {
    const out = new Array(rows.length);
    for (let j = 0; j < out.length; j++) {
      const row = rows[j];
      let z = w[b[j]];
      for (let i = 0; i < row.length; i++) z += w[row[i]] * x[i];
      out[j] = z;
    }
    x = out;
    if (activation === "softmax") {
      const most = Math.max(...x),
        e = x.map((z) => exp(z - most)),
        sum = e.reduce((p, q) => p + q);
      x = e.map((z) => z / sum);
    } else if (ops[activation]) x = x.map((z) => ops[activation].value(z, 0.01));
    seen?.push(x);
  }
  return x;
}

// Which class an output means: the largest of several, or the label that is nearest to a single one.
function classOf(out, labels) {
  if (out.length > 1) return out.indexOf(Math.max(...out));
  let at = 0;
  while (at < labels.length - 1 && out[0] > (labels[at] + labels[at + 1]) / 2) at++;
  return at;
}

const rgb = (colour) =>
  colour
    .match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);

// The classes of all pixels: the network is asked on a grid, and its outputs are interpolated between.
function classes({ net, ops, spans }, labels, w, size) {
  const [[x0, x1], [y0, y1]] = spans;
  const grid = [];
  for (let j = 0; j <= GRID; j++)
    for (let i = 0; i <= GRID; i++)
      grid.push(predict(net, ops, w, [x0 + ((x1 - x0) * i) / GRID, y1 - ((y1 - y0) * j) / GRID]));
  const found = new Uint8Array(size * size),
    count = grid[0].length,
    out = new Array(count);
  for (let py = 0; py < size; py++) {
    const v = (py / (size - 1)) * GRID,
      j = Math.min(Math.floor(v), GRID - 1),
      t = v - j;
    for (let px = 0; px < size; px++) {
      const u = (px / (size - 1)) * GRID,
        i = Math.min(Math.floor(u), GRID - 1),
        s = u - i,
        at = j * (GRID + 1) + i;
      for (let c = 0; c < count; c++)
        out[c] =
          (1 - t) * ((1 - s) * grid[at][c] + s * grid[at + 1][c]) +
          t * ((1 - s) * grid[at + GRID + 1][c] + s * grid[at + GRID + 2][c]);
      found[py * size + px] = classOf(out, labels);
    }
  }
  return found;
}

// An example: a disc or a square, ringed if it is watched.
function dot(pen, { spans, labels, size, fill }, [x, y, label], watched, wide) {
  const [[x0, x1], [y0, y1]] = spans,
    k = labels.indexOf(label),
    px = (size * (x - x0)) / (x1 - x0),
    py = (size * (y1 - y)) / (y1 - y0);
  pen.fillStyle = fill(`mark${k % CLASSES}`);
  pen.beginPath();
  if (k % 2) pen.rect(px - 3.5 * wide, py - 3.5 * wide, 7 * wide, 7 * wide);
  else pen.arc(px, py, 4 * wide, 0, 7);
  pen.fill();
  pen.strokeStyle = fill("paper");
  pen.lineWidth = wide;
  pen.stroke();
  if (!watched) return;
  pen.strokeStyle = fill(`mark${k % CLASSES}`);
  pen.lineWidth = 2 * wide;
  pen.beginPath();
  pen.arc(px, py, 9 * wide, 0, 7);
  pen.stroke();
}

// A canvas: the areas, the border between them, and the examples. The view gets its `spans` and `colours`.
export function plane(view) {
  const { told, points } = view,
    labels = [...new Set(points.map((p) => p[2]))].sort((a, b) => a - b);
  const span = (all) => {
    const a = Math.min(...all),
      b = Math.max(...all),
      m = 0.1 * (b - a || 1);
    return [a - m, b + m];
  };
  view.spans = [0, 1].map((k) => (points.length ? span(points.map((p) => p[k])) : [0, 1]));
  const size = Math.round(SIDE * Math.min(window.devicePixelRatio || 1, 2));
  const element = h("canvas", {
    width: size,
    height: size,
    role: "img",
    "aria-label": "What the network makes of the plane: the area of each class, and the examples",
  });
  let inks = {}; // as the browser shows them: light, dark, or the reader's own
  for (const how of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
    matchMedia(how).addEventListener("change", () => (inks = {}));
  const asked = (name) => {
    element.style.color = `var(--${name})`;
    return rgb(getComputedStyle(element).color);
  };
  const ink = (name) => (inks[name] ??= asked(name));
  const fill = (name) => `rgb(${ink(name).join(" ")})`;
  view.colours = () => ({ plus: ink("plus"), minus: ink("minus"), paper: ink("paper") });

  function show(w) {
    const pen = element.getContext("2d"),
      found = classes(view, labels, w, size),
      image = pen.createImageData(size, size);
    const areas = Array.from({ length: CLASSES }, (_, i) => ink(`area${i}`)),
      border = ink("line"),
      wide = size / SIDE;
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const at = y * size + x,
          here = found[at],
          left = found[(at - Math.min(wide, x)) | 0];
        const above = found[at - size * Math.min(Math.round(wide), y)];
        const colour = here !== left || here !== above ? border : areas[here % CLASSES];
        for (let k = 0; k < 3; k++) image.data[4 * at + k] = colour[k];
        image.data[4 * at + 3] = 255;
      }
    pen.putImageData(image, 0, 0);
    const drawn = { spans: view.spans, labels, size, fill };
    view.points.forEach((point, at) =>
      dot(pen, drawn, point, told.watch.includes(at) || at === view.selected, wide),
    );
  }

  return { element, show };
}
