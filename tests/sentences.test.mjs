// Write every sentence of every pass, for tests/test_sentences.py to hold against the events: node FILE DIRECTORY.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const directory = process.argv[2];
const { recorded, walk, mistakeNamed, usesOf, sentences, isBackward, ops } = await import(pathToFileURL(`${directory}/walk.mjs`));
const found = JSON.parse(readFileSync(`${directory}/lessons.json`, "utf8")).map((lesson) => {
  const now = recorded(lesson.nodes, ops), uses = usesOf(lesson.nodes), right = walk(lesson.nodes, ops, now);
  return [null, ...Object.keys(lesson.rules)].map((rule) => {
    const mistake = rule ? mistakeNamed(rule, lesson.rules) : {}, shown = rule ? walk(lesson.nodes, ops, now, mistake) : right;
    const said = shown.events.map((e, at) => (isBackward(e) ? sentences({ lesson, ops, uses, now, shown, mistake }, at)[1] : ""));
    return { rule, forward: shown.forward, order: mistake.order ?? null, report: Boolean(mistake.report), start: shown.start,
      said, slopes: now.slopes, events: shown.events.map(({ node, input, k, slope, upstream, before, after, seed }) => ({ node, input, k, slope, upstream, before, after, seed })) };
  });
});
writeFileSync(`${directory}/said.json`, JSON.stringify(found, (_, x) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x)));
