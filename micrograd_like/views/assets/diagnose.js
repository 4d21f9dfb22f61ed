// What was typed is marked as `diagnosis.py` marks it: verdicts, and a message for each mistake.

import { abs, short } from "./numbers.js";
import { explain, unpacked } from "./search.js";
import { digits, isClose, isRight, means, TOLERANCE, total, typedDigits, unit } from "./typed.js";

export const map = () => Object.create(null); // by label, which may be "constructor"
const SMALL_SLIP = 0.02, TELLING = 3; // digits that an answer must have before one wrong digit in it is called so

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

export const filled = (template, fields) => template.replace(/\{(\w*)\}/g, (_, name) => fields[name || "s"] ?? "");
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
  const hidden = blank.back.find(([, node]) => !answered(node)), back = hidden && `What did you get for ${hidden[0]}.grad?`;
  if (!rivals.length) {
    const did = filled(texts.none, { "": `Your ${all}`, s: `Your ${all}` });
    const ask = back ?? `Type ${blank.key} as you computed it, such as 3*2 + 4*1.`;
    return made({ did: several ? did : did.replace(" fit ", " fits "), idea: tables.ideas.right, redo: ask });
  }
  const far = several || blank.uses.some(([, use]) => !answered(use) && use !== last), i = at(x);
  const of = (texts) => (typeof texts === "string" ? texts : texts[i]);
  const part = (h) => of(far ? h.several : h.said) + (h.also ? `, with ${h.also}: two things at once` : "");
  const [first] = rivals, others = rivals.slice(1).filter((h) => h.kind !== first.kind);
  let rest = part(first).replace(/^\{s\} /, "");
  if (several) rest = rest.replace(/^comes out/, "come out");
  const sort = several && !/^(come out|had)/.test(rest) ? ":" : "", start = several ? all : text(blank);
  let did = `Your ${start}${sort} ${sort ? "each " : ""}${rest}.`;
  if (others.length) did = `Your ${start}${sort} ${rest}; or it ${part(others[0]).replace(/^\{s\} /, "")}: which was it?`;
  else if (asks) did = `${did.slice(0, -1)}: is that what you did?`;
  return made({ mistakes: [...new Set(rivals.filter((h) => h.listed || !first.listed).map((h) => h.name))], did, idea: first.idea, redo: (others.length && back) || redo });
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
