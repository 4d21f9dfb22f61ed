// Leads from what is said of a mistake, and from an error, to its page. Text that scrolls is reached by keys.
const root = new URL("../", import.meta.url);

function link(href, text) {
  const made = document.createElement("a");
  made.href = new URL(href, root);
  made.textContent = text;
  return made;
}

function mistakes() {
  for (const card of document.querySelectorAll('.card[data-mistake]:not([data-mistake=""], [data-linked])')) {
    card.dataset.linked = "";
    card.append(link(`mistakes/${card.dataset.mistake}.html`, "More about this mistake"));
  }
}

function errors() {
  for (const shown of document.querySelectorAll("pre.error:not([data-linked])")) {
    shown.dataset.linked = "";
    const found = /^micrograd_like\S*\.(\w+(?:Error|Warning)):/m.exec(shown.textContent);
    if (found) shown.after(link(`errors.html#${found[1].toLowerCase()}`, `What ${found[1]} means`));
  }
}

function scrolling() {
  for (const text of document.querySelectorAll("pre:not([tabindex])")) if (text.scrollWidth > text.clientWidth) text.tabIndex = 0;
}

let waiting = false;
function look() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; mistakes(); errors(); scrolling(); });
}
look();
addEventListener("resize", look);
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
