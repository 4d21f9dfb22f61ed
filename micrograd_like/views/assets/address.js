// The address of a page says where one is, as in #step=7&mode=wrong&rule=overwrite&a=3, and opens the same frame.

const KNOWN_MODES = ["step", "predict", "nudge", "wrong"];

export function readAddress(view) {
  const asked = new URLSearchParams(location.hash.slice(1)),
    rule = asked.get("rule"),
    mode = asked.get("mode"),
    step = Number(asked.get("step"));
  const leaves = view.leafIndices.flatMap((i) => {
    const text = asked.get(view.lesson.nodes[i].name),
      x = Number(text);
    return text && Number.isFinite(x) ? [[i, x]] : [];
  });
  return {
    step: asked.has("step") && Number.isInteger(step) && step >= 0 ? step : null,
    mode: KNOWN_MODES.includes(mode) ? mode : null,
    rule: Object.hasOwn(view.lesson.rules, rule ?? "") ? rule : null,
    leaves,
  };
}

export function writeAddress(view) {
  const said = new URLSearchParams({ step: view.k });
  if (view.mode !== "step") said.set("mode", view.mode);
  if (view.mode === "wrong") said.set("rule", view.rule);
  for (const i of view.leafIndices)
    if (view.leaves[i] !== view.lesson.nodes[i].data)
      said.set(view.lesson.nodes[i].name, view.leaves[i]);
  try {
    history.replaceState(null, "", `#${said}`);
  } catch {
    /* where a frame may not change its address */
  }
}
