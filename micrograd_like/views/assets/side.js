// Beside the graph: a mistake on purpose, or a nudge.

import { h, put } from "./dom.js";
import { nudgePanel } from "./nudge.js";
import { wrongPanel } from "./wrong.js";

export function sidePanel(view, actions) {
  const element = h("div", { class: "side" });
  const render = () => {
    if (view.mode === "nudge")
      put(
        element,
        view.held || view.nudged === undefined
          ? h("p", { class: "why" }, view.held)
          : nudgePanel(view, element, render),
      );
    else put(element, view.mode === "wrong" ? wrongPanel(view, actions) : null);
  };
  return { element, render };
}
