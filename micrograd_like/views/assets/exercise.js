// An exercise on a graph: blanks to type into, hints, and what is said of the answers.

import { linkParts } from "./controls.js";
import { diagnose, filled, map } from "./diagnose.js";
import { h, leaveKeysAlone, put, SVG } from "./dom.js";
import { drawing } from "./graph.js";
import { number, slack } from "./typed.js";

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
  const label = `Exercise on ${lesson.nodes.at(-1).name}.`; // the second one on a page has a number
  const before = [...document.querySelectorAll('[role="region"]')].filter((x) => x !== root && x.getAttribute("aria-label")?.startsWith(label)).length;
  Object.entries({ tabindex: 0, role: "region", "aria-label": before ? `${label} Number ${before + 1}.` : label }).forEach((x) => root.setAttribute(...x));
  put(root, graph.stage, practice.panel);
  linkParts(root);
  graph.draw();
  new ResizeObserver(() => { graph.draw(); graph.resize(); }).observe(root);
  return { practice };
}

// What all of its parts share: what was typed, what is said of it, and the fields by the keys of their blanks.
const begun = (root, lesson, changed) => ({
  root, lesson, changed, ex: lesson.exercise, levels: map(), text: map(), tries: map(), fields: map(), verdicts: map(),
  focus: lesson.exercise.blanks[0].key, answered: false,
  told: h("div", { class: "told", role: "status", "aria-live": "polite" }), hint: h("div", { class: "hint", role: "status", "aria-live": "polite" }),
  count: h("output", { class: "counter" }), beside: h("div", { class: "beside" }),
});

// Blanks for the graph, and below it what is said.
function exercise(root, lesson, changed) {
  const state = begun(root, lesson, changed), { ex } = state;
  const panel = h("div", { class: "practice" },
    h("p", {}, h("b", {}, ex.title), ` Type every number to ${ex.tables.messages.counts[ex.digits] ?? ex.digits} significant digits, a fraction or an expression. Enter marks, ? shows a hint.`),
    ex.blanks.filter(({ kind }) => kind === "update").map(({ key, asked }) => h("p", { class: "why" }, `${key}: ${asked}`)),
    state.beside, h("div", { class: "bar" }, h("button", { type: "button", onclick: () => check(state) }, "Check"), h("button", { type: "button", onclick: () => help(state, state.focus) }, "Hint"), state.count), state.hint, state.told);
  return {
    panel,
    draw: (...drawn) => drawBlanks(state, ...drawn),
    mark: (result) => mark(state, result),
    diagnose: (texts) => diagnose(lesson, read(state, texts).found),
  };
}

function field(state, blank) {
  const { text, root } = state;
  const input = h("input", { class: "blank", type: "text", autocomplete: "off", spellcheck: "false", "aria-label": `${blank.key}: ${blank.asked}`, title: blank.asked, placeholder: /local|contribution/.test(blank.kind) ? blank.key : "", value: text[blank.key] ?? "" });
  input.addEventListener("input", () => { text[blank.key] = input.value; state.verdicts[blank.key] = undefined; show(state); });
  input.addEventListener("focus", () => (state.focus = blank.key));
  input.addEventListener("keydown", (e) => {
    const order = [...root.querySelectorAll("input.blank")], step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (e.key === "Enter") check(state);
    else if (e.key === "?") { e.preventDefault(); help(state, blank.key); }
    else if (step) { e.preventDefault(); order[(order.indexOf(input) + step + order.length) % order.length].focus(); }
  });
  const mark = h("span", { class: "mark" });
  state.fields[blank.key] = { input, mark };
  return h("span", { class: "field" }, input, mark);
}

const framed = (x, y, w, content) => {
  const box = document.createElementNS(SVG, "foreignObject");
  Object.entries({ x, y, width: w, height: ROW - 2 }).forEach((pair) => box.setAttribute(...pair));
  box.append(content);
  return box;
};

// Put the blanks into the boxes and onto the edges, and those that belong to neither below.
function drawBlanks(state, svg, boxes, edges, plan) {
  const { ex, lesson } = state;
  state.fields = map();
  const placed = [], of = (kind, i, k = 0) => ex.blanks.find((b) => b.kind === kind && b.node === i && b.position === k);
  boxes.forEach((box, i) => {
    if (!box.rows) return;
    box.querySelectorAll(".what, .value").forEach((x) => x.remove());
    const [cx, cy] = plan.centres[i], [w, t] = lesson.sizes[i], rows = [["data", of("value", i), ex.shown[i]], ["grad", of("gradient", i), ex.given[i]], ["new", of("update", i)]];
    rows.filter(([, blank, x]) => blank || x !== undefined).forEach(([what, blank, x], row) => {
      const y = -t / 2 + 28 + ROW * row;
      box.append(h("text", { class: "what", x: -w / 2 + 12, y: y + 17 }, what));
      if (blank) placed.push([i, framed(cx - w / 2 + 42, cy + y, w - 50, field(state, blank))]);
      else box.append(h("text", { class: `value ${what}`, x: w / 2 - 9, y: y + 17 }, x));
    });
  });
  edges.forEach((edge, e) => {
    const found = [of("local", edge.head, edge.place), of("contribution", edge.head, edge.place)].filter(Boolean), [x, y] = plan.labels[e];
    edge.label.textContent = found.length ? "" : ex.slopes[e] ?? "";
    found.forEach((blank, row) => placed.push([edge.head, framed(x - 42, y - 14 + ROW * (row - (found.length - 1) / 2), 84, field(state, blank))]));
  });
  svg.append(...placed.sort(([a], [b]) => b - a).map(([, box]) => box));
  put(state.beside, ex.blanks.filter(({ key }) => !state.fields[key]).map((blank) => h("label", {}, h("span", {}, `${blank.key} `), field(state, blank), h("small", {}, ` ${blank.asked}`))));
  show(state);
  requestAnimationFrame(() => { // where one begins, at the output
    const frame = svg.parentElement, [x, y] = plan.centres[lesson.nodes.length - 1], [w, h] = plan.size;
    frame?.scrollTo((x / w) * frame.scrollWidth - frame.clientWidth / 2, (y / h) * frame.scrollHeight - frame.clientHeight / 2);
  });
}

// What can be read of the answers, and the keys of what cannot.
function read({ ex, lesson }, texts) {
  const found = map(), unread = [], known = Object.fromEntries(lesson.nodes.map((node) => [node.name, node.data]));
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

function check(state) {
  const { ex, text, changed } = state;
  const texts = Object.fromEntries(ex.blanks.map(({ key }) => [key, (text[key] ?? "").trim()]).filter(([, x]) => x));
  state.answered = true;
  if (ex.remote) return changed({ answers: texts });
  mark(state, judged(state, read(state, text)));
  changed({ answers: texts });
}

// What is said of answers that were read: the verdicts, and a message for each mistake and for what cannot be read.
function judged({ ex, lesson, tries, text }, { found, unread }) {
  const result = diagnose(lesson, found, tries);
  for (const key of unread) result.verdicts[key] = "wrong";
  for (const key of Object.keys(found)) if (result.verdicts[key] === "wrong") tries[key] = (tries[key] ?? 0) + 1;
  const said = unread.map((key) => ({ keys: [key], mistakes: [], did: filled(ex.tables.messages.unread, { key, text: text[key].trim() }), idea: "", redo: "" }));
  return { ...result, told: [...said, ...result.told] };
}

function mark(state, result) {
  const { ex, told } = state, verdicts = (state.verdicts = Object.assign(map(), result.verdicts));
  put(told, result.told.map((m) => h("div", { class: "card", "data-mistake": m.mistakes[0] ?? "" }, h("p", {}, h("b", {}, `${m.keys.join(", ")}: `), m.did), h("p", { class: "why" }, m.idea.split("`").map((x, i) => (i % 2 ? h("code", {}, x) : x))), h("p", {}, m.redo))),
    ex.blanks.every(({ key }) => verdicts[key] === "right") ? h("p", { class: "good" }, "All right.") : null,
    h("details", {}, h("summary", {}, "Why the right ones are right"), ex.blanks.filter(({ key }) => verdicts[key] === "right").map(({ reason }) => h("p", { class: "why" }, reason))));
  show(state);
}

function show({ ex, verdicts, fields, count, answered }) {
  const right = ex.blanks.filter(({ key }) => verdicts[key] === "right").length;
  count.textContent = answered ? `${right} of ${ex.blanks.length} right` : `${ex.blanks.length} to fill in`;
  for (const [key, { input, mark }] of Object.entries(fields)) {
    const verdict = verdicts[key];
    input.dataset.verdict = verdict ?? "";
    input.setAttribute("aria-invalid", verdict === "wrong");
    put(mark, verdict ? h("svg", { viewBox: "0 0 16 16", width: 14, height: 14, role: "img", "aria-label": WORDS[verdict], class: "icon" }, h("title", {}, WORDS[verdict]), h("path", { d: MARKS[verdict], fill: "none" })) : null);
  }
}

function help({ ex, levels, hint, fields }, key) {
  const { hints } = ex.blanks.find((blank) => blank.key === key), level = (levels[key] = Math.min((levels[key] ?? 0) + 1, hints.length));
  put(hint, hints.slice(0, level).map((line, i) => h("p", { class: i + 1 === level ? "big" : "why" }, h("b", {}, `${key}, hint ${i + 1}: `), line)));
  fields[key].input.focus({ preventScroll: true });
}
