// Backward is seen: the edge turns round, a gradient goes back along it, is multiplied on the way, and arrives.

import { h, put } from "./dom.js";
import { abs, short } from "./numbers.js";

const LONG = 900; // ms that a token takes

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// What a step adds, by the rule that runs.
export const contribution = ({ slope, upstream }, mistake = {}) =>
  mistake.contribution ? mistake.contribution(slope, upstream) : slope * upstream;

// How thick a flow is drawn: by the size of its number, from 1e-4 of the largest on.
export function thickness(x, most) {
  const part = x && most ? 1 + Math.log10(abs(x) / most) / 4 : 0;
  return 2 + 5 * Math.min(Math.max(part, 0), 1);
}

// The station on an edge where upstream gradient and local derivative are multiplied, both to be read.
export function station(edge, event, mistake) {
  const added = contribution(event, mistake),
    whole = added === event.slope * event.upstream || added !== added;
  const rows = [
    ["upstream", short(event.upstream, 3)],
    ["local", `× ${short(event.slope, 3)}`],
    ["grad", `= ${short(added, 3)}`],
  ];
  const width = Math.max(...rows.map(([, text]) => text.length)) * 6.6 + 10,
    [x, y] = edge.at;
  const left = edge.tall ? x - width / 2 : Math.min(x - width / 2, x + 34 - width);
  return h(
    "g",
    {
      class: `station${whole ? "" : " off"}`,
      transform: `translate(${left} ${edge.tall ? y - 39 : y - 23})`,
    },
    h("rect", { width, height: 46, rx: 6 }),
    rows.map(([kind, text], i) => h("text", { class: kind, x: width / 2, y: 13 + 14.5 * i }, text)),
  );
}

// Light the edge of a step, and hide what its station covers.
export function turn(edges, active, event, mistake, most) {
  for (const edge of edges) {
    const on = edge === active;
    edge.classList.toggle("active", on);
    edge.classList.remove("under");
    edge.station?.remove();
    edge.station = null;
    edge.wire.style.strokeWidth = "";
    if (!on) continue;
    const added = contribution(event, mistake);
    edge.classList.toggle("minus", added < 0);
    edge.wire.style.strokeWidth = thickness(added, most);
  }
  if (!active) return;
  active.station = station(active, event, mistake);
  active.parentNode.append(active.station);
  const [x, y] = active.at;
  for (const edge of edges)
    if (edge !== active && abs(edge.at[0] - x) < 80 && abs(edge.at[1] - y) < 46)
      edge.classList.add("under");
}

// Send a token back along the edge: the upstream gradient up to the station, then the product.
export function send(active, event, mistake) {
  active?.parentNode.querySelectorAll(".token").forEach((x) => x.remove());
  if (!active || still() || document.hidden) return;
  const whole = active.wire.getTotalLength(),
    start = performance.now(),
    text = h("text", { y: 4 });
  const token = h(
    "g",
    { class: "token", "aria-hidden": "true" },
    h("rect", { x: -24, y: -10, width: 48, height: 20, rx: 10 }),
    text,
  );
  active.parentNode.append(token);
  const numbers = [short(event.upstream, 3), short(contribution(event, mistake), 3)];
  const move = (time) => {
    const part = Math.min((time - start) / LONG, 1),
      { x, y } = active.wire.getPointAtLength(whole * (1 - part));
    text.textContent = numbers[part < 0.45 ? 0 : 1];
    token.setAttribute("transform", `translate(${x} ${y})`);
    if (part < 1 && token.isConnected) requestAnimationFrame(move);
    else token.remove();
  };
  requestAnimationFrame(move);
}

// The ledger of a node: a field for each contribution, filled in the colour of its sign, hatched while it is missing.
export function ledger(box, arrived, uses, shown) {
  if (!box.ledger) return;
  const count = Math.max(uses, arrived.length),
    key = shown ? `${count}:${arrived.map(Math.sign).join()}` : "";
  if (box.ledger.key === key) return;
  box.ledger.key = key;
  if (!key || !count) return put(box.ledger);
  const wide = (box.room - 2 * (count - 1)) / count;
  if (wide < 2)
    return put(
      box.ledger,
      h("rect", { class: "plus", width: (box.room * arrived.length) / count, height: 4 }),
    );
  put(
    box.ledger,
    Array.from({ length: count }, (_, i) => {
      const x = i * (wide + 2),
        added = arrived[i];
      if (added === undefined) return h("path", { class: "missing", d: `M${x} 2h${wide}` });
      const kind = added < 0 ? "minus" : added > 0 ? "plus" : "zero";
      const bar = h("rect", { class: kind, x, width: wide, height: 4, rx: 1 });
      return added < 0
        ? [bar, h("path", { class: "cut", d: `M${x + 2} 2h${Math.max(wide - 4, 1)}` })]
        : bar;
    }).flat(),
  );
}
