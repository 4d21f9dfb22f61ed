// The numbers that the graph starts from: typed, slid, and put back as they were recorded.

import { button, h, put } from "./dom.js";
import { called } from "./equations.js";
import { abs } from "./numbers.js";

const SHOWN = 24; // leaves with fields of their own; of more, any one is chosen by name

const typed = (x) => Number(x.toPrecision(6));

function row(view, i, actions) {
  const { data, name } = view.lesson.nodes[i],
    reach = Math.max(2, 2 * abs(data));
  const wide = () => (number.style.width = `${Math.max(6, number.value.length + 4)}ch`); // every digit is seen
  const number = h("input", {
    type: "number",
    step: "any",
    value: typed(view.leaves[i]),
    "aria-label": name,
    disabled: Boolean(view.held),
    oninput: () => {
      wide();
      if (number.value !== "") actions.setLeaf(i, +number.value, number);
    },
  });
  const range = h("input", {
    type: "range",
    min: data - reach,
    max: data + reach,
    step: reach / 100,
    value: view.leaves[i],
    "aria-label": `${name}, slide`,
    disabled: Boolean(view.held),
    oninput: () => actions.setLeaf(i, Number((+range.value).toPrecision(4)), range),
  });
  wide();
  return Object.assign(
    h(
      "label",
      { "data-node": i },
      h("span", { title: name }, called(view.lesson.nodes[i])),
      number,
      range,
    ),
    {
      leaf: i,
      number,
      range,
      wide,
    },
  );
}

export function leavesPanel(view, actions) {
  const element = h("div", { class: "leaves" }),
    { leafIndices, lesson } = view;
  const names = h(
    "datalist",
    { id: `${lesson.id}-leaves` },
    leafIndices.slice(0, 1000).map((i) => h("option", { value: lesson.nodes[i].name })),
  );
  const chosen = h("input", {
    type: "text",
    list: names.id,
    placeholder: `one of ${leafIndices.length} leaves`,
    "aria-label": "Leaf, by name",
    onchange: () => {
      const i = leafIndices.find((x) => lesson.nodes[x].name === chosen.value);
      if (i !== undefined) show(i);
    },
  });
  const rows = () => [...element.children].filter((x) => x.number);
  const show = (i) => {
    if (rows().some((x) => x.leaf === i)) return;
    element.insertBefore(row(view, i, actions), chosen);
  };
  const sync = (from) => {
    for (const x of rows()) {
      for (const part of [x.number, x.range])
        if (part !== from) part.value = typed(view.leaves[x.leaf]);
      if (x.number !== from) x.wide();
    }
  };
  const many = leafIndices.length > SHOWN;
  put(
    element,
    leafIndices.slice(0, many ? 8 : SHOWN).map((i) => row(view, i, actions)),
    many ? [chosen, names] : null,
    leafIndices.length ? button("undo", "Numbers as recorded", actions.restore) : null,
    view.held ? h("p", { class: "why" }, view.held) : null,
  );
  return { element, sync };
}
