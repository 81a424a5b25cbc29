// The queue by keyboard, and who looks at a filing now. Pages work without it. Hooks:
//   input[name=item]            the box of a line: x ticks that of the line in focus, a those of the page
//   [data-portal-tick-all]      one box for all of them
//   form[data-portal-presence]  tells every so often that this page is open; [data-portal-present] says who else is
"use strict";

const boxes = () => all("tbody input[name=item]");

function tick(list, on) {
  for (const box of list) box.checked = on;
  list[0]?.dispatchEvent(new Event("change", { bubbles: true }));
}

function tickLine() {
  const box = document.activeElement.closest("tr")?.querySelector("input[name=item]");
  if (box) tick([box], !box.checked);
}

function tickAll() {
  const list = boxes();
  tick(list, !list.every((box) => box.checked));
}

function showAll() {
  const list = boxes(), ticked = list.filter((box) => box.checked).length;
  for (const whole of all("[data-portal-tick-all]")) {
    whole.checked = ticked > 0 && ticked === list.length;
    whole.indeterminate = ticked > 0 && ticked < list.length;
  }
}

const TELL_EVERY = 30000; // ms; a window that nobody sees tells nothing

async function tell(form) {
  if (document.hidden) return;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const { message } = await answer.json();
    for (const line of all("[data-portal-present]")) if (line.textContent !== message) line.textContent = message;
  } catch { /* not connected; told again next time */ }
}

// portal.js comes after this file: its keys and helpers are there once the page is read.
document.addEventListener("DOMContentLoaded", () => {
  if (boxes().length) Object.assign(KEYS, { x: tickLine, a: tickAll });
  for (const whole of all("[data-portal-tick-all]"))
    whole.addEventListener("change", () => tick(boxes(), whole.checked));
  document.addEventListener("change", showAll);
  for (const form of all("form[data-portal-presence]")) {
    tell(form);
    setInterval(() => tell(form), TELL_EVERY);
    document.addEventListener("visibilitychange", () => tell(form));
  }
});
