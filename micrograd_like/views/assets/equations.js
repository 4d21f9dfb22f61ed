// The equations of a step, as MathML in which each number and name says what it belongs to.

import { formula, isForward } from "./model.js";
import { rounded, short } from "./numbers.js";

export const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const bracketed = (ml) => (/^<mo>−|^<mrow[^>]*><mo>−/.test(ml) ? `<mo>(</mo>${ml}<mo>)</mo>` : ml);
const about = (i) => (i === undefined ? "" : ` data-node="${i}"`);

// A minus at the start of a term is a sign, not a subtraction: MathML spaces the two differently.
export const signed = (ml) =>
  ml.replace(/(^|<mo>[=(·,+−]<\/mo>|<mrow[^>]*>|<math>)<mo>−<\/mo>/g, '$1<mo form="prefix">−</mo>');

export const mn = (x, i) =>
  (x < 0 ? "<mo>−</mo>" : "") + `<mn${about(i)}>${short(x, 17).replace(/^[-−]/, "")}</mn>`;

// What a node is called where it is seen: w¹₂₁ for layers[0].neurons[2].w[1].
export const called = (node) => node.shown ?? node.name;

const NEURON = /^(?:\w+\.)?layers\[(\d+)\]\.neurons\[(\d+)\]\.([a-z]+)(?:\[(\d+)\])?$/;

export function mi(name, i) {
  const weight = NEURON.exec(name);
  if (weight) {
    const [, layer, neuron, letter, place = ""] = weight,
      between = (neuron + place).length > 2 && place ? "," : "";
    return `<msubsup${about(i)}><mi>${letter}</mi><mn>${neuron}${between}${place}</mn><mn>${+layer + 1}</mn></msubsup>`;
  }
  const sum = /^([za])(\d+)\[(\d+)\](?:_(\d+))?$/.exec(name); // of a neuron, and for which example
  if (sum) {
    const [, letter, layer, neuron, lane] = sum,
      symbol = `<msubsup><mi>${letter}</mi><mn>${neuron}</mn><mn>${layer}</mn></msubsup>`;
    return `<mrow${about(i)}>${symbol}${lane ? `<mtext>(${lane})</mtext>` : ""}</mrow>`;
  }
  const match = /^([\p{L}\p{M}_]+)\[?(\d+)\]?$/u.exec(name);
  return match
    ? `<msub${about(i)}><mi>${match[1]}</mi><mn>${match[2]}</mn></msub>`
    : `<mi${about(i)}>${escape(name)}</mi>`;
}

// A number below 0 goes without parentheses where a term begins.
const fill = (text, parts) =>
  text.replace(/\{(out|[abc])\}/g, (place, key, at) => {
    const part = parts[["out", "a", "b", "c"].indexOf(key)];
    return /(^|[(,]<\/mo>|<mfrac><mrow>|<\/mrow><mrow>)$/.test(text.slice(0, at))
      ? part
      : bracketed(part);
  });

export const partial = (top, bottom) =>
  `<mfrac><mrow><mo>∂</mo>${top}</mrow><mrow><mo>∂</mo>${bottom}</mrow></mfrac>`;

// The worked line of an event, and its result: [beginning, result].
export function worked(view, event) {
  if (event.seed !== undefined) {
    const name = mi(view.lesson.nodes[event.node].name, event.node);
    return [`${name}<mtext>.grad</mtext><mo>=</mo>`, mn(Number(short(event.seed)), event.node)];
  }
  return isForward(event) ? forwards(view, event.node) : backwards(view, event);
}

// An operation as it is written; one that this page does not know, as a function.
const textOf = (op, { op: name, inputs }) =>
  op.text ??
  `<mi>${escape(name)}</mi><mo>(</mo>${inputs.map((_, i) => `{${"abc"[i]}}`).join("<mo>,</mo>")}<mo>)</mo>`;

function forwards({ lesson: { nodes }, ops, now }, i) {
  const node = nodes[i],
    op = ops[node.op],
    start = `${mi(node.name, i)}<mo>=</mo>`;
  const result = mn(Number(short(now.data[i])), i);
  if (!op) return [start, result];
  const label = (x) => (nodes[x].constant ? mn(now.data[x], x) : mi(nodes[x].name, x));
  const operands = node.inputs.map((x) => now.data[x]),
    xs = op.value && !node.slopes ? rounded(operands, op.value) : null;
  const parts = [fill(textOf(op, node), ["", ...node.inputs.map(label)])];
  if (xs) parts.push(fill(textOf(op, node), ["", ...xs.map((x, k) => mn(x, node.inputs[k]))]));
  const same = new Set(parts.map(bare)).size === 1;
  return [start + (same ? parts.slice(-1) : parts).join("<mo>=</mo>") + "<mo>=</mo>", result];
}

const bare = (ml) => ml.replace(/ data-node="\d+"/g, "");

function backwards({ lesson: { nodes }, ops, now, mistake, wrongOf }, event) {
  const { node, input, k: place, slope, upstream, before, after, arrival } = event;
  const last = nodes.length - 1,
    inputs = nodes[node].inputs,
    op = ops[nodes[node].op];
  const label = (x) => (nodes[x].constant ? mn(now.data[x], x) : mi(nodes[x].name, x));
  const own = [now.data[node], ...inputs.map((x) => now.data[x])],
    owners = [node, ...inputs];
  const plain = !op?.rule || nodes[node].slopes; // no formula here, or one of other numbers
  const { at, text, names } = plain
    ? { at: () => ({ [place]: slope }), text: "" }
    : formula(op, place, own, slope, wrongOf(node));
  const ruled = op?.gate && slope === 0 ? {} : mistake; // a shut gate adds nothing
  const add = (b, c) => (b && ruled.accumulate ? ruled.accumulate(b, c) : b + c);
  const times = ruled.contribution ?? ((s, u) => s * u);
  const [u, b, ...xs] = rounded([upstream, before, ...own], (u, b, ...xs) =>
    add(b, times(at(...xs)[place], u)),
  );
  const written = {
    sum: "{before}<mo>+</mo>{product}",
    product: "{slope}<mo>·</mo>{upstream}",
    ...ruled,
  };
  const placed = (text, parts) => text.replace(/\{(\w+)\}/g, (_, part) => parts[part]);
  const factor = (ml) => (/<mo>[+−]|^<mfrac/.test(ml) ? `<mo>(</mo>${ml}<mo>)</mo>` : ml);
  const grad = partial(mi(nodes[last].name, last), mi(nodes[node].name, node));
  const symbols = [
    text || names ? fill(text || names, owners.map(label)) : mn(slope),
    node === last ? mn(u, node) : grad,
  ];
  const numbers = [
    text
      ? fill(
          text,
          xs.map((x, k) => mn(x, owners[k])),
        )
      : mn(slope),
    bracketed(mn(u, node)),
  ];
  const parts = [symbols, numbers].map(([s, u]) => {
    const product = placed(written.product, { slope: factor(s), upstream: u });
    return before || (arrival && !ruled.sum)
      ? placed(written.sum, { before: mn(b, input), product })
      : product;
  });
  const same = new Set(parts.map(bare)).size === 1;
  const start = `${mi(nodes[input].name, input)}<mtext>.grad</mtext><mo>=</mo>`;
  return [
    start + (same ? parts.slice(-1) : parts).join("<mo>=</mo>") + "<mo>=</mo>",
    mn(Number(short(after)), input),
  ];
}

// The chain rule of a backward step, term by term: what it is, how it is written, its number, what it belongs to.
export function chain({ lesson: { nodes }, edgeOf }, event) {
  const last = nodes.length - 1,
    root = mi(nodes[last].name);
  const name = (i) => (nodes[i].constant ? mn(nodes[i].data) : mi(nodes[i].name));
  if (event.seed !== undefined)
    return [
      {
        kind: "grad",
        text: partial(root, root),
        number: event.seed,
        node: last,
        said: "the output's own gradient",
      },
    ];
  const { node, input, k, slope, upstream } = event,
    edge = edgeOf(node, k);
  const plain = (i) => nodes[i].name;
  return [
    {
      kind: "grad",
      text: partial(root, name(input)),
      number: event.after,
      node: input,
      said: `gradient of ${plain(input)}`,
    },
    { sign: "+=", under: "" },
    {
      kind: "local",
      text: partial(name(node), name(input)),
      number: slope,
      edge,
      said: `local derivative of ${plain(node)} by ${plain(input)}`,
    },
    { sign: "·", under: "·" },
    {
      kind: "upstream",
      text: partial(root, name(node)),
      number: upstream,
      node,
      said: `gradient of ${plain(node)}`,
    },
  ];
}
