// Says two minutes before a sign-in ends that it will, and lets it go on (WCAG 2.2, 2.2.1); takes a new one up.
//   dialog[data-portal-idle="URL"]     the warning; the URL tells how many seconds are left, POST means: still here
//   [data-portal-person]               on it: for whom this page was made
//   [data-portal-idle-title], -text    its heading and sentence, other ones once the sign-in has ended
//   [data-portal-idle-over]            shown once the sign-in has ended
// Asking how much is left does not count as being there (portal/identity.py).
"use strict";

const WARNING = document.querySelector("dialog[data-portal-idle]");
const OTHER_PERSON = "现在登录的是另一个账号。本页填写的内容还在，没有保存；请用原来的账号登录后回到本页。";

// What is left of the sign-in. A new one has a token of its own and refuses the older one of these forms: they are
// given it, unless another person has signed in meanwhile.
async function askSignIn(method = "GET") {
  const body = method === "POST" ? new FormData(WARNING.querySelector("form")) : undefined;
  const headers = { Accept: "application/json" };
  const answer = await fetch(WARNING.dataset.portalIdle, { method, body, headers });
  if (answer.redirected || answer.status === 401) return { left: 0 };
  if (!answer.ok) throw new Error("asked to come back");
  const { left, person, token } = await answer.json();
  const isOther = String(person) !== WARNING.dataset.portalPerson;
  if (!isOther) for (const field of all("[name=csrfmiddlewaretoken]")) field.value = token;
  return { left, isOther };
}

{ // other files have a `look` of their own
  const WARN_BEFORE = 120, FIRST_LOOK = 12 * 60; // seconds; the shortest sign-in of all ends after fifteen minutes
  const OVER = {
    title: "登录已经结束",
    text: "本页填写的内容还在。请在新窗口登录，再回到这里点“我已登录”。",
    button: "我已登录",
  };
  let timer, near, isOver = false;

  function lookIn(seconds) {
    clearTimeout(timer);
    timer = setTimeout(() => look(), 1000 * Math.max(seconds, 5));
  }

  async function look(method) {
    try {
      show(await askSignIn(method));
    } catch {
      lookIn(60); // not connected, or not just now
    }
  }

  // What has ended is said once; whoever goes back to the page is not asked again.
  function show({ left, isOther }) {
    const wasOver = isOver, isNear = left <= WARN_BEFORE;
    isOver = !left || Boolean(isOther);
    say(isOver ? { ...OVER, ...(isOther && { text: OTHER_PERSON }) } : near);
    const isShown = isOver ? WARNING.open || !wasOver : isNear;
    if (isShown !== WARNING.open) isShown ? WARNING.showModal() : WARNING.close();
    if (!isOver) lookIn(isNear ? left + 2 : left - WARN_BEFORE);
  }

  function parts() {
    const [title, text] = ["title", "text"].map((name) => WARNING.querySelector(`[data-portal-idle-${name}]`));
    return { title, text, button: WARNING.querySelector("form button") };
  }

  function say(words) {
    for (const [name, part] of Object.entries(parts())) part.textContent = words[name];
    for (const part of all("[data-portal-idle-over]", WARNING)) part.hidden = !isOver;
  }

  // Looks first: after a new sign-in the token of this page is an old one.
  async function stay() {
    await look();
    if (!isOver) await look("POST");
  }

  if (WARNING) {
    near = Object.fromEntries(Object.entries(parts()).map(([name, part]) => [name, part.textContent]));
    WARNING.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      stay();
    });
    window.addEventListener("focus", () => { if (isOver) look(); });
    lookIn(FIRST_LOOK);
  }
}
