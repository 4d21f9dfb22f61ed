// The code, the table of all steps, and the graph as a list: what was done, to be read.

import { h, math, put } from "./dom.js";
import { called, worked } from "./equations.js";
import { isForward } from "./model.js";
import { short } from "./numbers.js";

export function codePanel(view) {
  const element = h("pre", { class: "code", "aria-label": "Code", tabindex: 0 });
  const rows = view.lesson.code.map(([number, text], row) =>
    Object.assign(h("div"), { number, text, row }),
  );
  put(element, rows);
  const render = () => {
    const event = view.shown.events[view.k - 1],
      line = event && view.lesson.nodes[event.node].line;
    for (const row of rows) {
      const current = line?.[0] === row.row;
      if (!current && !row.classList.contains("current") && row.firstChild) continue;
      const [from, to] = current ? line.slice(1) : [0, 0];
      row.classList.toggle("current", current);
      const marked =
        to > from ? h("mark", { "data-node": event.node }, row.text.slice(from, to)) : "";
      put(
        row,
        h("span", { class: "no" }, String(row.number)),
        row.text.slice(0, from),
        marked,
        row.text.slice(to),
      );
    }
  };
  return { element: rows.length ? element : null, render };
}

const MANY = 400; // events; beyond it the table shows those around the step

function traceTable(table, open) {
  const heads = ["Forward, read downward", "Backward, read upward"].map((x) =>
    h("th", { scope: "col" }, x),
  );
  return h(
    "details",
    { class: "trace", open },
    h("summary", {}, "Trace table"),
    h("table", {}, h("thead", {}, h("tr", {}, heads)), table),
  );
}

export function tracePanel(view) {
  const table = h("tbody"),
    { nodes } = view.lesson;
  const element = traceTable(table, nodes.length <= 60);
  let cells = [],
    built = null,
    done = 0,
    waiting = null,
    early = true;

  function build(events, middle) {
    const steps = nodes.map(() => []),
      close = (i) => middle === null || Math.abs(i - middle) < 12;
    built = { events, middle };
    cells = events.map((e) => (close(e.node) ? h("div", { "data-node": e.node }) : null));
    events.forEach((e, at) => !isForward(e) && cells[at] && steps[e.node].unshift(cells[at]));
    put(
      table,
      events.flatMap((e, at) =>
        isForward(e) && cells[at]
          ? [h("tr", {}, h("td", {}, cells[at]), h("td", {}, steps[e.node]))]
          : [],
      ),
    );
  }

  function render(hidden, later) {
    clearTimeout(waiting);
    if (!element.open || early) return;
    if (later) return (waiting = setTimeout(() => render(hidden), 120));
    const {
        shown: { events },
        k,
      } = view,
      middle = events.length > MANY ? events[Math.max(k - 1, 0)].node : null;
    const full = built?.events !== events || built.middle !== middle;
    if (full) build(events, middle);
    const [from, to] = full ? [0, events.length] : [Math.min(done, k) - 1, Math.max(done, k)];
    for (let at = Math.max(from, 0); at < to; at++) {
      const e = events[at],
        cell = cells[at],
        known = at < k && !(hidden && at === k - 1);
      if (!cell) continue;
      cell.className = at === k - 1 ? "current" : known ? "" : "ahead";
      const ahead = isForward(e)
        ? called(nodes[e.node])
        : `${called(nodes[e.input ?? e.node])}.grad`;
      if (cell.known !== known) put(cell, known ? math(worked(view, e).join("")) : ahead);
      cell.known = known;
    }
    done = k;
  }

  element.addEventListener("toggle", () => render(false));
  setTimeout(() => {
    early = false;
    render(view.mode === "predict");
  });
  return { element, render };
}

const LONGEST = 300; // nodes in the list

// The graph for who does not see it: each node with what it was made from, its numbers and its local derivatives.
export function listPanel(view) {
  const { nodes } = view.lesson,
    items = h("ul");
  const element = h("details", { class: "list" }, h("summary", {}, "The graph as a list"), items);
  const render = (grads) => {
    if (!element.open) return;
    const reached = view.shown.positions,
      event = view.shown.events[view.k - 1],
      middle = event?.node ?? 0;
    const shown = nodes
      .map((_, i) => i)
      .filter((i) => !nodes[i].constant && (nodes.length <= LONGEST || Math.abs(i - middle) < 30));
    put(
      items,
      shown.map((i) => {
        const value = reached[i] < view.k ? `value ${short(view.now.data[i])}` : "not computed yet";
        const grad = grads[i] == null ? "" : `, gradient ${short(grads[i])}`,
          op = view.ops[nodes[i].op];
        const from = nodes[i].inputs.map((x, k) =>
          nodes[x].constant
            ? short(view.now.data[x])
            : `${nodes[x].name} (local derivative ${reached[i] < view.k ? short(view.now.slopes[i][k], 3) : "not yet"})`,
        );
        const made = from.length
          ? `, made by ${op?.sign ?? nodes[i].op} from ${from.join(" and ")}`
          : ", a leaf";
        return h(
          "li",
          { "data-node": i, "aria-current": event && i === event.node ? "step" : null },
          h("b", {}, nodes[i].name),
          `: ${value}${grad}${made}.`,
        );
      }),
    );
    if (shown.length < view.shown.forward)
      items.append(
        h("li", {}, `${view.shown.forward} nodes in all; these are the ones around the step.`),
      );
  };
  element.addEventListener("toggle", () => render(view.gradsNow()));
  return { element, render };
}
