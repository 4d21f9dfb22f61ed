// Questions with one answer: a field or choices, what is said of each answer, and what is shown after it.
import { typedNumber } from "./numbers.js";

const same = (one, other) =>
  typeof one === "string" || typeof other === "string"
    ? one === other
    : Math.abs(one - other) <= 0.005 * Math.abs(other) + 1e-9;

// What is to be said of an answer, and whether it is right; null where it cannot be read.
export function judged({ right, why, slips, choices }, typed) {
  const given = choices.length ? typed : typedNumber(typed);
  if (Number.isNaN(given) || given === "" || given === null) return null;
  if (same(given, right)) return { right: true, told: why };
  const slip = slips.find(([answer]) => same(given, answer));
  return { right: false, told: slip ? slip[1] : "It fits no mistake that I know. Try again." };
}

const element = (tag, props = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
};

let count = 0;

function field(told, id) {
  if (!told.choices.length) {
    const input = element("input", { id, type: "text", inputMode: "text", autocomplete: "off", size: 10 });
    input.setAttribute("aria-label", `Your answer to: ${told.text}`);
    return [[input], () => input.value.trim()];
  }
  const rows = told.choices.map((choice) => {
    const radio = element("input", { type: "radio", name: id, value: choice });
    return element("label", { className: "choice" }, radio, " ", element("code", { textContent: choice }));
  });
  return [rows, () => rows.map((row) => row.firstChild).find((x) => x.checked)?.value ?? ""];
}

export function mount(root) {
  root.dataset.live = "";
  const told = JSON.parse(root.dataset.asked);
  const form = element("form", { className: "answer", noValidate: true });
  const [parts, value] = field(told, `asked-${(count += 1)}`);
  const said = element("p", { className: "said" });
  said.setAttribute("role", "status");
  form.append(...parts, element("button", { type: "submit", textContent: "Check" }), said);
  root.querySelector(".plain")?.remove();
  root.append(form);
  form.addEventListener("keydown", (event) => event.stopPropagation());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = judged(told, value());
    said.textContent = found ? `${found.right ? "✓ Right." : "✗ Not yet."} ${found.told}` : "Type a number, as in -1.5 or 3/2.";
    if (!found) {
      if (told.choices.length) said.textContent = "Choose one.";
      return;
    }
    said.className = `said ${found.right ? "right" : "wrong"}`;
    const tries = (root.tries = (root.tries ?? 0) + 1);
    const then = root.parentElement?.querySelector(":scope > details.then");
    if (then && (found.right || tries > 1)) then.open = true;
    root.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: { right: found.right, first: tries === 1 } }));
  });
}

const KEY = "micrograd-like self-checks";
const kept = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
};

// A self-check: counts what was right at the first answer, and gives fresh numbers.
export function check(root) {
  root.dataset.live = "";
  const { need, chapter, sets } = JSON.parse(root.dataset.check);
  const list = root.querySelector("ol");
  const status = element("p", { className: "said" });
  status.setAttribute("role", "status");
  const again = element("button", { type: "button", textContent: "Fresh numbers" });
  let done = new Map();
  const say = () => {
    const right = [...done.values()].filter(Boolean).length;
    const total = list.children.length;
    const end = done.size === total;
    const passed = right >= need;
    status.textContent = `${right} of ${total} right at once; ${need} are enough.`;
    if (passed) status.textContent += ` Chapter ${chapter} is passed.`;
    else if (end) status.textContent += " Read what was said, and try again with fresh numbers.";
    if (passed) {
      try {
        localStorage.setItem(KEY, JSON.stringify({ ...kept(), [chapter]: right }));
      } catch {
        /* nothing is kept where the browser keeps nothing */
      }
    }
  };
  list.addEventListener("answered", ({ target, detail }) => {
    const item = target.closest("li");
    if (detail.first) done.set(item, detail.right);
    say();
  });
  again.addEventListener("click", () => {
    const fresh = sets.shift();
    if (!fresh) {
      status.textContent = "Run this cell again: Python draws fresh numbers each time.";
      return;
    }
    done = new Map();
    list.replaceChildren(...fresh.map((told) => element("li", {}, shown(told))));
    list.querySelectorAll(".asked").forEach(mount);
    list.querySelector("input")?.focus();
    say();
  });
  root.append(again, status);
  if (kept()[chapter]) status.textContent = `You passed this with ${kept()[chapter]} of ${list.children.length}.`;
}

function shown(told) {
  const root = element("div", { className: "mgl asked" }, element("p", { textContent: told.text }));
  if (told.program) root.append(element("pre", { textContent: told.program }));
  root.dataset.asked = JSON.stringify(told);
  return root;
}

export function start() {
  document.querySelectorAll(".asked:not([data-live])").forEach(mount);
  document.querySelectorAll(".selfcheck:not([data-live])").forEach(check);
}
