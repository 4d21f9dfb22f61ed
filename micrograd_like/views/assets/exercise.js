// An exercise on a graph: blanks to type into, marked as `diagnosis.py` marks them.

import { linkParts } from "./controls.js";
import { h, leaveKeysAlone, put, SVG } from "./dom.js";
import { drawing } from "./graph.js";
import { MISTAKES } from "./mistakes.js";
import { abs, primitives, short } from "./numbers.js";

const TOLERANCE = 5.0001e-4, FLOOR = 1e-12; // of a right answer: half a unit of the fourth digit; and next to 0

const map = () => Object.create(null); // by label, which may be "constructor"
const SMALL_SLIP = 0.02, TELLING = 3; // digits that an answer must have for a guess: two mistakes can be found behind any 12

// Read a number, a fraction or an expression, in which names stand for values; NaN if it is none.
export function number(text, values = {}) {
  const tokens = text.replace(/[−–]/g, "-").replace(/^\s*([+-]?\d+),(\d+)\s*$/, "$1.$2").replaceAll("**", "^")
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
export function slack(text, x) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", "."), fraction = /^[+-]?\d+\s*\/\s*\d+$/.test(plain);
  const digits = /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(plain) ? plain.replace(/^[+-]?[0.]*|e.*|\./gi, "").length : 4;
  return fraction || !x ? 1e-12 * abs(x) : 0.5 * 10 ** (Math.floor(Math.log10(abs(x))) + 1 - Math.max(digits, 4));
}

const isRight = (x, right, scale = 1) => abs(x - right) <= Math.max(TOLERANCE * Math.max(abs(x), abs(right)), FLOOR * Math.max(scale, 1));

// Mark what was typed, by key: verdicts, and a message for each mistake. Each node is held against the learner's own
// upstream numbers, so that one slip is one message.
export function diagnose({ nodes, exercise: { blanks, tables, lr, mistakes, wrong, local: slopes } }, typed) {
  const verdicts = map(), told = [], upstream = [], off = [], asked = [], slips = [];
  for (const blank of blanks) if (blank.kind === "gradient") asked[blank.node] = blank;
  const edges = nodes.map(() => []);
  for (let i = nodes.length - 1; i >= 0; i--) nodes[i].inputs.forEach((x, k) => edges[x].push([i, k, slopes[i][k]]));
  const own = (x) => edges[x].reduce((sum, [use, , slope]) => sum + slope * upstream[use], x === nodes.length - 1 ? 1 : 0);
  const means = ({ number: x, slack: s }, wanted, more = 0) => abs(x - wanted) <= s + more + 1e-9 * abs(wanted) + FLOOR;
  const corner = (x, answer) => {
    const reach = edges[x].reduce(([low, high], [use, k, slope]) => {
      const end = tables.corners[use] ? [(0 - slope) * upstream[use], (1 - slope) * upstream[use]] : [0, 0];
      return [low + Math.min(...end), high + Math.max(...end)];
    }, [own(x), own(x)]);
    return reach[0] !== reach[1] && answer.number >= reach[0] - answer.slack && answer.number <= reach[1] + answer.slack;
  };
  for (let x = nodes.length - 1; x >= 0; x--) {
    const blank = asked[x], answer = blank && typed[blank.key], g = own(x);
    const drift = edges[x].reduce((sum, [use, , slope]) => sum + abs(slope) * (TOLERANCE * abs(upstream[use]) + (off[use] ?? 0)), 0);
    upstream[x] = g;
    off[x] = edges[x].reduce((sum, [use, , slope]) => sum + abs(slope) * (off[use] ?? 0), 0);
    if (!answer) continue;
    const { key, right } = blank;
    if (isRight(answer.number, right, tables.scale)) { verdicts[key] = "right"; upstream[x] = right; off[x] = answer.slack; continue; }
    if (corner(x, answer)) verdicts[key] = "right";
    else if (means(answer, g, drift)) verdicts[key] = isRight(g, right) ? "right" : "carried";
    else { verdicts[key] = "wrong"; slips.push([x, blank, answer, g, [...upstream]]); }
    upstream[x] = verdicts[key] === "right" && !corner(x, answer) ? right : answer.number;
    off[x] = answer.slack;
  }
  const given = Object.values(asked).filter(({ key }) => typed[key]);
  const everywhere = mistakes.filter((m) => given.every(({ key, right }) => means(typed[key], tables.grads[m][key] ?? NaN, isRight(typed[key].number, right) ? TOLERANCE * abs(right) : 0)));
  const by = (names, x, numbers) => { // what one mistake, or two, give at a node
    const { accumulate, contribution: times = (s, u) => s * u } = names.map((m) => MISTAKES[m]).find((rule) => rule?.accumulate || rule?.contribution) ?? {};
    const add = (b, c) => (b && accumulate ? accumulate(b, c) : b + c);
    const slope = slopes[x].find((_, k) => !nodes[nodes[x].inputs[k]].constant) ?? 1;
    let g = x === nodes.length - 1 ? 1 : 0;
    for (const [use, k, right] of edges[x]) g = add(g, times(names.map((m) => wrong[m]?.[use]?.[k]).find((s) => s !== undefined && s !== right) ?? right, numbers[use]));
    const finite = (number) => (Number.isFinite(number) ? number : NaN);
    return names.reduce((found, m) => (MISTAKES[m]?.report ? finite(MISTAKES[m].report(found, slope, nodes[x].data, lr, tables.n)) : found), g);
  };
  const sums = (m) => MISTAKES[m]?.accumulate || MISTAKES[m]?.contribution;
  const atOne = (m) => sums(m) || MISTAKES[m]?.report || wrong[m];
  const part = (m) => (sums(m) ? "number" : MISTAKES[m]?.report ? "report" : "slopes");
  const pairs = (x, answer, g, numbers) => {
    const biting = mistakes.filter((m) => atOne(m) && by([m], x, numbers) !== g);
    return biting.flatMap((one, i) => biting.slice(i + 1).filter((two) => part(one) !== part(two) && exactly(answer, by([one, two], x, numbers))).map((two) => `${one} + ${two}`));
  };
  const found = slips.map(([x, blank, answer, g, numbers]) => {
    const blur = Math.max(0, ...edges[x].map(([use]) => (numbers[use] && verdicts[asked[use]?.key] !== "right" ? (off[use] ?? 0) / abs(numbers[use]) : 0)));
    const names = mistakes.filter((m) => {
      if (everywhere.includes(m)) return true;
      const candidate = atOne(m) ? by([m], x, numbers) : NaN;
      return candidate !== g && means(answer, candidate, blur * abs(candidate));
    });
    const parts = edges[x].map(([use, , slope]) => slope * numbers[use]);
    const through = {};
    for (let set = 1; parts.length > 2 && parts.length < 7 && set < 2 ** parts.length - 1; set++) {
      if (names.includes("forgot_path") || !means(answer, parts.reduce((sum, c, i) => sum + (set & (1 << i) ? c : 0), 0))) continue;
      names.push("forgot_path");
      edges[x].forEach(([use], i) => (through[set & (1 << i) ? "kept" : "lost"] ??= []).push(nodes[use].name));
    }
    if (nodes[x].constant || !edges[x].length && x !== nodes.length - 1) names.push(nodes[x].constant ? "constants" : "unreached");
    if (!names.length && means(answer, nodes[x].data)) names.push("value");
    const close = abs(answer.number - g) <= SMALL_SLIP * abs(g);
    if (!names.length && !close && digits(answer.number) >= TELLING) names.push(...pairs(x, answer, g, numbers));
    return { x, blank, answer, close, through, names: [...new Set(names)], uses: edges[x].map(([use, , slope]) => [slope, numbers[use]]) };
  });
  const count = {};
  for (const { names } of found) for (const m of names) count[m] = (count[m] ?? 0) + 1;
  const place = (m) => (everywhere.includes(m) ? 1000 : 0) + count[m];
  const groups = new Map();
  for (const slip of found) {
    const best = Math.max(...slip.names.map(place)), names = slip.names.filter((m) => place(m) === best), group = names[0] ?? (slip.close ? "close" : "none");
    groups.set(group, [...(groups.get(group) ?? []), { ...slip, names, compound: atOne(names[0]) && !means(slip.answer, by([names[0]], slip.x, upstream), 1e-3 * abs(by([names[0]], slip.x, upstream))) }]);
  }
  for (const members of groups.values()) told.push(message(members, tables));
  for (const blank of blanks) if (blank.kind !== "gradient" && typed[blank.key]) markOther(blank, typed[blank.key], verdicts, told, means);
  return { verdicts, told };
}

// How many digits a number has, zeros at its ends not counted; and whether an answer hits one more closely than chance would.
const digits = (x) => abs(x).toExponential(12).split("e")[0].replace(".", "").replace(/^0+|0+$/g, "").length;
const exactly = (answer, x) => abs(answer.number - x) <= answer.slack / 50 + 1e-9 * abs(x);
const filled = (template, fields) => template.replace(/\{(\w*)\}/g, (_, name) => fields[name || "s"] ?? "");

function message(members, tables) {
  const [{ blank, answer, close, names }] = members, keys = members.map((slip) => slip.blank.key), redo = `Redo: ${blank.hints[2]}.`;
  const typed = members.map((slip) => `${slip.blank.key} = ${slip.answer.text}`).join(", ");
  if (!names.length) return close ? { keys, mistakes: [], did: `Your ${typed} ${keys.length > 1 ? "are" : "is"} close to what the right method gives.`, idea: "Look for a slip of arithmetic, and type four significant digits.", redo }
    : { keys, mistakes: [], did: filled(tables.none, { s: `your ${typed}` }), idea: tables.ideas.right, redo };
  const said = (name) => name.split(" + ").map((m) => tables.said[m]).join(" and "), parts = names[0].split(" + ");
  const also = names.length > 1 ? ` It may as well have been: ${names.slice(1, 4).map(said).join("; or ")}.` : "";
  const once = [...new Map([...members].reverse().map((slip) => [parts.map((m) => part(slip, m, "", tables)).join(), slip])).values()].reverse();
  const did = once.slice(0, 3).map((slip) => `Your ${slip.blank.key} = ${parts.map((m, i) => part(slip, m, i ? "it" : slip.answer.text, tables)).join(", and ")}.`);
  return { keys, mistakes: names, did: (parts.length > 1 ? "Perhaps two things at once. " : "") + did.join(" ") + also, idea: parts.map((m) => tables.ideas[m]).join(" "), redo };

  function part({ blank, uses, compound, through }, mistake, s) {
    const bracketed = (x) => (x < 0 ? `(${short(x)})` : short(x)), upstream = uses.map(([, u], i) => (i ? bracketed(u) : short(u))).join(" + ");
    const fields = { ...blank.fields, s, kept: through.kept?.join(" and "), lost: through.lost?.join(" and "), slope: blank.slopes[mistake], upstream: uses.length > 1 ? `${upstream}: ` : "", times: uses.map(([slope, u]) => `(${bracketed(slope)} · ${bracketed(u)})`).join(" · ") };
    return filled(compound && !blank.slopes[mistake] ? tables.everywhere : tables.did[mistake], fields);
  }
}

function markOther(blank, answer, verdicts, told, means) {
  const { key, kind, right, low, high } = blank;
  const good = kind === "order" ? orderIsRight(blank, answer.text) : isRight(answer.number, right) || (answer.number >= low && answer.number <= high);
  verdicts[key] = good ? "right" : "wrong";
  if (good) return;
  const known = (blank.known ?? []).filter(([, wrong]) => wrong !== right && means(answer, wrong));
  const did = [...new Set(known.slice(0, 3).map(([, , what]) => what))].join("; or ");
  told.push({ keys: [key], mistakes: [...new Set(known.map(([name]) => name))], idea: known[0]?.[3] ?? blank.hints[1], redo: `Redo: ${blank.hints[2]}.`,
    did: did ? `Your ${key} = ${answer.text} is ${did}.` : `None of the known mistakes gives your ${key} = ${answer.text}.` });
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
  const { nodes, exercise: ex } = lesson, levels = map(), text = map();
  let fields = map(), focus = ex.blanks[0].key, marks = {}, verdicts = map(), answered = false;
  const values = Object.fromEntries(nodes.map((node) => [node.name, node.data]));
  const told = h("div", { class: "told", role: "status", "aria-live": "polite" }), hint = h("div", { class: "hint", role: "status", "aria-live": "polite" });
  const count = h("output", { class: "counter" }), beside = h("div", { class: "beside" });
  const panel = h("div", { class: "practice" },
    h("p", {}, h("b", {}, ex.title), " Type every number to four significant digits, a fraction or an expression. Enter marks, ? shows a hint."),
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
    const found = map();
    for (const { key, kind } of ex.blanks) {
      const typed = (texts[key] ?? "").trim();
      if (typed) found[key] = { text: typed, number: kind === "order" ? 0 : number(typed, values) };
      if (typed && found[key].number !== found[key].number) { verdicts[key] = "wrong"; marks.bad = key; delete found[key]; }
      else if (typed) found[key].slack = slack(typed, found[key].number);
    }
    return found;
  }

  function check() {
    verdicts = map();
    marks = {};
    const typed = read(text), bad = marks.bad;
    answered = true;
    if (ex.remote && !bad) return changed({ answers: Object.fromEntries(Object.entries(typed).map(([key, x]) => [key, x.text])) });
    const result = diagnose(lesson, typed);
    if (bad) result.told.unshift({ keys: [bad], mistakes: [], did: `${text[bad]} is no number.`, idea: "Type one, as in -1.5, a fraction as -3/2, or an expression as 2*3 + 1.", redo: "" });
    mark({ ...result, verdicts: Object.assign(map(), result.verdicts, verdicts) });
    changed({ answers: Object.fromEntries(Object.entries(typed).map(([key, x]) => [key, x.text])) });
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

  return { panel, draw, mark, diagnose: (texts) => diagnose(lesson, read(texts)) };
}
