// The recorded graph of one example as flat columns of numbers, run over many examples at once.
//
// Every node has a lane for each example, parameters and constants one number for all. The loops come from
// the table of operations, written by Python: `kernels.mul.forward`, `kernels.mul.backward`.

// One program with room for so many lanes: `run` gives the sum of its losses and adds to the gradients.
export function machine(program, kernels, count, room, swap = {}) {
  const { nodes } = program.lesson,
    { parameters, constants } = program,
    varying = new Set(
      Object.keys(constants[0])
        .map(Number)
        .filter((i) => constants.some((one) => one[i] !== constants[0][i])),
    );
  let size = count;
  const at = [],
    step = [];
  nodes.forEach((node, i) => {
    const own = parameters[i] === undefined,
      fixed = node.constant && !varying.has(i);
    step[i] = own && !fixed ? 1 : 0;
    at[i] = own ? size : parameters[i];
    if (own) size += fixed ? 1 : room;
  });
  const x = new Float64Array(size),
    g = new Float64Array(size),
    steps = [],
    feeds = program.inputs;
  for (const i of Object.keys(constants[0]).map(Number)) x[at[i]] = constants[0][i];
  const takes = nodes.map(() => false); // whether a gradient is of use: below it is a parameter
  nodes.forEach((node, i) => {
    takes[i] = parameters[i] !== undefined || node.inputs.some((k) => takes[k]);
    if (!node.op) return;
    const kernel = kernels[swap[i] ?? node.op],
      there = node.inputs.flatMap((k) => [at[k], step[k]]),
      back = node.inputs.flatMap((k) => [takes[k], at[k], step[k]]);
    steps.push({ kernel, o: at[i], there, back });
  });
  const root = at.at(-1);

  // The examples are [x0, x1, label]; `seed` is what backward begins with, nothing for no backward pass.
  function run(weights, examples, seed, gradients) {
    const n = examples.length;
    let loss = 0;
    x.set(weights);
    for (let l = 0; l < n; l++) {
      feeds.forEach((i, k) => i !== null && (x[at[i] + l] = examples[l][k]));
      const label = program.labels.indexOf(examples[l][2]);
      for (const i of varying) x[at[i] + l] = constants[label][i];
    }
    for (const { kernel, o, there } of steps) kernel.forward(x, n, o, ...there);
    for (let l = 0; l < n; l++) loss += x[root + l];
    if (seed === undefined) return loss;
    g.fill(0);
    g.fill(seed, root, root + n);
    for (let k = steps.length - 1; k >= 0; k--)
      steps[k].kernel.backward(x, g, n, steps[k].o, ...steps[k].back);
    for (let p = 0; p < count; p++) gradients[p] += g[p];
    return loss;
  }
  return { run, room };
}

// All programs of a training: each example goes to the one of its label.
export function trainer(programs, kernels, count, activation) {
  let machines = [],
    rooms = 0;
  const swaps = programs.map(({ hidden }) =>
    activation ? Object.fromEntries(hidden.map((i) => [i, activation])) : {},
  );
  const ready = (n) => {
    if (n <= rooms) return;
    rooms = Math.max(2 * rooms, n);
    machines = programs.map((program, k) => machine(program, kernels, count, rooms, swaps[k]));
  };
  // The average loss of these examples, and its gradient put into `gradients`.
  return function pass(weights, examples, gradients) {
    const n = examples.length;
    ready(n);
    gradients?.fill(0);
    let loss = 0;
    programs.forEach(({ labels }, k) => {
      const mine = programs.length > 1 ? examples.filter((e) => labels.includes(e[2])) : examples;
      if (mine.length)
        loss += machines[k].run(weights, mine, gradients ? 1 / n : undefined, gradients);
    });
    return loss / n;
  };
}

// What one update adds to each parameter, and what is remembered: as `optim.py`, which says where it is from.
export const UPDATES = {
  SGD(p, gradient, [before], { momentum = 0, weight_decay: decay = 0, maximize }, lr) {
    const g = (maximize ? -gradient : gradient) + decay * p,
      delta = -(lr * g);
    return [momentum ? delta + momentum * before : delta];
  },
  Adam(p, gradient, [, mean, square], { betas, eps, maximize }, lr, t) {
    const g = maximize ? -gradient : gradient,
      m = betas[0] * mean + (1 - betas[0]) * g,
      v = betas[1] * square + (1 - betas[1]) * g * g,
      root = Math.sqrt(v / (1 - betas[1] ** t)) + eps;
    return [-((lr * (m / (1 - betas[0] ** t))) / root), m, v];
  },
};

// One step of training: the weights and the memory are changed in place, the gradient is left in `gradients`.
export function learn({ pass, told, free }, now, examples, lr) {
  const { weights, gradients, memory } = now,
    { l2 = 0, clip } = told.train,
    update = UPDATES[told.optimizer.kind];
  const loss = pass(weights, examples, gradients);
  if (l2) weights.forEach((w, p) => (gradients[p] += 2 * l2 * w));
  const length = clip == null ? 0 : Math.hypot(...gradients);
  if (clip != null && length > clip)
    gradients.forEach((g, p) => (gradients[p] = g * (clip / length)));
  if (!gradients.every(Number.isFinite)) return NaN;
  now.updates += 1;
  for (const p of free) {
    memory[p] = update(weights[p], gradients[p], memory[p], told.optimizer, lr, now.updates);
    weights[p] += memory[p][0];
  }
  return loss;
}

// Numbers at random, the same from the same seed: Marsaglia's xorshift, Journal of Statistical Software 8 (14), 2003.
export function shuffled(count, seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const k = (state >>> 0) % (i + 1);
    [order[i], order[k]] = [order[k], order[i]];
  }
  return order;
}
