// Small comforts on top of pages that work without it. Hooks are data-portal-… attributes, never classes:
//   form[data-portal-autosave="URL"]   posts itself 2 s after a change; the answer is JSON {message, problem, fields}
//                                      where `fields` are written back into the form (e.g. the new revision)
//   form[data-portal-guard]            only warns before unsaved changes are left
//   [data-portal-saved]                where 已自动暂存 or what went wrong is said
//   [data-portal-near]                 names nearly the same as the one typed, -near-list kept up to date
//   [data-portal-todo]                 what is still missing: -todo-title, -todo-count and a list, kept up to date
//   [data-portal-toc]                  marks the section in view
//   [data-portal-count="300"]          field whose 字数 shows in [data-portal-counter="its id"], and when it is over
//                                      in [data-portal-over="its id"], named by its data-portal-label
//   [data-portal-rows] > template, [data-portal-rows-body] > [data-portal-row]; buttons -add-row, -remove-row
//   [data-portal-open="id"], [data-portal-close]   native dialogs      [data-portal-print]   the print button
//   [data-portal-filter="placeholder"] long list of boxes to narrow    [data-portal-focus]   focused after loading
//   [data-portal-verb="退回修改"]      a radio that names the [data-portal-submit] button of its form
//   [data-portal-tabs]                 a row of links that may be wider than the window: the current one is in view
//   [data-portal-picked="form id"]     how many boxes of that form are ticked
//   -search -desk -save -submit -change -opinion   what the keyboard reaches
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const clock = () => new Date().toLocaleTimeString("zh-CN", { hour12: false });

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

// A draft saves itself two seconds after the last change; what could not be saved is said in words.
// `dirty` is also what the guard on leaving asks.
class Draft {
  constructor(form) {
    this.form = form;
    this.state = document.querySelector("[data-portal-saved]");
    this.dirty = false;
    form.addEventListener("input", () => this.touched());
    form.addEventListener("change", () => this.touched());
    form.addEventListener("submit", (event) => this.leave(event));
    window.addEventListener("beforeunload", (event) => this.guard(event));
  }

  touched() {
    this.dirty = true;
    clearTimeout(this.timer);
    if (this.form.dataset.portalAutosave !== undefined) this.timer = setTimeout(() => this.save(), 2000);
  }

  guard(event) {
    if (this.dirty && !this.leaving) event.preventDefault();
  }

  // A button pressed while the draft is saving itself waits for the answer, else the two would collide.
  leave(event) {
    clearTimeout(this.timer);
    this.leaving = true;
    if (!this.saving) return;
    event.preventDefault();
    this.pressed = event.submitter;
  }

  say(text, failed = false) {
    if (!this.state) return;
    this.state.textContent = text;
    this.state.classList.toggle("bad", failed);
  }

  async save() {
    if (this.saving) return this.touched();
    this.saving = true;
    this.dirty = false;
    try {
      this.read(await this.send());
    } catch {
      this.dirty = true;
      this.say("没有连上服务器，刚才的修改还没有暂存。填写的内容仍在本页，恢复连接后会再次暂存。", true);
      this.timer = setTimeout(() => this.save(), 15000);
    } finally {
      this.saving = false;
      if (this.leaving) this.form.requestSubmit(this.pressed);
    }
  }

  async send() {
    const url = this.form.dataset.portalAutosave || this.form.action;
    const body = new FormData(this.form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
    return { answer, data: await answer.json().catch(() => ({})) };
  }

  read({ answer, data }) {
    if (!answer.ok || answer.redirected) {
      this.dirty = true;
      const why = answer.redirected ? "登录已过期，请在新窗口登录后回到本页。" : "填写的内容仍在本页。";
      return this.say(data.message || `刚才的修改没有暂存：${why}`, true);
    }
    for (const [name, value] of Object.entries(data.fields || {})) this.put(name, value);
    this.say(data.message || `已自动暂存 ${clock()}`, Boolean(data.problem));
    if (data.missing) all("[data-portal-todo]").forEach((box) => showTodo(box, data));
    if (data.near) all("[data-portal-near]").forEach((box) => showNear(box, data.near));
    this.form.dispatchEvent(new CustomEvent("portal-saved", { detail: data }));
  }

  put(name, value) {
    const field = this.form.elements[name];
    if (field) field.value = value;
  }
}

// The list beside the form says what the last save left open.
function showTodo(box, { missing, done }) {
  const open = missing.map(({ text, anchor }) => Object.assign(document.createElement("a"), { href: `#${anchor}`, textContent: text }));
  const lines = [...open, ...done].map((content) => {
    const line = document.createElement("li");
    line.className = typeof content === "string" ? "done" : "miss";
    line.append(content);
    return line;
  });
  box.querySelector("ul").replaceChildren(...lines);
  box.querySelector("[data-portal-todo-title]").textContent = open.length ? `提交前还缺 ${open.length} 项` : "已经可以提交";
  box.querySelector("[data-portal-todo-count]").textContent = `${done.length} / ${lines.length}`;
}

// Names nearly the same as the one just stored, each with its page in a window of its own.
function showNear(box, near) {
  const lines = near.map(({ title, rest, url }) => {
    const line = document.createElement("li");
    line.append(Object.assign(document.createElement("a"), { href: url, textContent: title, target: "_blank", rel: "noopener" }), rest);
    return line;
  });
  box.querySelector("[data-portal-near-list]").replaceChildren(...lines);
  box.hidden = !near.length;
}

function followToc(toc) {
  const links = new Map(all("a[href^='#']", toc).map((link) => [document.querySelector(link.hash), link]));
  const watcher = new IntersectionObserver((entries) => {
    const seen = entries.find((entry) => entry.isIntersecting);
    if (!seen) return;
    for (const [section, link] of links) section === seen.target ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const section of links.keys()) watcher.observe(section);
}

// Long lists of boxes get a box to type in; unticked lines that do not hold the text are hidden.
function addFilter(box) {
  const input = document.createElement("input");
  input.type = "search";
  input.className = "in";
  input.placeholder = input.ariaLabel = box.dataset.portalFilter;
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    for (const line of all("label", box))
      line.hidden = !line.textContent.includes(input.value.trim()) && !line.querySelector(":checked");
  });
  box.prepend(input);
}

// Rows of a child table: “增加一行” copies the <template>, “删除” ticks Django's DELETE box or drops a new row.
function addRow(box) {
  const total = box.querySelector("[name$=-TOTAL_FORMS]"), number = total.value;
  const holder = document.createElement("template");
  holder.innerHTML = box.querySelector("template").innerHTML.replaceAll("__prefix__", number);
  const added = [...holder.content.children];
  box.querySelector("[data-portal-rows-body]").append(...added);
  total.value = Number(number) + 1;
  added[0]?.querySelector("input, select, textarea")?.focus();
}

function removeRow(row) {
  const tick = row.querySelector("[name$=-DELETE]");
  if (tick) tick.checked = true;
  else all("input, select, textarea", row).forEach((field) => { field.value = ""; });
  row.hidden = true;
  row.closest("form")?.dispatchEvent(new Event("input", { bubbles: true }));
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
  const button = mark && document.querySelector(mark);
  if (!button) return;
  event.preventDefault();
  button.click();
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
  "[data-portal-add-row]": (button, event) => { event.preventDefault(); addRow(button.closest("[data-portal-rows]")); },
  "[data-portal-remove-row]": (button, event) => { event.preventDefault(); removeRow(button.closest("[data-portal-row]")); },
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
  all("form[data-portal-autosave], form[data-portal-guard]").forEach((form) => new Draft(form));
  all("[data-portal-filter]").forEach(addFilter);
  all("[data-portal-toc]").forEach(followToc);
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
