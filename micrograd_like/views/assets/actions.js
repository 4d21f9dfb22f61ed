// What the reader can do.

import { asks } from "./tell.js";

// Going through the steps. `after` renders, and tells who listens.
function stepping(view, after) {
  const actions = {
    go(to) {
      const stepped = to === view.k + 1; // then a token goes along the edge
      Object.assign(view, {
        k: Math.max(0, Math.min(to, view.shown.events.length)),
        solved: false,
        reply: "",
      });
      after(stepped);
    },
    forwardStep() {
      const event = view.shown.events[view.k - 1];
      if (!asks(view, event)) return actions.go(view.k + 1);
      view.reply = "Your number first, or Show.";
      after();
    },
    until(i) {
      const takes = (e) => e.node === i || e.input === i,
        next = view.shown.events.findIndex((e, at) => at >= view.k && takes(e));
      actions.go((next >= 0 ? next : view.shown.events.findIndex(takes)) + 1);
    },
    play(on) {
      clearInterval(view.playing);
      const turn = () =>
        view.k >= view.shown.events.length || !view.root.isConnected
          ? actions.play(false)
          : actions.forwardStep();
      view.playing = on
        ? setInterval(turn, view.root.classList.contains("lecture") ? 2200 : 1400)
        : null;
      if (on && view.k >= view.shown.events.length) actions.go(0);
      else after();
    },
  };
  return actions;
}

// Choosing what is walked through. `rewalk` computes both passes anew.
function choosing(view, after, rewalk) {
  return {
    answered(solved, reply) {
      Object.assign(view, { solved, reply });
      after();
      if (solved) view.root.focus({ preventScroll: true });
    },
    setMode(mode) {
      Object.assign(view, { mode, solved: false, reply: "" });
      if (mode === "wrong" || mode === "predict") view.k = 0;
      if (mode === "nudge") view.k = Infinity;
      rewalk();
    },
    setRule(rule) {
      Object.assign(view, { rule, k: 0 });
      rewalk();
    },
    setLeaf(i, x, from) {
      view.leaves[i] = x;
      Object.assign(view, { solved: false, ranking: null });
      view.dragging = true; // then the table waits until the hand rests
      rewalk(from);
      view.dragging = false;
    },
    restore() {
      view.leafIndices.forEach((i) => (view.leaves[i] = view.lesson.nodes[i].data));
      rewalk();
    },
    open(at) {
      view.opened = view.opened === at ? null : at;
      after();
    },
    lecture(on = !view.root.classList.contains("lecture"), full = true) {
      view.root.classList.toggle("lecture", Boolean(on));
      if (on && full) view.root.requestFullscreen?.().catch(() => {});
      else if (!on) {
        if (document.fullscreenElement === view.root) document.exitFullscreen();
      }
    },
  };
}

// All of it.
export const actionsOn = (view, after, rewalk) => ({
  ...stepping(view, after),
  ...choosing(view, after, rewalk),
});
