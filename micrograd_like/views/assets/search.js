// Which hypotheses explain the wrong numbers: as `hypotheses/search.py`, on the table that Python wrote.

import { MISTAKES } from "./mistakes.js";
import { abs } from "./numbers.js";
import { isClose, means, TOLERANCE, total, typedDigits } from "./typed.js";

const A_DIGIT = 3.32, MARGIN = 7.3, RIVAL = 1.01, AGAINST = 3, SPOILS = 1.5, PAIRED = 6.1, ASKED = 5.7;
const TWICE = [[-1, "negated", "the sign turned"], [2, "double", "a factor 2 too many"], [0.5, "half", "halved"]];
const GATHERS = {
  averaged: (parts) => total(parts) / parts.length,
  largest: (parts) => parts.reduce((x, y) => (abs(y) > abs(x) ? y : x)),
  smallest: (parts) => parts.reduce((x, y) => (abs(y) < abs(x) ? y : x)),
  subtracted: ([first, ...rest]) => first - total(rest),
  subtracted_turned: (parts) => parts.at(-1) - total(parts.slice(0, -1)),
  absolute: (parts) => total(parts.map(abs)),
  squares: (parts) => Math.sqrt(total(parts.map((x) => x * x))),
  product: (parts) => parts.reduce((x, y) => x * y, 1),
};
const SHAPES = { inverse: (g) => 1 / g, square: (g) => g * g, abs, root: (g) => Math.sqrt(abs(g)) };
const formAt = (form, upstream) => {
  let x = form[0];
  for (let i = 1; i < form.length; i += 2) x += form[i + 1] * upstream[form[i]];
  return x;
};

// The table with its texts put in, and for each hypothesis `at`: what it gives for an answer from the learner's own.
export function unpacked({ typical, own, parts, rows: { fields, words, list, texts } }) {
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

// How many digits speak for what explains an answer.
const telling = ({ typical }, { answers }, x) => Math.max(typedDigits(answers[x]), typical);

// Each hypothesis that explains wrong answers, which ones, and how well: [hypothesis, numbers of blanks, bits].
function scores(table, seen) {
  const { own, rows } = table, { answers, upstream, wrong, right, blur } = seen, given = Object.keys(answers).map(Number);
  const weight = wrong.map((x) => A_DIGIT * telling(table, seen, x));
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
    const telling4 = several || telling(table, seen, [...explained][0]) >= 4;
    if (h.listed || (bits - Math.log2(chances) >= MARGIN && telling4)) {
      const unshown = everywhere && nodes.size < explained.size && h.spoils; // it would change a gradient that is shown
      scored.push([h, explained, bits - h.bits - AGAINST * spoils + (everywhere && several) - SPOILS * unshown]);
    }
  });
  return scored;
}

// What an answer is that no hypothesis explains for certain: two mistakes at once, or what to ask about.
function guess(table, seen, x) {
  const { own, rows } = table, { answers, upstream, blur } = seen, digits4 = telling(table, seen, x);
  const pair = () => {
    let count = 0;
    for (const h of rows) {
      const number = h.bits < PAIRED ? h.at(x, upstream) : NaN;
      for (const [factor, name, words] of number ? TWICE : []) {
        count += 1;
        if (means(answers[x], factor * number) && A_DIGIT * digits4 - Math.log2(count) >= MARGIN) return [{ ...h, name: `${h.name} + ${name}`, also: words }];
      }
    }
    return [];
  };
  const two = pair(), g = formAt(own[x], upstream);
  if (two.length || digits4 >= 4) return { nodes: [x], rivals: two };
  const hit = rows.filter((h) => h.bits < ASKED && h.own[x] !== undefined).map((h) => [h, h.at(x, upstream)])
    .filter(([, y]) => y === y && !isClose(y, g, 1e-9) && means(answers[x], y, blur(x, y))).map(([h]) => h);
  const names = new Map(hit.filter((h) => h.bits <= hit[0].bits + RIVAL).reverse().map((h) => [h.name, h]));
  return { nodes: [x], rivals: [...names.values()].sort((a, b) => a.bits - b.bits), asks: true };
}

// What explains the wrong answers, the best first, and then what nothing explains. `answers`, `upstream`, `blur` and
// `right` are by number of the blank, `wrong` a list of such numbers.
export function explain(table, seen) {
  const scored = scores(table, seen);
  const found = [];
  let left = [...seen.wrong];
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
  return [...found, ...left.map((x) => guess(table, seen, x))];
}
