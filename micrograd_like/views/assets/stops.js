// The stops that a teacher has named, each with a note.

import { h, put } from "./dom.js";

export function stopsPanel(view, actions) {
  const stops = view.lesson.stops ?? [],
    note = h("p", { class: "note" });
  const buttons = stops.map(({ step, title }) =>
    h("button", { type: "button", onclick: () => actions.go(step) }, title),
  );
  const element = h(
    "div",
    { class: "stops", hidden: !stops.length },
    h("div", { class: "members" }, buttons),
    note,
  );
  const render = () => {
    const at = stops.findIndex(({ step }) => step === view.k);
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === at)));
    put(note, stops[at]?.note || null);
    note.hidden = !stops[at]?.note;
  };
  view.nextStop = (way) => {
    const steps = stops.map(({ step }) => step);
    const to =
      way > 0 ? steps.find((step) => step > view.k) : steps.findLast((step) => step < view.k);
    if (to !== undefined) actions.go(to);
  };
  return { element, render };
}
