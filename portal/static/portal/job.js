// Keeps the progress of a job up to date: [data-portal-job="seconds"] is fetched anew until it stands empty.
// Without this script the page loads itself again. A form that has the focus is left alone.
"use strict";

const progress = document.querySelector("[data-portal-job]");

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (answer.ok && !progress.contains(document.activeElement)) show(await answer.text());
  } catch { /* away for a moment: look again later */ }
  wait();
}

function show(page) {
  const fresh = new DOMParser().parseFromString(page, "text/html"), now = fresh.querySelector("[data-portal-job]");
  if (!now) return;
  if (!now.dataset.portalJob) { location.reload(); return; }
  progress.replaceChildren(...now.childNodes);
}

function wait() {
  setTimeout(look, 1000 * Math.min(2, Number(progress.dataset.portalJob) || 2));
}

if (progress && progress.dataset.portalJob) wait();
