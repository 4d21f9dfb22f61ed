// Lets a reader change each code cell and run it: Python is loaded at the first click, and runs in a worker.
const root = new URL("../", import.meta.url);
const page = location.pathname, saved = JSON.parse(localStorage.getItem(page) ?? "{}");
const cells = [...document.querySelectorAll("div.cell")].filter((cell) => cell.querySelector(".cell_input pre"));
let worker = null, done = new Set(), waiting = new Map();

if ("serviceWorker" in navigator && location.protocol.startsWith("http"))
  navigator.serviceWorker.register(new URL("sw.js", root)).catch(() => {});

function button(text, title, act) {
  const made = document.createElement("button");
  made.type = "button"; made.textContent = text; made.title = title;
  made.addEventListener("click", act);
  return made;
}

function say(cell, text) { cell.status.textContent = text; }

function show(cell, html) {
  let out = cell.querySelector(".cell_output");
  if (!out) { out = document.createElement("div"); out.className = "cell_output"; cell.append(out); }
  out.innerHTML = html;
  for (const old of out.querySelectorAll("script")) {  // one that is set as HTML does not run
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
}

// NumPy is 3 MB more and is not on the site. What such a cell shows stays as it was when the page was made.
const NUMPY = "NumPy is not on this site, so this cell cannot be run here. What it shows was computed when the page was made. " +
  'To change it, write pip install "micrograd-like[arrays]" and run it on your own machine.';
const needsNumpy = (html) => /compile needs numpy|No module named &#x27;numpy&#x27;/.test(html);

function begin() {
  worker = new Worker(new URL("python.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data.ready) return;
    if (data.failed) {
      for (const [, { cell, reject }] of waiting) { say(cell, `Python could not be loaded: ${data.failed}`); reject(); }
      return stop("");
    }
    waiting.get(data.id)?.resolve(data.html);
    waiting.delete(data.id);
  };
}

function stop(text = "Stopped. The cells before will run again.") {
  worker?.terminate();
  worker = null; done = new Set();
  for (const [, { cell }] of waiting) { say(cell, text); cell.classList.remove("running"); }
  waiting = new Map();
}

function ask(cell, id) {
  return new Promise((resolve, reject) => {
    waiting.set(id, { cell, resolve, reject });
    worker.postMessage({ id, source: cell.code.innerText.replaceAll("\u00a0", " ") });
  });
}

async function run(last) {
  if (waiting.size) return;
  const loading = !worker;
  if (loading) begin();
  const index = cells.indexOf(last);
  for (const [id, cell] of cells.entries()) {
    if (id > index || (id < index && done.has(id))) continue;
    say(cell, loading ? "Loading Python, once, 13 MB …" : "Running …");
    cell.classList.add("running");
    const html = await ask(cell, id).catch(() => null);
    cell.classList.remove("running");
    if (html === null) return;
    const missing = needsNumpy(html);
    if (!missing || !cell.querySelector(".cell_output")) show(cell, missing ? "" : html);
    say(cell, missing ? NUMPY : "");
    if (missing && id < index) { say(last, `Cell ${id + 1} above needs NumPy, so this one cannot be run here.`); return; }
    done.add(id);
    if (html.includes('class="error"') && id < index) { say(last, `Cell ${id + 1} above fails: mend it first.`); return; }
  }
}

function keep() {
  const changed = {};
  cells.forEach((cell, i) => { if (cell.code.innerText !== cell.original) changed[i] = cell.code.innerText; });
  if (Object.keys(changed).length) localStorage.setItem(page, JSON.stringify(changed));
  else localStorage.removeItem(page);
}

function reset() {
  stop("");
  cells.forEach((cell) => { cell.code.innerHTML = cell.colours; });
  keep();
}

function exported() {
  const text = JSON.stringify({ page, cells: cells.map((cell) => cell.code.innerText) }, null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "my-cells.json";
  link.click();
}

cells.forEach((cell, i) => {
  cell.code = cell.querySelector(".cell_input pre");
  cell.colours = cell.code.innerHTML; cell.original = cell.code.innerText;
  if (saved[i]) cell.code.textContent = saved[i];
  cell.code.contentEditable = "plaintext-only";
  cell.code.spellcheck = false;
  cell.code.tabIndex = 0;
  Object.entries({ role: "textbox", "aria-multiline": "true", "aria-label": `Code of cell ${i + 1}, to change` })
    .forEach(([name, value]) => cell.code.setAttribute(name, value));
  cell.code.addEventListener("input", () => { done = new Set([...done].filter((id) => id < i)); keep(); });
  cell.code.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); run(cell); }
    event.stopPropagation();
  });
  const bar = document.createElement("div");
  bar.className = "cell-bar";
  cell.status = document.createElement("span");
  cell.status.setAttribute("role", "status");
  bar.append(button("Run", "Run this cell, and those before it (Shift+Enter)", () => run(cell)),
             button("Stop", "Stop Python, as for a loop that does not end", () => stop()), cell.status);
  cell.querySelector(".cell_input").append(bar);
});

if (cells.length) {
  const bar = document.createElement("p");
  bar.className = "cell-bar";
  bar.append("You can change every cell and run it here. ",
             button("Reset this page", "Bring back every cell as it was", reset),
             button("Save my cells", "Download what the cells hold now", exported));
  cells[0].before(bar);
}

const shared = document.querySelector("#share");
if (shared && cells.length) {
  const [cell] = cells, given = location.hash.startsWith("#x=") ? "" : location.hash.slice(1);
  if (given) try {
    cell.code.textContent = new TextDecoder().decode(Uint8Array.from(atob(decodeURIComponent(given)), (c) => c.charCodeAt(0)));
  } catch { say(cell, "This address holds no program."); }
  shared.append(button("Put the program into the address", "to send it to somebody", () => {
    location.hash = encodeURIComponent(btoa(String.fromCharCode(...new TextEncoder().encode(cell.code.innerText))));
    say(cell, "The address of this page now holds your program.");
  }));
}
