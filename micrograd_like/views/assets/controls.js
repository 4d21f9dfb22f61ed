// What one steps with: buttons, the slider, the modes, and the keys, those of a presenter too.

import { button, h, icon } from "./dom.js";

const MODES = [
  ["step", "Step"],
  ["predict", "Predict"],
  ["nudge", "Nudge"],
  ["wrong", "Wrong on purpose"],
];
const NAMED = 400; // nodes in a list to choose from; of more, any one is typed

function nodeChooser(view, actions) {
  const named = view.lesson.nodes.flatMap((node, i) => (node.constant ? [] : [[i, node.name]]));
  if (named.length <= NAMED) {
    const jump = h(
      "select",
      {
        "aria-label": "Go to node",
        onchange: () => {
          actions.until(+jump.value);
          jump.value = "";
        },
      },
      h("option", { value: "" }, "Go to…"),
      named.map(([i, name]) => h("option", { value: i }, name)),
    );
    return jump;
  }
  const field = h("input", {
    type: "text",
    "aria-label": "Go to node",
    placeholder: `Go to one of ${named.length}…`,
    onchange: () => {
      const found = named.find(([, name]) => name === field.value);
      if (found) {
        actions.until(found[0]);
        field.value = "";
      }
    },
  });
  return field;
}

export function controls(view, actions) {
  const play = button("play", "Play", () => actions.play(!view.playing), "P");
  const slider = h("input", {
    type: "range",
    min: 0,
    step: 1,
    value: 0,
    class: "where",
    "aria-label": "Step",
    oninput: () => actions.go(+slider.value),
  });
  const counter = h("output", { class: "counter" });
  const radio = ([value, title]) =>
    h(
      "label",
      {},
      h("input", {
        type: "radio",
        value,
        checked: value === view.mode,
        onchange: () => actions.setMode(value),
      }),
      title,
    );
  const modes = h("div", { class: "modes", role: "group", "aria-label": "Mode" }, MODES.map(radio));
  const bar = h(
    "div",
    { class: "bar" },
    button("first", "To the start", () => actions.go(0), "Home"),
    button("back", "Back", () => actions.go(view.k - 1), "Left"),
    play,
    button("step", "Step", actions.forwardStep, "Right"),
    button("last", "To the end", () => actions.go(Infinity), "End"),
    slider,
    counter,
    nodeChooser(view, actions),
    button("screen", "Full screen, large", actions.lecture, "F"),
  );
  const render = () => {
    const total = view.shown.events.length;
    slider.max = total;
    slider.value = view.k;
    slider.setAttribute("aria-valuetext", `step ${view.k} of ${total}`);
    counter.textContent = `${view.k} / ${total}`;
    for (const x of modes.querySelectorAll("input")) x.checked = x.value === view.mode; // each is a tab stop, and arrow keys step
    play.replaceChildren(icon(view.playing ? "pause" : "play"));
    play.setAttribute("aria-label", view.playing ? "Pause" : "Play");
  };
  return { bar, modes, render };
}

// Arrow keys step wherever they have no use of their own; a presenter sends PageDown and PageUp.
export function listenToKeys(view, actions) {
  const { root } = view,
    on = actions.forwardStep,
    back = () => actions.go(view.k - 1);
  const keys = {
    ArrowRight: on,
    ArrowDown: on,
    PageDown: view.lesson.deck ? () => view.nextStop(1) : on,
    " ": on,
    ArrowLeft: back,
    ArrowUp: back,
    PageUp: view.lesson.deck ? () => view.nextStop(-1) : back,
    n: () => view.nextStop(1),
    b: () => view.nextStop(-1),
    Home: () => actions.go(0),
    End: () => actions.go(Infinity),
    p: () => actions.play(!view.playing),
    f: actions.lecture,
    "+": () => actions.zoom(1.25),
    "-": () => actions.zoom(0.8),
    0: () => actions.zoom(0),
  };
  root.addEventListener("keydown", (e) => {
    const typing =
      e.target.matches("input:not(.where, [type=radio]), select, summary") ||
      (e.target.matches("button, [type=radio]") && e.key === " ");
    if (e.key === "Escape") {
      actions.lecture(false);
      root.focus();
    }
    const action = keys[e.key] ?? keys[e.key.toLowerCase()];
    if (typing || e.ctrlKey || e.metaKey || e.altKey || !action) return;
    e.preventDefault();
    action();
  });
}

// What belongs together lights up together: hovered, focused or tapped.
export function linkParts(root) {
  const light = (target, on) => {
    for (const name of ["node", "edge"]) {
      const i = target.closest?.(`[data-${name}]`)?.dataset[name];
      if (i !== undefined)
        root
          .querySelectorAll(`[data-${name}="${i}"]`)
          .forEach((x) => x.classList.toggle("linked", on));
    }
  };
  for (const [kind, on] of [
    ["pointerover", true],
    ["pointerout", false],
    ["focusin", true],
    ["focusout", false],
  ])
    root.addEventListener(kind, (e) => light(e.target, on));
}
