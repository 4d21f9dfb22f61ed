// The page of a training: a slider over the epochs, and what each of them did to every weight.

import { button, h, icon, leaveKeysAlone } from "./dom.js";
import { abs } from "./numbers.js";
import { plane } from "./plane.js";

async function unpack(told) {
  const bytes = Uint8Array.from(atob(told.numbers), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const flat = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = told.names.length,
    columns = told.columns.length,
    size = flat.length / 3;
  const bits = new Int32Array(size),
    view = new DataView(new ArrayBuffer(4));
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const before = i >= count * columns ? bits[i - count * columns] : 0;
    bits[i] =
      (before + ((flat[i] << 16) | (flat[size + i] << 8) | flat[2 * size + i])) &
      (0xffffff >>> (told.drop - 8));
    view.setUint32(0, bits[i] << told.drop);
    numbers[i] = view.getFloat32(0);
  }
  return (epoch, column) =>
    numbers.subarray((epoch * columns + column) * count, (epoch * columns + column + 1) * count);
}

let digits = 4;
const factor = (x) => (say(x).startsWith("-") ? `(${say(x)})` : say(x));
const say = (x) => {
  if (x == null) return "";
  const number = Number(Number(x).toPrecision(digits));
  return number && (abs(number) < 1e-3 || abs(number) >= 1e5)
    ? number.toExponential().replace("e+", "e")
    : String(number);
};

// The update as an equation with its numbers in, and what was added.
export function update(told, row, w, g, kept) {
  const { kind, momentum = 0, weight_decay: decay = 0, maximize, betas, eps } = told.optimizer,
    lr = row[2];
  if (kind === "Adam") {
    const [delta, m, v] = kept,
      t = row[1],
      mean = m / (1 - betas[0] ** t),
      square = v / (1 - betas[1] ** t);
    return {
      delta,
      text: `${say(w - delta)} − ${say(lr)} · ${factor(mean)} / (√${say(square)} + ${say(eps)}) = ${say(w)}`,
    };
  }
  if (kind !== "SGD")
    return { delta: kept[0], text: `${say(w - kept[0])} + ${factor(kept[0])} = ${say(w)}` };
  // Δ = -lr (g + decay (w - Δ)) without momentum
  const sign = maximize ? 1 : -1,
    delta = momentum
      ? kept[0]
      : (sign * lr * (g + (maximize ? -decay : decay) * w)) / (1 - (maximize ? 0 : lr * decay));
  const before = w - delta,
    carried = momentum ? delta - sign * lr * g + lr * decay * before : 0;
  const parts = [say(before), maximize ? "+" : "−", `${say(lr)} · ${factor(g)}`];
  if (decay) parts.push("−", `${say(lr)} · ${say(decay)} · ${factor(before)}`);
  if (momentum) parts.push("+", `${momentum} · ${factor(carried / momentum)}`);
  return { delta, text: `${parts.join(" ")} = ${say(w)}` };
}

// The curve of the losses, on which a click chooses an epoch.
function lossChart(told, go) {
  const { losses, rows } = told,
    all = losses.flat().filter((x) => x != null),
    last = rows.length - 1;
  const high = Math.max(...all),
    low = Math.min(...all, 0),
    left = 66;
  const spot = (i, x) => [
    left + (334 * i) / Math.max(losses.length - 1, 1),
    160 - (140 * (x - low)) / (high - low || 1),
  ];
  const curve = (column, kind) => {
    const points = losses.flatMap((row, i) =>
      row[column] == null
        ? []
        : [
            spot(i, row[column])
              .map((x) => x.toFixed(1))
              .join(),
          ],
    );
    return points.length ? h("polyline", { class: kind, points: points.join(" ") }) : null;
  };
  const now = h("line", { class: "now", y1: 20, y2: 160 }),
    dot = h("circle", { class: "dot", r: 4 });
  const text = (x, y, words, anchor) => h("text", { x, y, "text-anchor": anchor }, words);
  const element = h(
    "svg",
    { viewBox: "0 0 416 190", class: "chart", role: "img", "aria-label": "Loss over the epochs" },
    h("rect", { class: "frame", x: left, y: 20, width: 334, height: 140 }),
    now,
    curve(0, "curve"),
    curve(1, "tangent"),
    dot,
    text(left - 4, 26, say(high), "end"),
    text(left - 4, 162, say(low), "end"),
    text(
      left,
      180,
      "loss over the epochs" + (losses[0][1] == null ? "" : " (dashed: validation)"),
      "start",
    ),
  );
  element.addEventListener("click", (e) => {
    const at = (((e.offsetX / element.clientWidth) * 416 - left) / 334) * rows[last][0];
    go(rows.findIndex((row) => row[0] >= at - 0.5));
  });
  const mark = (epoch, loss) => {
    const [x, y] = spot(epoch, loss);
    for (const key of ["x1", "x2"]) now.setAttribute(key, x);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
  };
  return { element, mark };
}

// The table of all weights, and the update of one of them as an equation.
function weightTable(told, numbers, render) {
  const extra = told.columns.slice(2).filter((x) => x !== "Δθ"),
    equation = h("p", { class: "equation" });
  let chosen = 0;
  const choose = (i) => {
    chosen = i;
    pick.value = i;
    render();
  };
  const rows = told.names.map((name, i) => {
    const row = h(
      "tr",
      { onclick: () => choose(i) },
      h("th", { scope: "row" }, name),
      ["", "", "", ...extra].map(() => h("td", {}, "")),
    );
    return Object.assign(row, { parts: [...row.children].slice(1) });
  });
  const pick = h(
    "select",
    { "aria-label": "Weight", onchange: () => choose(+pick.value) },
    told.names.map((name, i) => h("option", { value: i }, name)),
  );
  const heads = ["weight", "value", "gradient", "Δθ", ...extra].map((x) =>
    h("th", { scope: "col" }, x),
  );
  const element = h(
    "div",
    { class: "weights", tabindex: 0, role: "region", "aria-label": "All weights" },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)),
  );
  const change = (epoch, i) => {
    const kept = told.columns.slice(2).map((_, c) => numbers(epoch, c + 2)[i]);
    return {
      ...update(told, told.rows[epoch], numbers(epoch, 0)[i], numbers(epoch, 1)[i], kept),
      kept,
    };
  };
  const show = (epoch) => {
    const w = numbers(epoch, 0),
      g = numbers(epoch, 1);
    rows.forEach((row, i) => {
      const { delta, kept } = epoch ? change(epoch, i) : { delta: null, kept: [] };
      const more = told.columns.slice(2).flatMap((x, c) => (x === "Δθ" ? [] : [kept[c]]));
      [w[i], epoch ? g[i] : null, delta, ...more].forEach(
        (x, c) => (row.parts[c].textContent = say(x)),
      );
      row.classList.toggle("current", i === chosen);
    });
    const frozen = told.frozen.includes(chosen),
      drawn = `${say(w[chosen])}, drawn at random before the first update`;
    const said = !epoch ? drawn : frozen ? `${say(w[chosen])}, frozen` : change(epoch, chosen).text;
    equation.replaceChildren(h("b", {}, `${told.names[chosen]} = `), said);
  };
  return { element, pick, equation, show };
}

function summaryOf([, updates, lr, loss, accuracy, validation]) {
  return (
    `${updates} updates${lr == null ? "" : `, learning rate ${say(lr)}`}. Loss ${say(loss)}` +
    (validation == null ? "" : `, in validation ${say(validation)}`) +
    (accuracy == null ? "." : `, accuracy ${say(100 * accuracy)} %.`)
  );
}

function watchedAt(told, epoch) {
  return told.watch.map((example, k) => {
    const target = told.points[example] ? `, target ${told.points[example][2]}` : "";
    return h(
      "p",
      {},
      h("b", {}, `example ${example}${target}: `),
      told.predictions[epoch][k].map((x) => say(x)).join(", "),
    );
  });
}

function listen(root, { epoch, last, go, toggle }) {
  root.addEventListener("keydown", (e) => {
    const to = {
      ArrowRight: epoch() + 1,
      ArrowLeft: epoch() - 1,
      Home: 0,
      End: last,
      PageDown: epoch() + 10,
      PageUp: epoch() - 10,
    }[e.key];
    if (e.target.matches("select, .weights") || e.ctrlKey || e.metaKey) return;
    if (to !== undefined) {
      e.preventDefault();
      go(to);
    } else if (e.key === "p") toggle();
  });
}

function frame(root, parts) {
  const { go, epoch, last, playButton, slider, counter, summary, area, chart, watched, weights } =
    parts;
  root.setAttribute("tabindex", "0");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target));
  root.replaceChildren(
    h(
      "div",
      { class: "bar" },
      button("first", "To the start", () => go(0)),
      button("back", "Back", () => go(epoch() - 1)),
      playButton,
      button("step", "Step", () => go(epoch() + 1)),
      button("last", "To the end", () => go(last)),
      slider,
      counter,
    ),
    summary,
    h("div", { class: "views" }, area?.element ?? "", chart.element, watched),
    h("div", { class: "bar" }, h("label", {}, "Update of ", weights.pick), weights.equation),
    weights.element,
  );
}

function epochSlider(last, go) {
  const slider = h("input", {
    type: "range",
    min: 0,
    max: last,
    value: last,
    class: "where",
    "aria-label": "Epoch",
    oninput: () => go(+slider.value),
  });
  return slider;
}

export async function show(root, told, ops) {
  const numbers = await unpack(told),
    last = told.rows.length - 1;
  digits = told.drop > 8 ? 3 : 4;
  let epoch = last,
    playing = null;
  const go = (to) => {
    epoch = Math.max(0, Math.min(to, last));
    render();
  };
  const play = (on) => {
    clearInterval(playing);
    if (on && epoch === last) epoch = 0;
    playing = on ? setInterval(() => (epoch < last ? go(epoch + 1) : play(false)), 120) : null;
    render();
  };
  const slider = epochSlider(last, go);
  const counter = h("output", { class: "counter" }),
    playButton = button("play", "Play", () => play(!playing));
  const summary = h("p", { role: "status" }),
    watched = h("div", { class: "watched" });
  const chart = lossChart(told, go),
    weights = weightTable(told, numbers, () => render()),
    area = told.net ? plane(root, told, ops) : null;

  function render() {
    const [at, , , loss] = told.rows[epoch];
    slider.value = epoch;
    slider.setAttribute("aria-valuetext", `epoch ${at}`);
    counter.textContent = `epoch ${at}`;
    summary.textContent = summaryOf(told.rows[epoch]);
    chart.mark(at, loss);
    area?.show(numbers(epoch, 0));
    weights.show(epoch);
    watched.replaceChildren(...watchedAt(told, epoch));
    playButton.replaceChildren(icon(playing ? "pause" : "play"));
    playButton.setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  const steps = { go, epoch: () => epoch, last, toggle: () => play(!playing) };
  listen(root, steps);
  frame(root, {
    ...steps,
    playButton,
    slider,
    counter,
    summary,
    area,
    chart,
    watched,
    weights,
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  render();
}
