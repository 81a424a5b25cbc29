// Says two minutes before a sign-in ends that it will, and lets it go on (WCAG 2.2, 2.2.1).
//   dialog[data-portal-idle="URL"]     the warning; the URL tells how many seconds are left, POST means: still here
//   [data-portal-idle-text]            its sentence, another one once the sign-in has ended
// Asking how much is left does not count as being there (portal/identity.py).
"use strict";

{ // other files have a `look` of their own
  const WARNING = document.querySelector("dialog[data-portal-idle]");
  const WARN_BEFORE = 120, FIRST_LOOK = 12 * 60; // seconds; the shortest sign-in of all ends after fifteen minutes
  const OVER = "登录已经结束。本页填写的内容还在，请在新窗口登录后再提交。";

  async function secondsLeft(method) {
    const body = method === "POST" ? new FormData(WARNING.querySelector("form")) : undefined;
    const answer = await fetch(WARNING.dataset.portalIdle, { method, body, headers: { Accept: "application/json" } });
    if (answer.status >= 500) throw new Error("asked to come back");
    return answer.ok && !answer.redirected ? (await answer.json()).left : 0;
  }

  function lookIn(seconds) {
    setTimeout(() => look("GET"), 1000 * Math.max(seconds, 5));
  }

  async function look(method) {
    try {
      show(await secondsLeft(method));
    } catch {
      lookIn(60); // not connected, or not just now
    }
  }

  function show(left) {
    const isNear = left <= WARN_BEFORE;
    if (!left) WARNING.querySelector("[data-portal-idle-text]").textContent = OVER;
    if (isNear && !WARNING.open) WARNING.showModal();
    if (!isNear && WARNING.open) WARNING.close();
    if (left) lookIn(isNear ? left + 2 : left - WARN_BEFORE);
  }

  if (WARNING) {
    WARNING.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      look("POST");
    });
    lookIn(FIRST_LOOK);
  }
}
