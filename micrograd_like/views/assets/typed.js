// What was typed: read as a number, and how exactly it is meant.

import { abs, primitives } from "./numbers.js";

export const TOLERANCE = 5.0001e-4; // of a right answer: half a unit of the fourth digit
export const FLOOR = 1e-12; // next to 0
const SIGNS = { "−": "-", "–": "-", "—": "-", "·": "*", "⋅": "*", "•": "*", "×": "*", "÷": "/", "⁄": "/", "^": "**", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "²": "**2", "³": "**3" };
const PARTS = { "½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3" };

// What was typed with plain signs for those of paper: · × – ½, a decimal comma, the line that one is told to redo.
export function spoken(typed) {
  let text = typed.trim().replace(/^Redo:/, "").trim();
  for (const [sign, plain] of Object.entries(SIGNS)) text = text.replaceAll(sign, plain);
  for (const [sign, plain] of Object.entries(PARTS)) text = text.replace(RegExp(`(\\d)\\s*${sign}`, "g"), `($1+${plain})`).replaceAll(sign, `(${plain})`);
  if (/[_=]/.test(text)) text = text.replace(/\s*=?\s*_*\.?$/, "");
  if (/^[^=]*=[^=]*$/.test(text)) text = text.slice(text.lastIndexOf("=") + 1).trim();
  return /[\p{L}_]\s*\(/u.test(text) ? text : text.replace(/(?<=\d),(?=\d)/g, ".");
}

// Read a number, a fraction or an expression, in which names stand for values; NaN if it is none.
export function number(typed, values = {}) {
  let text = spoken(typed);
  Object.keys(values).filter((name) => name.endsWith(".grad")).forEach((name, i) => {
    values = { ...values, [`grad_${i}_`]: values[name] };
    text = text.replaceAll(RegExp(`(?<![\\w.])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!\\w)`, "g"), `grad_${i}_`);
  });
  const tokens = text.replaceAll("**", "^")
    .match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[\p{L}_][\p{L}\p{N}_]*|\S/giu) ?? [];
  let at = 0;
  const take = (...signs) => (signs.includes(tokens[at]) ? tokens[at++] : null);
  const sum = () => { let x = product(), sign; while ((sign = take("+", "-"))) x = sign === "+" ? x + product() : x - product(); return x; };
  const product = () => { let x = signed(), sign; while ((sign = take("*", "·", "/"))) x = sign === "/" ? x / signed() : x * signed(); return x; };
  const signed = () => (take("-") ? -signed() : take("+") ? signed() : power());
  const power = () => { const x = atom(); return take("^") ? x ** signed() : x; };
  const atom = () => {
    const token = tokens[at++] ?? "";
    if (token === "(") { const x = sum(); return take(")") ? x : NaN; }
    if (/^[\d.]/.test(token)) return Number(token);
    if (take("(")) { const x = sum(); return take(")") && Object.hasOwn(primitives, token) ? primitives[token](x) : NaN; }
    return Object.hasOwn(values, token) ? values[token] : NaN;
  };
  const x = sum();
  return at === tokens.length && Number.isFinite(x) ? x : NaN;
}

// How far a number typed in decimals may be from what was meant: half a unit of its last digit, at least the fourth.
export function slack(typed, x) {
  const plain = spoken(typed), fraction = /^[+-]?\d+\s*\/\s*\d+$/.test(plain);
  const many = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? plain.replace(/^[+-]?[0.]*|e.*|\./gi, "").length : 4;
  return fraction ? 1e-12 * abs(x) : 0.5 * unit(x, Math.max(many, 4));
}

export const unit = (x, many = 4) => (x ? 10 ** (Math.floor(Math.log10(abs(x))) + 1 - many) : 0);
export const isRight = (x, right, scale = 1, wanted = 4) => abs(x - right) <= Math.max(5.0001 * 10 ** -wanted * Math.max(abs(x), abs(right)), FLOOR * Math.max(scale, 1));

// How many digits a number has, zeros at its ends not counted; and how many were typed.
export const digits = (x) => abs(x).toExponential(12).split("e")[0].replace(".", "").replace(/^0+|0+$/g, "").length;
export function typedDigits({ text, number: x }) {
  const plain = spoken(text).toLowerCase();
  if (!x) return 4; // that something is exactly 0 is not an accident
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain)) return digits(x);
  const mantissa = plain.replace(/^[+-]?[0.]*|e.*/g, "");
  return (plain.includes(".") ? mantissa.replace(".", "") : mantissa.replace(/0+$/, "")).length;
}
export const isClose = (x, y, relative, absolute = 0) => x === y || abs(x - y) <= Math.max(relative * Math.max(abs(x), abs(y)), absolute);
export const means = ({ number: x, slack: s }, wanted, more = 0) => abs(x - wanted) <= s + more + 1e-9 * abs(wanted) + FLOOR;
export const total = (numbers) => numbers.reduce((sum, x) => sum + x, 0);
