// Hold the page's arithmetic against Python's: node walk.test.mjs DIRECTORY, as tests/test_javascript.py calls it.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const directory = process.argv[2];
const { evaluate, walk, mistakeNamed, rounded, formula, ops } = await import(pathToFileURL(`${directory}/walk.mjs`));
const graphs = JSON.parse(readFileSync(`${directory}/graphs.json`, "utf8"));
const worst = {};

function compare(what, mine, theirs, scale, where) {
  const error = Math.abs(mine - theirs) / Math.max(Math.abs(theirs), scale, 1e-300);
  if (!(error <= (worst[what] ?? 0))) worst[what] = error;
  if (!(error <= 1e-12)) throw new Error(`${what} is ${mine} here and ${theirs} in Python, at ${where}`);
}

for (const { nodes, data, slopes, grads, scales, wrong, seed } of graphs) {
  const leaves = nodes.map((node) => node.data), now = evaluate(nodes, ops, leaves), right = walk(nodes, ops, now);
  nodes.forEach((node, i) => {
    const where = `graph ${seed}, node ${i}, ${node.op}`;
    compare("value", now.data[i], data[i], 0, where);
    slopes[i].forEach((slope, k) => compare("local derivative", now.slopes[i][k], slope, 0, where));
    if (!node.constant) compare("gradient", right.grads[i], grads[i], scales[i], where);
  });
  for (const [name, { about, grads: found }] of Object.entries(wrong)) {
    const mine = walk(nodes, ops, now, mistakeNamed(name, { [name]: about })).grads;
    mine.forEach((grad, i) => {
      if (found[i] === null) { if (Number.isFinite(grad)) throw new Error(`${name} gives ${grad} for nan, graph ${seed}`); }
      else compare(name, grad, found[i], scales[i], `graph ${seed}, node ${i}, ${nodes[i].op}`);
    });
  }
  for (const e of right.events.filter((e) => e.input !== undefined)) {
    const numbers = [now.data[e.node], ...nodes[e.node].inputs.map((x) => now.data[x])];
    const { at } = formula(ops[nodes[e.node].op], e.k, numbers, e.slope);
    compare("shown formula / 1000", at(...numbers)[e.k] / 1000, e.slope / 1000, Math.abs(e.slope), `graph ${seed}`);
    const [u, b, ...xs] = rounded([e.upstream, e.before, ...numbers], (u, b, ...xs) => b + at(...xs)[e.k] * u);
    const shown = b + at(...xs)[e.k] * u, tolerance = 5.01e-4 * Math.abs(e.after) + 1e-12 * (Math.abs(e.before) + Math.abs(e.slope * e.upstream));
    if (!(Math.abs(shown - e.after) <= tolerance)) throw new Error(`the formula shows ${shown} for ${e.after}`);
  }
}
console.log(JSON.stringify(worst));
