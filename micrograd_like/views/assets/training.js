// The page of a training: a slider over the epochs, what each of them did to every weight, and training on.

import { button, h, icon, leaveKeysAlone } from "./dom.js";
import { networkPicture } from "./network.js";
import { plane, predict } from "./plane.js";
import { pointTools } from "./points.js";
import { recipePanel } from "./recipe.js";
import { trainingTools } from "./retrain.js";
import { say, setDigits, weightTable } from "./weights.js";
import { whyPanel } from "./why.js";

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

// The curve of the losses, on which a click chooses an epoch.
function lossChart(told, go) {
  const left = 66,
    text = (x, y, anchor) => h("text", { x, y, "text-anchor": anchor });
  const now = h("line", { class: "now", y1: 20, y2: 160 }),
    dot = h("circle", { class: "dot", r: 4 }),
    lines = ["curve", "tangent"].map((kind) => h("polyline", { class: kind })),
    [most, least, legend] = [text(62, 26, "end"), text(62, 162, "end"), text(66, 180, "start")];
  const element = h(
    "svg",
    { viewBox: "0 0 416 190", class: "chart", role: "img", "aria-label": "Loss over the epochs" },
    h("rect", { class: "frame", x: left, y: 20, width: 334, height: 140 }),
    now,
    lines,
    dot,
    [most, least, legend],
  );
  element.addEventListener("click", (e) => {
    const { rows } = told,
      at = (((e.offsetX / element.clientWidth) * 416 - left) / 334) * rows.at(-1)[0];
    go(rows.findIndex((row) => row[0] >= at - 0.5));
  });
  const mark = (epoch, loss) => {
    const { losses } = told,
      all = losses.flat().filter((x) => x != null && Number.isFinite(x)),
      high = all.reduce((x, y) => Math.max(x, y), -Infinity),
      low = all.reduce((x, y) => Math.min(x, y), 0);
    const spot = (i, x) => [
      left + (334 * i) / Math.max(losses.length - 1, 1),
      160 - (140 * (x - low)) / (high - low || 1),
    ];
    lines.forEach((line, column) => {
      const points = losses.flatMap((row, i) =>
        row[column] == null ? [] : [spot(i, row[column])],
      );
      line.setAttribute(
        "points",
        points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "),
      );
    });
    [most.textContent, least.textContent] = [say(high), say(low)];
    legend.textContent = `loss over the epochs${losses[0][1] == null ? "" : " (dashed: validation)"}`;
    const [x, y] = spot(epoch, loss ?? low);
    for (const key of ["x1", "x2"]) now.setAttribute(key, x);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
  };
  return { element, mark };
}

function summaryOf([, updates, lr, loss, accuracy, validation]) {
  return (
    `${updates} update${updates === 1 ? "" : "s"}${lr == null ? "" : `, learning rate ${say(lr)}`}. Loss ${say(loss)}` +
    (validation == null ? "" : `, in validation ${say(validation)}`) +
    (accuracy == null ? "." : `, accuracy ${say(100 * accuracy)} %.`)
  );
}

function watchedAt(view) {
  const { told, at } = view,
    recorded = told.predictions[view.source[at]];
  return told.watch.map((example, k) => {
    const point = view.points[example],
      target = point ? `, target ${point[2]}` : "";
    const out =
      recorded?.[k] ??
      (told.net && point ? predict(view.net, view.ops, view.numbers(at, 0), point) : []);
    return h(
      "p",
      {},
      h("b", {}, `example ${example}${target}: `),
      out.map((x) => say(x)).join(", "),
    );
  });
}

function listen(root, { epoch, last, go, toggle }) {
  root.addEventListener("keydown", (e) => {
    const to = {
      ArrowRight: epoch() + 1,
      ArrowLeft: epoch() - 1,
      Home: 0,
      End: last(),
      PageDown: epoch() + 10,
      PageUp: epoch() - 10,
    }[e.key];
    const busy =
      e.target.matches("select, input:not(.where), .weights") || e.target.closest(".walked");
    if (busy || e.ctrlKey || e.metaKey) return;
    if (to !== undefined) {
      e.preventDefault();
      go(to);
    } else if (e.key === "p") toggle();
  });
}

function epochBar({ go, epoch, last, toggle }) {
  const play = button("play", "Play", toggle, "P"),
    counter = h("output", { class: "counter" });
  const slider = h("input", {
    type: "range",
    min: 0,
    class: "where",
    "aria-label": "Epoch",
    oninput: () => go(+slider.value),
  });
  const element = h(
    "div",
    { class: "bar" },
    button("first", "To the start", () => go(0)),
    button("back", "Back", () => go(epoch() - 1)),
    play,
    button("step", "Step", () => go(epoch() + 1)),
    button("last", "To the end", () => go(last())),
    slider,
    counter,
  );
  const render = (at, playing) => {
    slider.max = last();
    slider.value = epoch();
    slider.setAttribute("aria-valuetext", `epoch ${at}`);
    counter.textContent = `epoch ${at}`;
    play.replaceChildren(icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
  };
  return { element, render };
}

function newTraining(root, told, ops, kernels, recorded) {
  const view = {
    root,
    told,
    ops,
    kernels,
    at: told.rows.length - 1,
    chosen: 0,
    source: told.rows.map((_, i) => i), // of each row: which recorded one it is, or its exact numbers
    points: told.points.map((point) => [...point]),
    net: told.net,
    playing: null,
  };
  view.numbers = (row, column) => {
    const source = view.source[row];
    return typeof source === "number" ? recorded(source, column) : source.columns[column];
  };
  return view;
}

function lay(root, parts) {
  const { area, points, network, chart, watched, weights, tools, bar, summary, why, recipe } =
    parts;
  root.setAttribute("tabindex", "0");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target));
  const left = area ? h("div", { class: "plane" }, area.element, points?.element ?? "") : "",
    views = h("div", { class: "views" }, left, network?.element ?? "", chart.element, watched);
  const picked = h(
    "div",
    { class: "bar" },
    h("label", {}, "Update of ", weights.pick),
    weights.equation,
  );
  root.replaceChildren(
    ...[
      tools?.element,
      recipe?.element,
      bar.element,
      summary,
      views,
      picked,
      why?.element,
      weights.element,
    ].filter(Boolean),
  );
}

export async function show(root, told, ops, kernels) {
  const view = newTraining(root, told, ops, kernels, await unpack(told));
  setDigits(told.drop > 8 ? 3 : 4);
  const last = () => told.rows.length - 1;
  const go = (to) => {
    view.at = Math.max(0, Math.min(to, last()));
    render();
  };
  const play = (on) => {
    clearInterval(view.playing);
    if (on && view.at === last()) view.at = 0;
    const turn = () => (view.at < last() ? go(view.at + 1) : play(false));
    view.playing = on ? setInterval(turn, 120) : null;
    render();
  };
  view.choose = (i) => {
    view.chosen = i;
    render();
  };
  view.render = () => render();
  const steps = { go, epoch: () => view.at, last, toggle: () => play(!view.playing) };
  const bar = epochBar(steps),
    summary = h("p", { role: "status", class: "summary" }),
    watched = h("div", { class: "watched" });
  const chart = lossChart(told, go),
    weights = weightTable(view),
    area = told.net ? plane(view) : null;
  const tools = told.train ? trainingTools(view) : null,
    points = tools && area ? pointTools(view, area, tools) : null,
    network = tools ? networkPicture(view) : null,
    why = tools ? whyPanel(view, tools) : null,
    recipe = tools && area ? recipePanel(view, tools, go) : null;

  function render() {
    const row = told.rows[view.at];
    tools?.measure(row);
    bar.render(row[0], view.playing);
    summary.textContent = summaryOf(row);
    chart.mark(row[0], row[3]);
    area?.show(view.numbers(view.at, 0));
    weights.render();
    watched.replaceChildren(...watchedAt(view));
    for (const panel of [tools, points, network, why, recipe]) panel?.render();
  }

  listen(root, steps);
  lay(root, { area, points, network, chart, watched, weights, tools, bar, summary, why, recipe });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  render();
  root.training = view;
  tools?.recompute();
}
