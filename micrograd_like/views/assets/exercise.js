// An exercise on a graph: blanks to type into, marked as `diagnosis.py` marks them.

import { linkParts } from "./controls.js";
import { h, leaveKeysAlone, put, SVG } from "./dom.js";
import { drawing } from "./graph.js";
import { MISTAKES } from "./mistakes.js";
import { abs, primitives, short } from "./numbers.js";

const TOLERANCE = 5.0001e-4, FLOOR = 1e-12; // of a right answer: half a unit of the fourth digit; and next to 0

const map = () => Object.create(null); // by label, which may be "constructor"
const SMALL_SLIP = 0.02, TELLING = 3; // digits that an answer must have before one wrong digit in it is called so
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

const unit = (x, many = 4) => (x ? 10 ** (Math.floor(Math.log10(abs(x))) + 1 - many) : 0);
const isRight = (x, right, scale = 1, wanted = 4) => abs(x - right) <= Math.max(5.0001 * 10 ** -wanted * Math.max(abs(x), abs(right)), FLOOR * Math.max(scale, 1));

// How many digits a number has, zeros at its ends not counted; and how many were typed.
const digits = (x) => abs(x).toExponential(12).split("e")[0].replace(".", "").replace(/^0+|0+$/g, "").length;
function typedDigits({ text, number: x }) {
  const plain = spoken(text).toLowerCase();
  if (!x) return 4; // that something is exactly 0 is not an accident
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain)) return digits(x);
  const mantissa = plain.replace(/^[+-]?[0.]*|e.*/g, "");
  return (plain.includes(".") ? mantissa.replace(".", "") : mantissa.replace(/0+$/, "")).length;
}

// ---- which hypotheses explain the wrong numbers: as `hypotheses/search.py`, on the table that Python wrote -------

const A_DIGIT = 3.32, MARGIN = 7.3, RIVAL = 1.01, AGAINST = 3, PAIRED = 6.1, ASKED = 5.7;
const TWICE = [[-1, "negated", "the sign turned"], [2, "double", "a factor 2 too many"], [0.5, "half", "halved"]];
const isClose = (x, y, relative, absolute = 0) => x === y || abs(x - y) <= Math.max(relative * Math.max(abs(x), abs(y)), absolute);
const means = ({ number: x, slack: s }, wanted, more = 0) => abs(x - wanted) <= s + more + 1e-9 * abs(wanted) + FLOOR;
const total = (numbers) => numbers.reduce((sum, x) => sum + x, 0);
const GATHERS = {
  averaged: (parts) => total(parts) / parts.length,
  largest: (parts) => parts.reduce((x, y) => (abs(y) > abs(x) ? y : x)),
  smallest: (parts) => parts.reduce((x, y) => (abs(y) < abs(x) ? y : x)),
  subtracted: ([first, ...rest]) => first - total(rest),
  subtracted_turned: (parts) => parts.at(-1) - total(parts.slice(0, -1)),
  absolute: (parts) => total(parts.map(abs)),
  squares: (parts) => sqrt(total(parts.map((x) => x * x))),
  product: (parts) => parts.reduce((x, y) => x * y, 1),
};
const SHAPES = { inverse: (g) => 1 / g, square: (g) => g * g, abs, root: (g) => sqrt(abs(g)) };
const formAt = (form, upstream) => {
  let x = form[0];
  for (let i = 1; i < form.length; i += 2) x += form[i + 1] * upstream[form[i]];
  return x;
};

// The table with its texts put in, and for each hypothesis `at`: what it gives for an answer from the learner's own.
function unpacked({ typical, own, parts, rows: { fields, words, list, texts } }) {
  const said = (value) => (typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([k, x]) => [k, texts[x]])) : texts[value]);
  const rows = list.map((row) => Object.fromEntries(fields.map((field, i) => [field, words.includes(field) ? said(row[i]) : row[i]])));
  const written = (made, x, upstream) => {
    if (Array.isArray(made)) return formAt(made, upstream);
    const folded = MISTAKES[made.gather]?.accumulate;
    if (made.gather) {
      const numbers = parts[x].map((part) => formAt(part, upstream));
      return folded ? numbers.reduce((sum, y) => (sum ? folded(sum, y) : y), 0) : GATHERS[made.gather](numbers);
    }
    const g = formAt(own[x], upstream);
    return made.shape ? made.times * SHAPES[made.shape](g) : made.times * g + made.plus;
  };
  for (const row of rows) row.at = (x, upstream) => {
    const number = row.own[x] === undefined ? NaN : written(row.own[x], x, upstream);
    return Number.isFinite(number) ? number : NaN;
  };
  return { typical, own, rows };
}

// What explains the wrong answers, the best first, and then what nothing explains. `answers`, `upstream`, `blur` and
// `right` are by number of the blank, `wrong` a list of such numbers.
function explain({ typical, own, rows }, { answers, upstream, wrong, right, blur }) {
  const given = Object.keys(answers).map(Number), telling = (x) => Math.max(typedDigits(answers[x]), typical);
  const weight = wrong.map((x) => A_DIGIT * telling(x));
  const numbersOf = (h) => {
    if (given.length >= own.length) return wrong.filter((x) => h.own[x] !== undefined).map((x) => [x, h.at(x, upstream)]);
    const numbers = [...upstream], found = [];
    own.forEach((form, x) => {
      const number = h.own[x] !== undefined ? h.at(x, numbers) : formAt(form, numbers);
      if (answers[x] === undefined) numbers[x] = number;
      else if (wrong.includes(x)) found.push([x, number]);
    });
    return found;
  };
  const givesAll = (h) => wrong.length > 0 && given.every((x) => {
    const number = h.whole[x];
    return number != null && means(answers[x], number, right.has(x) ? TOLERANCE * abs(number) : 0);
  });
  const against = (h, explained) => Object.values(h.own).every(Array.isArray)
    ? Object.keys(h.own).map(Number).filter((x) => answers[x] !== undefined && !explained.has(x)).filter((x) => {
      const number = h.at(x, upstream);
      return !means(answers[x], number, Math.max(blur(x, number), TOLERANCE * abs(number)));
    }).length : 0;
  const tried = own.map(() => new Set()), scored = []; // the numbers that might have been hit so far
  if (wrong.length) rows.forEach((h, at) => {
    const nodes = new Set();
    for (const [x, number] of numbersOf(h)) {
      if (number !== number || isClose(number, formAt(own[x], upstream), 1e-9, 1e-12)) continue;
      const ratio = number / (answers[x].number || NaN);
      if (ratio >= 0.25 && ratio <= 4) tried[x].add(number.toExponential(9)); // what chance might hit
      if (means(answers[x], number, blur(x, number))) nodes.add(x);
    }
    const everywhere = givesAll(h), explained = everywhere ? new Set(wrong) : nodes;
    if (!explained.size) return;
    const spoils = everywhere ? 0 : against(h, explained);
    if (spoils && h.site && !h.listed) return;
    const several = explained.size > 1, chances = Math.max(several ? at + 1 : tried[[...explained][0]].size, 1);
    const bits = total(wrong.map((x, i) => (explained.has(x) ? weight[i] : 0)));
    const telling4 = several || telling([...explained][0]) >= 4;
    if (h.listed || (bits - Math.log2(chances) >= MARGIN && telling4)) scored.push([h, explained, bits - h.bits - AGAINST * spoils + (everywhere && several)]);
  });
  const pair = (x) => {
    let count = 0;
    for (const h of rows) {
      const number = h.bits < PAIRED ? h.at(x, upstream) : NaN;
      for (const [factor, name, words] of number ? TWICE : []) {
        count += 1;
        if (means(answers[x], factor * number) && A_DIGIT * telling(x) - Math.log2(count) >= MARGIN) return [{ ...h, name: `${h.name} + ${name}`, also: words }];
      }
    }
    return [];
  };
  const guess = (x) => {
    const two = pair(x), g = formAt(own[x], upstream);
    if (two.length || telling(x) >= 4) return { nodes: [x], rivals: two };
    const hit = rows.filter((h) => h.bits < ASKED && h.own[x] !== undefined).map((h) => [h, h.at(x, upstream)])
      .filter(([, y]) => y === y && !isClose(y, g, 1e-9) && means(answers[x], y, blur(x, y))).map(([h]) => h);
    const names = new Map(hit.filter((h) => h.bits <= hit[0].bits + RIVAL).reverse().map((h) => [h.name, h]));
    return { nodes: [x], rivals: [...names.values()].sort((a, b) => a.bits - b.bits), asks: true };
  };
  const found = [];
  let left = [...wrong];
  while (left.length) {
    const of = (nodes) => left.filter((x) => nodes.has(x));
    const alive = scored.filter(([, nodes]) => of(nodes).length);
    if (!alive.length) break;
    const top = alive.reduce((a, b) => (of(b[1]).length - of(a[1]).length || b[2] - a[2]) > 0 ? b : a);
    const equal = alive.filter(([, nodes, score]) => of(top[1]).every((x) => nodes.has(x)) && score >= top[2] - RIVAL).sort((a, b) => b[2] - a[2]);
    const names = new Map();
    for (const [h] of equal) if (!names.has(h.name)) names.set(h.name, h);
    names.delete(top[0].name);
    found.push({ nodes: of(top[1]), rivals: [top[0], ...names.values()] });
    left = left.filter((x) => !top[1].has(x));
  }
  return [...found, ...left.map(guess)];
}

// Mark what was typed, by key: verdicts, and a message for each mistake. Each node is held against the learner's own
// upstream numbers, so that one slip is one message. `tries` counts the earlier wrong answers by key.
export function diagnose({ nodes, exercise: { blanks, tables, local: slopes, digits: wanted, search } }, typed, tries = {}) {
  const verdicts = map(), told = [], upstream = [], typedAt = [], rest = [], asked = [], slips = [], right = new Set();
  for (const blank of blanks) if (blank.kind === "gradient") asked[blank.node] = blank;
  const edges = nodes.map(() => []), last = nodes.length - 1;
  for (let i = last; i >= 0; i--) nodes[i].inputs.forEach((x, k) => edges[x].push([i, slopes[i][k]]));
  const sum = (x, numbers) => edges[x].reduce((found, [use, slope]) => found + slope * numbers[use], x === last ? 1 : 0);
  const corner = (x, answer, g) => {
    const reach = edges[x].reduce(([low, high], [use, slope]) => {
      const ends = tables.corners[use] ? [(0 - slope) * upstream[use], (1 - slope) * upstream[use]] : [0, 0];
      return [low + Math.min(...ends), high + Math.max(...ends)];
    }, [g, g]);
    return reach[0] !== reach[1] && answer.number >= reach[0] - answer.slack && answer.number <= reach[1] + answer.slack;
  };
  for (let x = last; x >= 0; x--) {
    if (nodes[x].constant && !asked[x]) continue;
    const blank = asked[x], answer = blank && typed[blank.key], g = sum(x, upstream), from = sum(x, typedAt), true_ = tables.right[x];
    const drift = total(edges[x].map(([use, slope]) => abs(slope) * rest[use]));
    [upstream[x], typedAt[x], rest[x]] = answer ? [answer.number, answer.number, answer.slack] : [g, from, total(edges[x].map(([use, slope]) => abs(slope) * rest[use]))];
    if (!answer) continue;
    const verdict = (word) => { verdicts[blank.key] = word; };
    if (isRight(answer.number, true_, tables.scale, wanted)) { verdict("right"); right.add(x); upstream[x] = true_; }
    else if (corner(x, answer, g)) { verdict("right"); right.add(x); }
    else if (means(answer, g, isClose(g, true_, 1e-12) ? 0 : abs(g) * TOLERANCE) || means(answer, from, drift)) {
      const follows = edges[x].every(([use]) => right.has(use) || isClose(upstream[use], tables.right[use], 1e-12));
      if (follows && isClose(g, true_, 1e-12)) { verdict("right"); right.add(x); upstream[x] = true_; } else verdict("carried");
    } else { verdict("wrong"); slips.push(x); }
  }
  const place = search.nodes, at = (x) => place.indexOf(x), pick = (of) => place.map(of);
  const blur = (x, g) => Math.max(0, ...edges[place[x]].map(([use]) => (typedAt[use] ? rest[use] / abs(typedAt[use]) : 0))) * abs(g);
  const answers = {};
  place.forEach((x, i) => { if (typed[asked[x].key]) answers[i] = typed[asked[x].key]; });
  const seen = { answers, upstream: pick((x) => upstream[x]), wrong: slips.map(at).filter((i) => i >= 0), right: new Set([...right].map(at)), blur };
  const groups = new Map(), table = (search.unpacked ??= unpacked(search));
  const enter = (name, slip) => groups.set(name, [...(groups.get(name) ?? []), slip]);
  for (const x of slips.filter((x) => at(x) < 0)) { const verdict = nodes[x].constant ? "constants" : "unreached"; enter(verdict, { nodes: [x], rivals: [], verdict }); }
  for (const { nodes: found, rivals, asks = false } of seen.wrong.length ? explain(table, seen) : []) {
    const xs = found.map((i) => place[i]), sure = rivals.length && (rivals[0].listed || xs.length > 1) && !asks;
    const plain = xs.map((x) => arithmetic(answers[at(x)], sum(x, upstream), wanted));
    if (xs.includes(last) && !sure && xs.length === 1) enter("seed", { nodes: xs, rivals: [], verdict: "seed" });
    else if (!rivals.length || (plain.some(Boolean) && !sure)) xs.forEach((x, i) => enter(plain[i] || "unknown", { nodes: [x], rivals: [], verdict: plain[i] || "unknown" }));
    else enter(rivals[0].name, { nodes: xs, rivals, asks, verdict: "known" });
  }
  for (const slips of groups.values()) told.push(message(slips, { asked, typed, tables, nodes, at, last, wanted, tries }));
  for (const blank of blanks) if (blank.kind !== "gradient" && typed[blank.key]) markOther(blank, typed[blank.key], verdicts, told, tables);
  return { verdicts, told: together(told) };
}

// What slip of arithmetic an answer looks like, "" if none.
function arithmetic(answer, g, wanted) {
  const few = typedDigits(answer), ratio = answer.number / g;
  if (!g || !answer.number) return "";
  if (few < wanted && abs(answer.number - g) <= 0.5001 * unit(g, few) && digits(g) > few) return "rounded";
  if ([0.01, 0.1, 10, 100].some((power) => abs(ratio / power - 1) < TOLERANCE)) return "point";
  const [mine, own] = [answer.number, g].map((x) => String(Math.round(abs(x) / unit(g))));
  if (digits(answer.number) >= TELLING && mine.length === own.length && ratio >= 0) {
    const differ = [...mine].flatMap((x, i) => (x === own[i] ? [] : [i]));
    const exchanged = differ.length === 2 && differ[1] === differ[0] + 1 && [...mine].sort().join() === [...own].sort().join();
    if (differ.length === 1 || exchanged) return "digit";
  }
  return abs(ratio - 1) <= SMALL_SLIP ? "close" : "";
}

const filled = (template, fields) => template.replace(/\{(\w*)\}/g, (_, name) => fields[name || "s"] ?? "");
const listed = (texts) => texts.length > 5 ? `${texts.slice(0, 3).join(", ")} and ${texts.length - 3} more` : [texts.slice(0, -1).join(", "), texts.at(-1)].filter(Boolean).join(" and ");

function message(slips, { asked, typed, tables, nodes, at, last, wanted, tries }) {
  const { rivals, verdict, asks } = slips[0], xs = slips.flatMap((slip) => slip.nodes), blanks = xs.map((x) => asked[x]), keys = blanks.map((b) => b.key);
  const [blank] = blanks, [x] = xs, text = (b) => `${b.key} = ${typed[b.key].text}`, all = listed(blanks.map(text));
  const several = xs.length > 1, texts = tables.messages, answered = (use) => asked[use] && typed[asked[use].key];
  const term = ([factor, name, use]) => `${factor} · ${answered(use) ? bracketedNumber(use === undefined ? 0 : upstreamOf(use)) : `${name}.grad`}`;
  const upstreamOf = (use) => (isRight(typed[asked[use].key].number, tables.right[use], tables.scale, wanted) ? tables.right[use] : typed[asked[use].key].number);
  const bracketedNumber = (y) => (y < 0 ? `(${short(y)})` : short(y));
  const blankLine = () => (blank.sum ? `Redo: ${blank.sum.step ? `${blank.key}.grad = ${blank.sum.terms.map(term).join(" + ")} = ___, where step is 1 above 0, else 0` : `${blank.key}.grad = ${blank.sum.terms.map(term).join(" + ")} = ___`}.` : blank.redo);
  const redo = tries[keys[0]] ? blankLine() : blank.again;
  const made = (fields) => ({ keys, mistakes: [], redo, ...fields });
  if (verdict === "constants" || verdict === "unreached") return made({ mistakes: [verdict], did: `Your ${filled(blank.outside, { s: all })}.`, idea: tables.ideas[verdict], redo: blank.redo });
  if (verdict === "seed") return made({ did: `Your ${all}: the pass starts from d${nodes[last].name}/d${nodes[last].name}, which is 1.`, idea: texts.seed });
  if (texts.arithmetic[verdict]) return made({ did: `Your ${filled(texts.arithmetic[verdict][0], { s: all })}`, idea: texts.arithmetic[verdict][1] });
  if (verdict === "rounded") {
    const few = Math.min(...blanks.map((b) => typed[b.key].text.replace(/^[+-]?[0.]*|\./g, "").length)), word = (n) => texts.counts[n] ?? n;
    return made({ did: `Your ${all} ${several ? "are" : "is"} right to ${word(few)} digit${few === 1 ? "" : "s"}; ${word(wanted)} are wanted.`, idea: texts.rounded, redo: "" });
  }
  const hidden = blank.uses.filter(([, use]) => !answered(use));
  if (!rivals.length) {
    const did = filled(texts.none, { "": `Your ${all}`, s: `Your ${all}` });
    const ask = hidden.length && x !== last ? `What did you get for ${hidden[0][0]}.grad?` : `Type ${blank.key} as you computed it, such as 3*2 + 4*1.`;
    return made({ did: several ? did : did.replace(" fit ", " fits "), idea: tables.ideas.right, redo: ask });
  }
  const far = several || blank.uses.some(([, use]) => !answered(use) && use !== last), i = at(x);
  const of = (texts) => (typeof texts === "string" ? texts : texts[i]);
  const part = (h) => of(far ? h.several : h.said) + (h.also ? `, with ${h.also}: two things at once` : "");
  const [first] = rivals, others = asks ? rivals.slice(1) : rivals.slice(1).filter((h) => h.kind !== first.kind);
  let rest = part(first).replace(/^\{s\} /, "");
  if (several) rest = rest.replace(/^comes out/, "come out");
  const sort = several && !/^(come out|had)/.test(rest) ? ":" : "", start = several ? all : text(blank);
  let did = `Your ${start}${sort} ${sort ? "each " : ""}${rest}.`;
  if (others.length) did = `Your ${start}${sort} ${rest}; or it ${part(others[0]).replace(/^\{s\} /, "")}: which was it?`;
  else if (asks) did = `${did.slice(0, -1)}: is that what you did?`;
  return made({ mistakes: [...new Set(rivals.filter((h) => h.listed || !first.listed).map((h) => h.name))], did, idea: first.idea });
}

function markOther(blank, answer, verdicts, told, tables) {
  const { key, kind, right, low, high } = blank;
  const good = kind === "order" ? orderIsRight(blank, answer.text) : isRight(answer.number, right) || (answer.number >= low && answer.number <= high);
  verdicts[key] = good ? "right" : "wrong";
  if (good) return;
  const known = (blank.known ?? []).filter(([, wrong]) => wrong !== right && means(answer, wrong));
  const did = [...new Set(known.slice(0, 3).map(([, , what]) => what))].join("; or "), s = `${key} = ${answer.text}`;
  const close = kind !== "order" && abs(answer.number - right) <= SMALL_SLIP * abs(right);
  const unknown = close ? `Your ${filled(tables.messages.arithmetic.close[0], { s })}` : filled(tables.messages.none, { s: `Your ${s}` }).replace(" fit ", " fits ");
  told.push({ keys: [key], mistakes: [...new Set(known.map(([name]) => name))], idea: known[0]?.[3] ?? blank.hints[1], redo: `Redo: ${blank.hints[2]}.`, did: did ? `Your ${s} is ${did}.` : unknown });
}

// One message for those that say the same of several updated weights.
function together(told) {
  const groups = new Map(), does = (m) => m.did.split(" is ").slice(1).join(" is ");
  told.forEach((m, i) => {
    const group = m.keys[0].endsWith(".new") && m.mistakes.length ? JSON.stringify([m.mistakes, does(m)]) : i;
    groups.set(group, [...(groups.get(group) ?? []), m]);
  });
  return [...groups.values()].map((same) => same.length === 1 ? same[0] : { ...same[0], keys: same.flatMap((m) => m.keys),
    did: `Your ${listed(same.map((m) => m.did.replace(/^Your /, "").split(" is ")[0]))} are each ${does(same[0])}` });
}

function orderIsRight({ uses }, text) {
  const names = text.split(/[\s,>-]+/).filter(Boolean), done = new Set();
  for (const x of names) {
    if (!Object.hasOwn(uses, x) || (done.has(x) && uses[x].inner) || uses[x].after.some((use) => !done.has(use))) return false;
    done.add(x);
  }
  return Object.entries(uses).every(([x, { inner }]) => !inner || done.has(x));
}

const MARKS = { right: "M2 8l4 5 8-10", wrong: "M3 3l10 10M13 3L3 13", carried: "M2 8h9M8 4l4 4-4 4" };
const WORDS = { right: "right", wrong: "wrong", carried: "follows from a number further up" };
const ROW = 28;

// Show an exercise in an element. Python marks where it listens.
export function mount(root, lesson, ops, changed = () => {}) {
  const practice = exercise(root, lesson, changed);
  const view = { root, lesson, ops, leaves: lesson.nodes.map((node) => node.data) };
  const graph = drawing(view, { finished: ({ svg, boxes, edges, plan }) => practice.draw(svg, boxes, edges, plan) });
  root.classList.add("mgl");
  leaveKeysAlone(root);
  root.addEventListener("focusin", (e) => leaveKeysAlone(e.target));
  Object.entries({ tabindex: 0, role: "region", "aria-label": `Exercise on ${lesson.nodes.at(-1).name}.` }).forEach((x) => root.setAttribute(...x));
  put(root, graph.stage, practice.panel);
  linkParts(root);
  graph.draw();
  new ResizeObserver(() => { graph.draw(); graph.resize(); }).observe(root);
  return { practice };
}

// Blanks for the graph, and below it what is said.
function exercise(root, lesson, changed) {
  const { nodes, exercise: ex } = lesson, levels = map(), text = map(), tries = map();
  let fields = map(), focus = ex.blanks[0].key, verdicts = map(), answered = false;
  const values = Object.fromEntries(nodes.map((node) => [node.name, node.data]));
  const told = h("div", { class: "told", role: "status", "aria-live": "polite" }), hint = h("div", { class: "hint", role: "status", "aria-live": "polite" });
  const count = h("output", { class: "counter" }), beside = h("div", { class: "beside" });
  const panel = h("div", { class: "practice" },
    h("p", {}, h("b", {}, ex.title), ` Type every number to ${ex.tables.messages.counts[ex.digits] ?? ex.digits} significant digits, a fraction or an expression. Enter marks, ? shows a hint.`),
    ex.blanks.filter(({ kind }) => kind === "update").map(({ key, asked }) => h("p", { class: "why" }, `${key}: ${asked}`)),
    beside, h("div", { class: "bar" }, h("button", { type: "button", onclick: check }, "Check"), h("button", { type: "button", onclick: () => help(focus) }, "Hint"), count), hint, told);

  function field(blank) {
    const input = h("input", { class: "blank", type: "text", autocomplete: "off", spellcheck: "false", "aria-label": `${blank.key}: ${blank.asked}`, title: blank.asked, placeholder: /local|contribution/.test(blank.kind) ? blank.key : "", value: text[blank.key] ?? "" });
    input.addEventListener("input", () => { text[blank.key] = input.value; verdicts[blank.key] = undefined; show(); });
    input.addEventListener("focus", () => (focus = blank.key));
    input.addEventListener("keydown", (e) => {
      const order = [...root.querySelectorAll("input.blank")], step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (e.key === "Enter") check();
      else if (e.key === "?") { e.preventDefault(); help(blank.key); }
      else if (step) { e.preventDefault(); order[(order.indexOf(input) + step + order.length) % order.length].focus(); }
    });
    const mark = h("span", { class: "mark" });
    fields[blank.key] = { input, mark };
    return h("span", { class: "field" }, input, mark);
  }

  const at = (x, y, w, content) => {
    const box = document.createElementNS(SVG, "foreignObject");
    Object.entries({ x, y, width: w, height: ROW - 2 }).forEach((pair) => box.setAttribute(...pair));
    box.append(content);
    return box;
  };

  function draw(svg, boxes, edges, plan) {
    fields = map();
    const placed = [], of = (kind, i, k = 0) => ex.blanks.find((b) => b.kind === kind && b.node === i && b.position === k);
    boxes.forEach((box, i) => {
      if (!box.rows) return;
      box.querySelectorAll(".what, .value").forEach((x) => x.remove());
      const [cx, cy] = plan.centres[i], [w, t] = lesson.sizes[i], rows = [["data", of("value", i), ex.shown[i]], ["grad", of("gradient", i), ex.given[i]], ["new", of("update", i)]];
      rows.filter(([, blank, x]) => blank || x !== undefined).forEach(([what, blank, x], row) => {
        const y = -t / 2 + 28 + ROW * row;
        box.append(h("text", { class: "what", x: -w / 2 + 12, y: y + 17 }, what));
        if (blank) placed.push([i, at(cx - w / 2 + 42, cy + y, w - 50, field(blank))]);
        else box.append(h("text", { class: `value ${what}`, x: w / 2 - 9, y: y + 17 }, x));
      });
    });
    edges.forEach((edge, e) => {
      const found = [of("local", edge.head, edge.place), of("contribution", edge.head, edge.place)].filter(Boolean), [x, y] = plan.labels[e];
      edge.label.textContent = found.length ? "" : ex.slopes[e] ?? "";
      found.forEach((blank, row) => placed.push([edge.head, at(x - 42, y - 14 + ROW * (row - (found.length - 1) / 2), 84, field(blank))]));
    });
    svg.append(...placed.sort(([a], [b]) => b - a).map(([, box]) => box));
    put(beside, ex.blanks.filter(({ key }) => !fields[key]).map((blank) => h("label", {}, h("span", {}, `${blank.key} `), field(blank), h("small", {}, ` ${blank.asked}`))));
    show();
    requestAnimationFrame(() => { // where one begins, at the output
      const frame = svg.parentElement, [x, y] = plan.centres[nodes.length - 1], [w, h] = plan.size;
      frame?.scrollTo((x / w) * frame.scrollWidth - frame.clientWidth / 2, (y / h) * frame.scrollHeight - frame.clientHeight / 2);
    });
  }

  function read(texts) {
    const found = map(), unread = [], known = { ...values };
    for (const { key, kind } of ex.blanks) {
      const typed = (texts[key] ?? "").trim();
      if (!typed) continue;
      const x = kind === "order" ? 0 : number(typed, known);
      if (x !== x) { unread.push(key); continue; }
      found[key] = { text: typed, number: x, slack: slack(typed, x) };
      if (kind === "gradient") known[`${key}.grad`] = x;
    }
    return { found, unread };
  }

  function check() {
    const texts = Object.fromEntries(ex.blanks.map(({ key }) => [key, (text[key] ?? "").trim()]).filter(([, x]) => x));
    answered = true;
    if (ex.remote) return changed({ answers: texts });
    mark(judged(read(text)));
    changed({ answers: texts });
  }

  // What is said of answers that were read: the verdicts, and a message for each mistake and for what cannot be read.
  function judged({ found, unread }) {
    const result = diagnose(lesson, found, tries);
    for (const key of unread) result.verdicts[key] = "wrong";
    for (const key of Object.keys(found)) if (result.verdicts[key] === "wrong") tries[key] = (tries[key] ?? 0) + 1;
    const said = unread.map((key) => ({ keys: [key], mistakes: [], did: filled(ex.tables.messages.unread, { key, text: text[key].trim() }), idea: "", redo: "" }));
    return { ...result, told: [...said, ...result.told] };
  }

  function mark(result) {
    verdicts = Object.assign(map(), result.verdicts);
    put(told, result.told.map((m) => h("div", { class: "card", "data-mistake": m.mistakes[0] ?? "" }, h("p", {}, h("b", {}, `${m.keys.join(", ")}: `), m.did), h("p", { class: "why" }, m.idea.split("`").map((x, i) => (i % 2 ? h("code", {}, x) : x))), h("p", {}, m.redo))),
      ex.blanks.every(({ key }) => verdicts[key] === "right") ? h("p", { class: "good" }, "All right.") : null,
      h("details", {}, h("summary", {}, "Why the right ones are right"), ex.blanks.filter(({ key }) => verdicts[key] === "right").map(({ reason }) => h("p", { class: "why" }, reason))));
    show();
  }

  function show() {
    const right = ex.blanks.filter(({ key }) => verdicts[key] === "right").length;
    count.textContent = answered ? `${right} of ${ex.blanks.length} right` : `${ex.blanks.length} to fill in`;
    for (const [key, { input, mark }] of Object.entries(fields)) {
      const verdict = verdicts[key];
      input.dataset.verdict = verdict ?? "";
      input.setAttribute("aria-invalid", verdict === "wrong");
      put(mark, verdict ? h("svg", { viewBox: "0 0 16 16", width: 14, height: 14, role: "img", "aria-label": WORDS[verdict], class: "icon" }, h("title", {}, WORDS[verdict]), h("path", { d: MARKS[verdict], fill: "none" })) : null);
    }
  }

  function help(key) {
    const { hints } = ex.blanks.find((blank) => blank.key === key), level = (levels[key] = Math.min((levels[key] ?? 0) + 1, hints.length));
    put(hint, hints.slice(0, level).map((line, i) => h("p", { class: i + 1 === level ? "big" : "why" }, h("b", {}, `${key}, hint ${i + 1}: `), line)));
    fields[key].input.focus({ preventScroll: true });
  }

  return { panel, draw, mark, diagnose: (texts) => diagnose(lesson, read(texts).found) };
}
