// Small comforts on top of pages that work without it. Hooks are data-portal-… attributes, never classes:
//   [data-portal-count="300"]          field whose 字数 shows in [data-portal-counter="its id"], and when it is over
//                                      in [data-portal-over="its id"], named by its data-portal-label
//   [data-portal-open="id"], [data-portal-close]   native dialogs      [data-portal-print]   the print button
//   [data-portal-focus]                focused after loading
//   [data-portal-verb="退回修改"]      a radio that names the [data-portal-submit] button of its form
//   [data-portal-tabs]                 a row of links that may be wider than the window: the current one is in view
//   [data-portal-picked="form id"]     how many boxes of that form are ticked
//   -search -desk -save -submit -change -opinion   what the keyboard reaches
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// 字数: every character but white space, by code point — the rule of portal/text.py.
const countText = (value) => [...value.replace(/\s+/gu, "")].length;

function showCount(field) {
  const counter = document.querySelector(`[data-portal-counter="${CSS.escape(field.id)}"]`);
  if (!counter) return;
  const limit = Number(field.dataset.portalCount), now = countText(field.value), isOver = limit > 0 && now > limit;
  counter.firstElementChild.textContent = now;
  counter.classList.toggle("over", isOver);
  sayOver(document.querySelector(`[data-portal-over="${CSS.escape(field.id)}"]`), isOver, limit, now);
}

// The sentence of portal/text.py, while it is typed.
function sayOver(line, isOver, limit, now) {
  if (!line) return;
  line.hidden = !isOver;
  line.textContent = isOver ? `${line.dataset.portalLabel}已超出${limit}字（当前${now}字）。` : "";
}

// Keyboard: single keys rest inside fields and can be switched off in the help (WCAG 2.1.4).
const KEYS_OFF = "portal-keys-off";
const focusOn = (selector) => () => document.querySelector(selector)?.focus();
const goTo = (selector) => () => document.querySelector(selector)?.click();

function step(selector, by) {
  const stops = all(selector).filter((stop) => stop.offsetParent);
  const here = stops.indexOf(document.activeElement);
  stops[Math.min(Math.max(here + by, 0), stops.length - 1)]?.focus();
}

const KEYS = {
  "/": focusOn("[data-portal-search]"),
  "g d": goTo("[data-portal-desk]"),
  j: () => step("tbody .t-title, .hit h3 a", 1),
  k: () => step("tbody .t-title, .hit h3 a", -1),
  n: () => step("[data-portal-change]", 1),
  p: () => step("[data-portal-change]", -1),
  m: focusOn("[data-portal-opinion]"),
  "?": () => document.getElementById("keys")?.showModal(),
};
let before = "";

// A browser may forbid storage; then the choice lasts as long as the page.
let keysOff = false;
try { keysOff = Boolean(localStorage.getItem(KEYS_OFF)); } catch { /* forbidden */ }

function switchKeys(off) {
  keysOff = off;
  try { off ? localStorage.setItem(KEYS_OFF, "1") : localStorage.removeItem(KEYS_OFF); } catch { /* forbidden */ }
}

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable], dialog[open]");
}

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return withControl(event);
  if (event.altKey || typing(event.target) || keysOff) return;
  const act = KEYS[`${before} ${event.key}`] || KEYS[event.key];
  before = act ? "" : event.key;
  if (!act) return;
  event.preventDefault();
  act();
}

function withControl(event) {
  const mark = { s: "[data-portal-save]", Enter: "[data-portal-submit]" }[event.key];
  const button = mark && !document.querySelector("dialog[open]") && buttonFor(mark, event.target);
  if (!button) return;
  event.preventDefault();
  button.click();
}

// The button of the form one types in; from outside of all forms the one there is. Storing harms no other form.
function buttonFor(mark, target) {
  const form = target.form || target.closest("form"), found = all(mark);
  const own = form && found.find((button) => button.form === form);
  if (own || (form && mark !== "[data-portal-save]")) return own;
  return found.length === 1 ? found[0] : null;
}

const CLICKS = {
  "[data-portal-print]": () => window.print(),
  "[data-portal-open]": (button, event) => {
    const box = document.getElementById(button.dataset.portalOpen);
    if (!box?.showModal) return;
    event.preventDefault();
    box.showModal();
  },
  "[data-portal-close]": (button) => button.closest("dialog")?.close(),
};

function onClick(event) {
  for (const [selector, act] of Object.entries(CLICKS)) {
    const button = event.target.closest?.(selector);
    if (button) act(button, event);
  }
}

// The seal button carries the verb of the chosen conclusion; without scripts it says what holds for all.
function showVerb(radio) {
  radio.form.querySelector("[data-portal-submit]").textContent = radio.dataset.portalVerb;
}

function showPicked(counter) {
  const boxes = `input[type=checkbox][form="${CSS.escape(counter.dataset.portalPicked)}"]:checked`;
  counter.textContent = all(boxes).length;
}

function showCurrent(row) {
  const place = (box) => box.getBoundingClientRect().left, tab = row.querySelector("[aria-current]");
  if (tab) row.scrollLeft = place(tab) - place(row) - 40;
}

function start() {
  document.documentElement.dataset.scripted = "";
  all("[data-portal-count]").forEach(showCount);
  all("[data-portal-tabs]").forEach(showCurrent);
  all("[data-portal-keys-off]").forEach((box) => {
    box.checked = keysOff;
    box.addEventListener("change", () => switchKeys(box.checked));
  });
  document.querySelector("[data-portal-focus]")?.focus();
  document.addEventListener("input", (event) => event.target.matches("[data-portal-count]") && showCount(event.target));
  all("[data-portal-verb]:checked").forEach(showVerb);
  document.addEventListener("change", (event) => event.target.dataset?.portalVerb && showVerb(event.target));
  all("[data-portal-picked]").forEach(showPicked);
  document.addEventListener("change", () => all("[data-portal-picked]").forEach(showPicked));
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
}

start();
