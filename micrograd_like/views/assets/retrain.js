// Training on in the browser: the weights of the epoch that is shown, other examples, another rate, batch, activation.

import { learn, shuffled, trainer } from "./columns.js";
import { button, h, icon } from "./dom.js";
import { predict } from "./plane.js";

const ROWS = 3000, // rows
  RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
  FRAME = 14; // ms of training before the picture is drawn anew
const SPEEDS = [
  [1, "an epoch a frame"],
  [0.08, "five epochs a second"],
  [Infinity, "as fast as it goes"],
];

// Weights, gradients and memory at a row, to train on from.
function startFrom(view) {
  const { told, source, at } = view,
    { train, rows } = told,
    here = source[at],
    last = told.recorded - 1;
  const found = view.replayed?.[here]?.columns ?? told.columns.map((_, c) => view.numbers(at, c)),
    columns = found.map((column) => Float64Array.from(column)),
    exact = here === 0 ? train.start : here === last ? train.now : columns[0];
  const kept = (p) => columns.slice(2).map((column) => column[p]);
  const memory =
    here === last ? train.memory.map((row) => [...row]) : train.start.map((_, p) => kept(p));
  return {
    weights: Float64Array.from(exact),
    gradients: columns[1],
    memory: memory.map((row) => (row.length ? row : [0])),
    updates: rows[at][1],
  };
}

// The numbers of a row, as the columns of the table; `before` and `batch` are those of its last update.
const rowOf = (told, now, before, batch) => ({
  columns: [
    Float64Array.from(now.weights),
    Float64Array.from(now.gradients),
    ...told.columns.slice(2).map((_, c) => Float64Array.from(now.memory.map((row) => row[c]))),
  ],
  before,
  batch,
});

// One epoch: every batch, and a row for it.
function epoch(view, state) {
  const { told } = view,
    { now, pass, free, lr, size } = state,
    [from] = told.rows.at(-1),
    examples = view.points;
  const order = size ? shuffled(examples.length, from + 1) : null,
    wide = size || examples.length;
  let before, batch;
  for (let i = 0; i < examples.length; i += wide) {
    batch = order ? order.slice(i, i + wide).map((k) => examples[k]) : examples;
    before = Float64Array.from(now.weights);
    if (Number.isNaN(learn({ pass, told, free }, now, batch, lr))) return false;
  }
  const loss = pass(now.weights, examples);
  if (!Number.isFinite(loss)) return false;
  told.rows.push([from + 1, now.updates, lr, loss, null, null]);
  told.losses.push([loss, null]);
  view.source.push(rowOf(told, now, before, batch));
  if (told.rows.length > ROWS) {
    const half = (_, i, all) => i % 2 === 0 || i > all.length - 100;
    told.rows = told.rows.filter(half);
    view.source = view.source.filter(half);
  }
  return true;
}

function choices(view, state, rebuilt) {
  const { train } = view.told,
    option = (value, text) => h("option", { value }, text);
  const rates = [...new Set([...RATES, train.lr])].sort((a, b) => a - b);
  const rate = h(
    "select",
    { onchange: () => (state.lr = +rate.value) },
    rates.map((x) => option(x, x)),
  );
  rate.value = train.lr;
  const sizes = [...new Set([1, 4, 10, 32, ...(train.batch ? [train.batch] : [])])].sort(
    (a, b) => a - b,
  );
  const batch = h(
    "select",
    { onchange: () => (state.size = +batch.value) },
    option(0, "all examples"),
    sizes.map((x) => option(x, x)),
  );
  batch.value = train.batch ?? 0;
  const bend = h(
    "select",
    { onchange: () => rebuilt(bend.value) },
    train.activations.map((x) => option(x, x)),
  );
  const speed = h(
    "select",
    { onchange: () => (state.speed = +speed.value) },
    SPEEDS.map(([x, text]) => option(x, text)),
  );
  const named = (text, element) => h("label", {}, `${text} `, element);
  return [
    named("Learning rate", rate),
    named("Batch", batch),
    train.activations.length ? named("Activation", bend) : null,
    named("Speed", speed),
  ];
}

// The recorded rows anew, with every digit, where nothing was dealt at random: then every epoch can be walked.
function recomputed(view, state) {
  const { told } = view,
    { train, rows } = told;
  if (
    train.batch ||
    !rows.every((row, i) => row[0] === i) ||
    rows.length !== told.recorded ||
    rows.length < 2
  )
    return;
  const now = {
    weights: Float64Array.from(train.start),
    gradients: new Float64Array(train.start.length),
    memory: train.start.map(() => [0, 0, 0]),
    updates: 0,
  };
  const found = rows.slice(1).map(([, , lr]) => {
    const before = Float64Array.from(now.weights);
    learn({ pass: state.pass, told, free: state.free }, now, view.points, lr);
    return rowOf(told, now, before, view.points);
  });
  const same = train.now.every(
    (w, p) => Math.abs(w - now.weights[p]) <= 1e-9 * Math.max(1, Math.abs(w)),
  );
  if (!same) return;
  view.replayed = [null, ...found]; // what is shown stays what the engine recorded
  view.render();
}

// The same network with another activation in its hidden layers.
function rebuild(view, state, activation) {
  const { told } = view,
    { train } = told,
    [used] = train.activations,
    other = activation && activation !== used ? activation : null;
  state.pass = trainer(train.programs, view.kernels, train.start.length, other);
  const inner = (layer, at) => at < told.net.length - 1 && layer.activation === used;
  view.net = told.net.map((layer, at) =>
    other && inner(layer, at) ? { ...layer, activation } : layer,
  );
  view.activation = activation ?? used;
}

export function trainingTools(view) {
  const { told } = view,
    { train } = told;
  told.recorded = told.rows.length;
  const state = {
    lr: train.lr,
    size: train.batch ?? 0,
    speed: 1,
    now: null,
    said: "",
    fast: 0,
    taken: [],
    edited: false,
  };
  state.free = train.free;
  const build = (activation) => rebuild(view, state, activation);
  build(null);
  const go = button("play", "Train on", () => run(!view.training));
  const label = h("span", {}, "Train on");
  go.append(label);
  const run = runner(view, state);
  const one = h("button", { type: "button", onclick: () => run("once") }, "One epoch");
  const again = h("button", { type: "button", onclick: () => restart(view, run) }, "Start again");
  const rebuilt = (activation) => {
    build(activation);
    state.edited = true;
    view.render();
  };
  const element = h(
    "div",
    { class: "bar train", role: "group", "aria-label": "Train on in this page" },
    [go, one, again],
    choices(view, state, rebuilt),
    h("output", { class: "speed" }),
  );
  return {
    element,
    state,
    run,
    edited: () => {
      state.edited = true;
      view.render();
    },
    measure: (row) => measured(view, state, row),
    note: () => noted(view, state),
    recompute: () => recomputed(view, state),
    render: () => {
      go.replaceChildren(icon(view.training ? "pause" : "play"), label);
      const middle = view.at < told.rows.length - 1 ? ` from epoch ${told.rows[view.at][0]}` : "",
        words = view.training ? "Stop training" : `Train on${middle}`;
      go.setAttribute("aria-label", words);
      label.textContent = view.training ? "Stop" : words;
      element.lastChild.textContent = state.fast
        ? `${Math.round(state.fast).toLocaleString("en")} steps a second`
        : "";
    },
  };
}

function restart(view, run) {
  run(false);
  view.told.rows.length = view.source.length = view.told.losses.length = 1;
  view.at = 0;
  view.render();
}

// Trains while it is on, between two frames of the screen.
function runner(view, state) {
  const { told } = view;
  const cut = () => {
    const { at } = view;
    told.losses.length = told.rows[at][0] + 1;
    told.rows.length = view.source.length = at + 1;
    Object.assign(state, { said: "", edited: false, now: startFrom(view) });
  };
  const some = (most) => {
    const start = performance.now(),
      { updates } = state.now;
    let fine = true,
      spent = 0;
    for (let i = 0; fine && i < most && spent < FRAME; i++) {
      fine = epoch(view, state);
      spent = performance.now() - start;
    }
    state.taken = [...state.taken, [state.now.updates - updates, spent]].slice(-40);
    const [done, ms] = state.taken.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
    state.fast = ms > 20 ? (1000 * done) / ms : 0; // over some time, because a clock in a browser is coarse
    view.at = told.rows.length - 1;
    if (!fine)
      state.said =
        "The next step gives numbers that are not finite: choose a smaller learning rate.";
    return fine;
  };
  return function run(on) {
    if (on === "once") {
      view.training = false;
      cut();
      some(1);
      return view.render();
    }
    view.training = on;
    if (!on) return view.render();
    cut();
    let owed = 0;
    const frame = () => {
      if (!view.training || !view.root.isConnected) return;
      owed = Math.min(owed + state.speed, state.speed === Infinity ? Infinity : 2);
      if (owed >= 1) {
        if (!some(Math.floor(owed))) view.training = false;
        owed = state.speed === Infinity ? 0 : owed - Math.floor(owed);
        view.render();
      }
      if (view.training) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  };
}

// How many of the examples are decided as they should be.
function accuracyOf(view, weights) {
  const { threshold } = view.told.train;
  const right = view.points.filter(([x, y, label]) => {
    const out = predict(view.net, view.ops, weights, [x, y]);
    return out.length > 1
      ? out.indexOf(Math.max(...out)) === label
      : out[0] > threshold === label > 0;
  });
  return right.length / view.points.length;
}

function measured(view, state, row) {
  if (row[4] === null && typeof view.source[view.at] !== "number")
    row[4] = accuracyOf(view, view.numbers(view.at, 0));
}

function noted(view, state) {
  if (!state.edited || view.training) return state.said;
  const weights = view.numbers(view.at, 0),
    loss = state.pass(weights, view.points),
    right = accuracyOf(view, weights);
  return `With the examples and the activation as they are now: loss ${loss.toPrecision(4)}, accuracy ${(100 * right).toPrecision(4)} %.`;
}
