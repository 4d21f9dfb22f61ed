// The page of a training: a slider over the epochs, and what each of them did to every weight.

async function unpack(told) {
  const bytes = Uint8Array.from(atob(told.numbers), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const flat = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = told.names.length, columns = told.columns.length, size = flat.length / 3;
  const bits = new Int32Array(size), view = new DataView(new ArrayBuffer(4));
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const before = i >= count * columns ? bits[i - count * columns] : 0;
    bits[i] = (before + ((flat[i] << 16) | (flat[size + i] << 8) | flat[2 * size + i])) & 0xffffff >>> (told.drop - 8);
    view.setUint32(0, bits[i] << told.drop);
    numbers[i] = view.getFloat32(0);
  }
  return (epoch, column) => numbers.subarray((epoch * columns + column) * count, (epoch * columns + column + 1) * count);
}

const SVG = "http://www.w3.org/2000/svg";
function h(tag, props = {}, ...children) {
  const drawn = ["svg", "path", "circle", "rect", "line", "polyline", "text"].includes(tag);
  const element = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props))
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
  if (element.matches("button, input, select, [tabindex]")) leaveKeysAlone(element);
  element.append(...children.flat().filter((x) => x != null));
  return element;
}

const leaveKeysAlone = (element) => element.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's

let digits = 4;
const factor = (x) => (say(x).startsWith("-") ? `(${say(x)})` : say(x));
const say = (x) => {
  if (x == null) return "";
  const number = Number(Number(x).toPrecision(digits));
  return number && (abs(number) < 1e-3 || abs(number) >= 1e5) ? number.toExponential().replace("e+", "e") : String(number);
};

// The update as an equation with its numbers in, and what was added.
export function update(told, row, w, g, kept) {
  const { kind, momentum = 0, weight_decay: decay = 0, maximize, betas, eps } = told.optimizer, lr = row[2];
  if (kind === "Adam") {
    const [delta, m, v] = kept, t = row[1], mean = m / (1 - betas[0] ** t), square = v / (1 - betas[1] ** t);
    return { delta, text: `${say(w - delta)} − ${say(lr)} · ${factor(mean)} / (√${say(square)} + ${say(eps)}) = ${say(w)}` };
  }
  if (kind !== "SGD") return { delta: kept[0], text: `${say(w - kept[0])} + ${factor(kept[0])} = ${say(w)}` };
  // Δ = -lr (g + decay (w - Δ)) without momentum
  const sign = maximize ? 1 : -1, delta = momentum ? kept[0] : (sign * lr * (g + (maximize ? -decay : decay) * w)) / (1 - (maximize ? 0 : lr * decay));
  const before = w - delta, carried = momentum ? delta - sign * lr * g + lr * decay * before : 0;
  const parts = [say(before), maximize ? "+" : "−", `${say(lr)} · ${factor(g)}`];
  if (decay) parts.push("−", `${say(lr)} · ${say(decay)} · ${factor(before)}`);
  if (momentum) parts.push("+", `${momentum} · ${factor(carried / momentum)}`);
  return { delta, text: `${parts.join(" ")} = ${say(w)}` };
}

export async function show(root, told, ops) {
  const numbers = await unpack(told), last = told.rows.length - 1;
  digits = told.drop > 8 ? 3 : 4;
  let epoch = last, chosen = 0, playing = null;

  const slider = h("input", { type: "range", min: 0, max: last, value: last, class: "where", "aria-label": "Epoch", oninput: () => go(+slider.value) });
  const counter = h("output", { class: "counter" });
  const glyph = (d) => h("svg", { viewBox: "0 0 16 16", width: 16, height: 16, class: "icon", "aria-hidden": "true" }, h("path", { d }));
  const button = (title, d, action) => h("button", { type: "button", title, "aria-label": title, onclick: action }, glyph(d));
  const PLAY = "M4 2.5 13 8l-9 5.5z", PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";
  const playButton = button("Play", PLAY, () => play(!playing));
  const summary = h("p", { role: "status" });
  const equation = h("p", { class: "equation" });

  // losses
  const losses = told.losses, finite = losses.flat().filter((x) => x != null), high = Math.max(...finite), low = Math.min(...finite, 0);
  const spot = (i, x) => [40 + (340 * i) / Math.max(losses.length - 1, 1), 160 - (140 * (x - low)) / (high - low || 1)];
  const curve = (column, kind) => {
    const points = losses.flatMap((row, i) => (row[column] == null ? [] : [spot(i, row[column]).map((x) => x.toFixed(1)).join()]));
    return points.length ? h("polyline", { class: kind, points: points.join(" ") }) : null;
  };
  const now = h("line", { class: "now", y1: 20, y2: 160 });
  const dot = h("circle", { class: "dot", r: 4 });
  const chart = h("svg", { viewBox: "0 0 390 190", class: "chart", role: "img", "aria-label": "Loss over the epochs" },
    h("rect", { class: "frame", x: 40, y: 20, width: 340, height: 140 }), now, curve(0, "curve"), curve(1, "tangent"), dot,
    h("text", { x: 36, y: 26, "text-anchor": "end" }, say(high)), h("text", { x: 36, y: 162, "text-anchor": "end" }, say(low)),
    h("text", { x: 40, y: 180 }, "loss over the epochs" + (losses[0][1] == null ? "" : " (dashed: validation)")));
  chart.addEventListener("click", (e) => { const at = (((e.offsetX / chart.clientWidth) * 390 - 40) / 340) * told.rows[last][0]; go(told.rows.findIndex((r) => r[0] >= at - 0.5)); });

  // boundary
  const points = told.points, GRID = 64, xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const span = (all) => { const a = Math.min(...all), b = Math.max(...all), m = 0.1 * (b - a || 1); return [a - m, b + m]; };
  const [[x0, x1], [y0, y1]] = points.length ? [span(xs), span(ys)] : [[0, 1], [0, 1]];
  const labels = [...new Set(points.map((p) => p[2]))].sort((a, b) => a - b);
  const canvas = h("canvas", { width: 320, height: 320, role: "img", "aria-label": "What the network makes of the plane" });

  function predict(w, x) {
    for (const { w: rows, b, activation } of told.net) {
      x = rows.map((row, j) => row.reduce((z, at, i) => z + w[at] * x[i], w[b[j]]));
      if (activation === "softmax") { const most = Math.max(...x), e = x.map((z) => exp(z - most)), sum = e.reduce((p, q) => p + q); x = e.map((z) => z / sum); }
      else if (ops[activation]) x = x.map((z) => ops[activation].value(z, 0.01));
    }
    return x;
  }

  function decide(out) {
    if (out.length > 1) return out.indexOf(Math.max(...out));
    let at = 0;
    while (at < labels.length - 1 && out[0] > (labels[at] + labels[at + 1]) / 2) at++;
    return at;
  }

  const colour = (name) => getComputedStyle(root).getPropertyValue(name) && window.getComputedStyle(swatches[name]).color;
  const swatches = Object.fromEntries(["--output", "--parameter", "--input", "--op", "--go", "--warn", "--good", "--slope", "--paper", "--line"].map((name) => [name, h("i", { style: `color:var(${name})` })]));

  function boundary(w) {
    const pen = canvas.getContext("2d"), cell = 320 / GRID, areas = ["--output", "--parameter", "--input", "--op"].map(colour), inks = ["--go", "--warn", "--good", "--slope"].map(colour);
    const grid = [];
    for (let j = 0; j <= GRID; j++) for (let i = 0; i <= GRID; i++) grid.push(decide(predict(w, [x0 + ((x1 - x0) * (i + 0.5)) / GRID, y1 - ((y1 - y0) * (j + 0.5)) / GRID])));
    for (let j = 0; j < GRID; j++) for (let i = 0; i < GRID; i++) { pen.fillStyle = areas[grid[j * (GRID + 1) + i] % 4]; pen.fillRect(i * cell, j * cell, cell + 1, cell + 1); }
    pen.strokeStyle = colour("--line");
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let j = 0; j < GRID; j++) for (let i = 0; i < GRID; i++) {
      const here = grid[j * (GRID + 1) + i];
      if (here !== grid[j * (GRID + 1) + i + 1] && i + 1 < GRID) { pen.moveTo((i + 1) * cell, j * cell); pen.lineTo((i + 1) * cell, (j + 1) * cell); }
      if (here !== grid[(j + 1) * (GRID + 1) + i] && j + 1 < GRID) { pen.moveTo(i * cell, (j + 1) * cell); pen.lineTo((i + 1) * cell, (j + 1) * cell); }
    }
    pen.stroke();
    points.forEach(([x, y, label], at) => {
      const k = labels.indexOf(label), px = (320 * (x - x0)) / (x1 - x0), py = (320 * (y1 - y)) / (y1 - y0), watched = told.watch.includes(at);
      pen.fillStyle = inks[k % 4];
      pen.beginPath();
      if (k % 2) pen.rect(px - 3.5, py - 3.5, 7, 7);
      else pen.arc(px, py, 4, 0, 7);
      pen.fill();
      pen.strokeStyle = colour("--paper");
      pen.lineWidth = 1;
      pen.stroke();
      if (watched) { pen.strokeStyle = inks[k % 4]; pen.lineWidth = 2; pen.beginPath(); pen.arc(px, py, 9, 0, 7); pen.stroke(); }
    });
  }

  // weights
  const extra = told.columns.slice(2).filter((x) => x !== "Δθ");
  const cells = told.names.map((name, i) => {
    const row = h("tr", { tabindex: -1, onclick: () => choose(i) }, h("th", { scope: "row" }, name), ["", "", "", ...extra].map(() => h("td", {}, "")));
    return Object.assign(row, { parts: [...row.children].slice(1) });
  });
  const pick = h("select", { "aria-label": "Weight", onchange: () => choose(+pick.value) }, told.names.map((name, i) => h("option", { value: i }, name)));
  const table = h("div", { class: "weights", tabindex: 0, "aria-label": "All weights" }, h("table", {}, h("thead", {}, h("tr", {}, ["weight", "value", "gradient", "Δθ", ...extra].map((x) => h("th", {}, x)))), h("tbody", {}, cells)));
  const watched = h("div", { class: "watched" });

  function change(i) {
    const kept = told.columns.slice(2).map((_, c) => numbers(epoch, c + 2)[i]);
    return { ...update(told, told.rows[epoch], numbers(epoch, 0)[i], numbers(epoch, 1)[i], kept), kept };
  }

  function render() {
    const [at, updates, lr, loss, accuracy, validation] = told.rows[epoch], w = numbers(epoch, 0), g = numbers(epoch, 1);
    slider.value = epoch;
    slider.setAttribute("aria-valuetext", `epoch ${at}`);
    counter.textContent = `epoch ${at}`;
    summary.textContent = `${updates} updates${lr == null ? "" : `, learning rate ${say(lr)}`}. Loss ${say(loss)}` + (validation == null ? "" : `, in validation ${say(validation)}`) + (accuracy == null ? "." : `, accuracy ${say(100 * accuracy)} %.`);
    const [cx, cy] = spot(at, loss);
    now.setAttribute("x1", cx);
    now.setAttribute("x2", cx);
    dot.setAttribute("cx", cx);
    dot.setAttribute("cy", cy);
    if (told.net) boundary(w);
    cells.forEach((row, i) => {
      const { delta, kept } = epoch ? change(i) : { delta: null, kept: [] }, more = told.columns.slice(2).flatMap((x, c) => (x === "Δθ" ? [] : [kept[c]]));
      [w[i], epoch ? g[i] : null, delta, ...more].forEach((x, c) => (row.parts[c].textContent = say(x)));
      row.classList.toggle("current", i === chosen);
    });
    const frozen = told.frozen.includes(chosen);
    equation.replaceChildren(h("b", {}, `${told.names[chosen]} = `), epoch ? (frozen ? `${say(w[chosen])}, frozen` : change(chosen).text) : `${say(w[chosen])}, drawn at random before the first update`);
    watched.replaceChildren(...told.watch.map((example, k) => {
      const target = points[example] ? `, target ${points[example][2]}` : "";
      return h("p", {}, h("b", {}, `example ${example}${target}: `), told.predictions[epoch][k].map((x) => say(x)).join(", "));
    }));
    playButton.replaceChildren(glyph(playing ? PAUSE : PLAY));
  }

  function choose(i) { chosen = i; pick.value = i; render(); }
  function go(to) { epoch = Math.max(0, Math.min(to, last)); render(); }
  function play(on) {
    clearInterval(playing);
    if (on && epoch === last) epoch = 0;
    playing = on ? setInterval(() => (epoch < last ? go(epoch + 1) : play(false)), 120) : null;
    render();
  }

  root.addEventListener("keydown", (e) => {
    const to = { ArrowRight: epoch + 1, ArrowLeft: epoch - 1, Home: 0, End: last, PageDown: epoch + 10, PageUp: epoch - 10 }[e.key];
    if (e.target.matches("select, .weights") || e.ctrlKey || e.metaKey) return;
    if (to !== undefined) { e.preventDefault(); go(to); } else if (e.key === "p") play(!playing);
  });
  root.setAttribute("tabindex", "0");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target));
  root.replaceChildren(
    h("div", { class: "bar" }, button("To the start", "M4 3v10M13 3 6 8l7 5z", () => go(0)), button("Back", "M11 3 4 8l7 5z", () => go(epoch - 1)), playButton, button("Step", "M5 3l7 5-7 5z", () => go(epoch + 1)), button("To the end", "M12 3v10M3 3l7 5-7 5z", () => go(last)), slider, counter),
    summary, h("div", { class: "views" }, told.net ? canvas : null, chart, watched),
    h("div", { class: "bar" }, h("label", {}, "Update of ", pick), equation), table, h("span", { hidden: true }, Object.values(swatches)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  render();
}
