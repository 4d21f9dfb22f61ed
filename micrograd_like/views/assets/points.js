// The examples on the plane: added, dragged and deleted, by pointer and by fields.

import { h } from "./dom.js";
import { say } from "./weights.js";

const REACH = 14; // px from a point within which a finger takes it

function coordinate(k, changed) {
  const input = h("input", {
    type: "number",
    step: "any",
    "aria-label": `x${k} of the example`,
    onchange: () => input.value !== "" && changed(+input.value),
  });
  return input;
}

export function pointTools(view, area, tools) {
  const { labels } = view.told.train,
    canvas = area.element;
  let chosen = 0;
  const choose = (i) => {
    chosen = Math.max(0, Math.min(i, view.points.length - 1));
    view.selected = chosen;
    view.render();
  };
  const kind = h(
    "select",
    { "aria-label": "Class of a new example" },
    labels.map((label) => h("option", { value: label }, `class ${label}`)),
  );
  const [first, second] = [0, 1].map((k) =>
    coordinate(k, (x) => move(chosen, (place) => (place[k] = x))),
  );
  const pick = h("select", { "aria-label": "Example", onchange: () => choose(+pick.value) });
  const move = (i, change) => {
    const place = [...view.points[i]];
    change(place);
    view.points = view.points.with(i, place); // a pass that used the old place keeps it
    tools.edited();
  };
  const add = (x, y) => {
    view.points = [...view.points, [x, y, Number(kind.value)]];
    tools.edited();
    choose(view.points.length - 1);
  };
  const remove = () => {
    if (view.points.length < 2) return;
    view.points = view.points.toSpliced(chosen, 1);
    tools.edited();
    choose(chosen - 1);
  };
  const middle = () => view.spans.map(([a, b]) => Number(((a + b) / 2).toPrecision(3)));
  const button = (text, onclick) => h("button", { type: "button", onclick }, text);
  const now = h("p", { class: "now-said", "aria-live": "polite" });
  const element = h(
    "div",
    { class: "bar points", role: "group", "aria-label": "Examples" },
    [h("label", {}, "Example ", pick), first, second, kind],
    [button("Add", () => add(...middle())), button("Delete", remove)],
    now,
  );
  pointer(view, canvas, { choose, move, add, remove });
  const render = () => {
    if (pick.options.length !== view.points.length)
      pick.replaceChildren(...view.points.map((_, i) => h("option", { value: i }, i)));
    chosen = Math.min(chosen, view.points.length - 1);
    pick.value = chosen;
    now.textContent = tools.note(); // below the plane, which stays where it is
    [first, second].forEach((input, k) => {
      if (document.activeElement !== input) input.value = say(view.points[chosen][k]);
    });
  };
  view.selected = null;
  return { element, render };
}

// A press near a point takes it, elsewhere it makes a new one of the chosen class; Delete deletes.
function pointer(view, canvas, { choose, move, add, remove }) {
  let held = null;
  canvas.style.touchAction = "none";
  canvas.setAttribute("tabindex", "0");
  const place = (e) => {
    const { left, top, width, height } = canvas.getBoundingClientRect(),
      [[x0, x1], [y0, y1]] = view.spans;
    const part = [(e.clientX - left) / width, (e.clientY - top) / height].map((x) =>
      Math.max(0, Math.min(x, 1)),
    );
    return [x0 + (x1 - x0) * part[0], y1 - (y1 - y0) * part[1]];
  };
  const nearest = (e) => {
    const { left, top, width, height } = canvas.getBoundingClientRect(),
      [[x0, x1], [y0, y1]] = view.spans;
    const far = view.points.map(([x, y]) =>
      Math.hypot(
        left + ((x - x0) / (x1 - x0)) * width - e.clientX,
        top + ((y1 - y) / (y1 - y0)) * height - e.clientY,
      ),
    );
    const i = far.indexOf(Math.min(...far));
    return far[i] <= REACH ? i : null;
  };
  canvas.addEventListener("pointerdown", (e) => {
    const i = nearest(e);
    if (i === null) add(...place(e));
    else choose(i);
    held = i ?? view.points.length - 1;
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (held === null) return;
    const [x, y] = place(e).map((z) => Number(z.toPrecision(5)));
    move(held, (point) => ([point[0], point[1]] = [x, y]));
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, () => (held = null));
  canvas.addEventListener("keydown", (e) => {
    if (e.key === "Delete" || e.key === "Backspace") {
      e.preventDefault();
      remove();
    }
  });
}
