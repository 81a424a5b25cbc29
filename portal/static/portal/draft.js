// Comforts of a form at the workbench, on top of portal.js. Forms work without it.
//   form[data-portal-autosave="URL"]   posts itself 2 s after a change; the answer is JSON {message, problem, fields}
//                                      where `fields` are written back into the form (e.g. the new revision)
//   form[data-portal-guard]            only warns before unsaved changes are left
//   main[data-portal-unsaved]          on a page that answers a form: what is typed into that form is stored nowhere
//   [data-portal-saved]                where 已自动暂存 or what went wrong is said
//   [data-portal-near]                 names nearly the same as the one typed, -near-list kept up to date
//   [data-portal-todo]                 what is still missing: -todo-title, -todo-count and a list, kept up to date
//   [data-portal-toc]                  marks the section in view
//   [data-portal-rows] > template, [data-portal-rows-body] > [data-portal-row]; buttons -add-row, -remove-row
//   [data-portal-filter="placeholder"] long list of boxes to narrow
//   [data-portal-back]                 lays over the form what stood there before; [data-portal-back-at] says since when
// What is pasted into these forms comes without the rubbish of a word processor; a row that was removed comes back.
"use strict";

const SIGNED_OUT = "登录已过期，刚才的修改还没有暂存。请在新窗口登录后回到本页，填写的内容仍在。";
const isRefused = (answer) => answer.redirected || answer.status === 401 || answer.status === 403;
const isTaken = (answer) => answer.ok && !answer.redirected;
const clock = () => new Date().toLocaleTimeString("zh-CN", { hour12: false });

// What was typed into a form that is shown again in answer to itself is on this page alone.
function isShownAgain(form) {
  const { pathname } = new URL(form.getAttribute("action") || "", location.href);
  return document.querySelector("main[data-portal-unsaved]") !== null && pathname === location.pathname;
}

// A draft saves itself two seconds after the last change; what could not be saved is said in words.
// `dirty` is also what the guard on leaving asks.
class Draft {
  constructor(form) {
    this.form = form;
    this.state = document.querySelector("[data-portal-saved]");
    this.dirty = isShownAgain(form);
    this.past = new Past(this);
    form.addEventListener("input", () => this.touched());
    form.addEventListener("change", () => this.touched());
    form.addEventListener("submit", (event) => this.leave(event));
    window.addEventListener("beforeunload", (event) => this.guard(event));
    window.addEventListener("focus", () => this.isStuck && this.save()); // say, from the window of a new sign-in
  }

  touched() {
    this.dirty = true;
    clearTimeout(this.timer);
    if (this.form.dataset.portalAutosave === undefined || this.leaving) return;
    this.timer = setTimeout(() => this.save(), 2000);
  }

  guard(event) {
    if ((this.dirty || this.saving) && !this.leaving) event.preventDefault();
  }

  // A button pressed while the draft is saving itself waits for the answer, else the two would collide. Where nobody
  // was reached it saves first: the page that came in place of this one would know nothing of what was typed.
  leave(event) {
    clearTimeout(this.timer);
    if (this.saving || this.isStuck) return this.wait(event);
    this.leaving = true;
    setTimeout(() => { this.leaving = false; }, 30000); // whoever stopped it goes on typing here
  }

  wait(event) {
    event.preventDefault();
    this.waiting = { button: event.submitter };
    this.say("正在暂存，完成后继续。");
    if (!this.saving) this.save();
  }

  goOn() {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting && !this.isStuck) this.form.requestSubmit(waiting.button);
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
      const answered = await this.send().catch(() => null);
      answered ? this.read(answered) : this.unheard();
    } finally {
      this.saving = false;
      this.goOn();
    }
  }

  unheard() {
    this.dirty = this.isStuck = true;
    this.say("没有连上服务器，刚才的修改还没有暂存。填写的内容仍在本页，恢复连接后会再次暂存。", true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 15000);
  }

  // Refused for its token: sent once more, if the same person has signed in again.
  async send() {
    const answer = await this.post();
    if (!isRefused(answer)) return this.told(answer);
    const { left, isOther } = await askSignIn();
    if (left && !isOther) return this.told(await this.post());
    const { data } = await this.told(answer);
    return { answer, data: { message: isOther ? OTHER_PERSON : data.message || SIGNED_OUT }, isStuck: true };
  }

  async post() {
    const url = this.form.dataset.portalAutosave || this.form.action;
    const body = new FormData(this.form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    const signal = AbortSignal.timeout?.(20000);
    const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, signal });
    if ([502, 503, 504].includes(answer.status)) throw new Error("asked to come back");
    return answer;
  }

  // Of what was taken the whole answer must come, for it says from which state the next save goes on.
  async told(answer) {
    return { answer, data: isTaken(answer) ? await answer.json() : await answer.json().catch(() => ({})) };
  }

  read({ answer, data, isStuck }) {
    this.isStuck = isStuck;
    if (!isTaken(answer)) {
      this.dirty = true;
      return this.say(data.message || "刚才的修改没有暂存，填写的内容仍在本页。点“暂存”再试。", true);
    }
    for (const [name, value] of Object.entries(data.fields || {})) this.put(name, value);
    this.say(data.message || `已自动暂存 ${clock()}`, Boolean(data.problem));
    if (data.missing) all("[data-portal-todo]").forEach((box) => showTodo(box, data));
    if (data.near) all("[data-portal-near]").forEach((box) => showNear(box, data.near));
    this.form.dispatchEvent(new CustomEvent("portal-saved", { detail: data }));
    if (!this.dirty) this.past.keep();
    if (data.unstored) this.dirty = true;
  }

  // Other forms of the page go from the same state.
  put(name, value) {
    for (const field of all(`input[type=hidden][name="${CSS.escape(name)}"]`)) field.value = value;
  }
}

// What stood in a form when it was opened and at each save since: one press goes back by one, and stores that.
class Past {
  constructor(draft) {
    this.draft = draft;
    this.button = document.querySelector("[data-portal-back]");
    this.kept = [this.now("打开时")];
    this.button?.addEventListener("click", () => this.back());
  }

  now(at) {
    const fields = [...this.draft.form.elements].filter((field) => field.name && !["hidden", "file", "submit", "button"].includes(field.type));
    const values = new Map(fields.map((field) => [field, isTicked(field) ? field.checked : field.value]));
    return { at, values, rows: all("[data-portal-row]", this.draft.form).filter((row) => !row.hidden) };
  }

  last(before = 0) {
    return this.kept[this.kept.length - 1 - before];
  }

  keep() {
    const now = this.now(clock()), last = this.last();
    const same = now.rows.length === last.rows.length && [...now.values].every(([field, value]) => last.values.get(field) === value);
    if (!same) this.kept.push(now);
    this.show();
  }

  show() {
    if (!this.button) return;
    this.button.hidden = this.kept.length < 2;
    this.button.querySelector("[data-portal-back-at]").textContent = this.last(1)?.at || "";
  }

  back() {
    if (this.kept.length < 2 || this.draft.saving) return;
    this.kept.pop();
    const { at, values, rows } = this.last(), { form } = this.draft;
    for (const row of all("[data-portal-row]", form)) row.hidden = !rows.includes(row);
    for (const field of this.now("").values.keys()) this.lay(field, values.get(field));
    form.dispatchEvent(new Event("input", { bubbles: true }));
    all("[data-portal-count]", form).forEach(showCount);
    this.show();
    this.draft.say(`已恢复到 ${at} 的内容，正在暂存`);
    this.draft.save();
  }

  // A row that was added since has nothing kept: it is given up.
  lay(field, value) {
    if (isTicked(field)) field.checked = value ?? field.name.endsWith("-DELETE");
    else field.value = value ?? "";
  }
}

const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

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

// Long lists of boxes get a box to type in; unticked lines that do not hold the text are hidden. It is no part of the
// form around it.
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
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
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
  const tick = row.querySelector("[name$=-DELETE]"), form = row.closest("form");
  const fields = all("input, select, textarea", row).filter((field) => !isTicked(field)), values = fields.map((field) => field.value);
  const touched = () => form?.dispatchEvent(new Event("input", { bubbles: true }));
  const isHeld = row.contains(document.activeElement);
  if (tick) tick.checked = true;
  else fields.forEach((field) => { field.value = ""; });
  row.hidden = true;
  touched();
  const undo = offer("已删除一行。", () => {
    row.hidden = false;
    if (tick) tick.checked = false;
    else fields.forEach((field, at) => { field.value = values[at]; });
    touched();
    fields[0]?.focus();
  }, () => stopAfter(row)?.focus());
  if (isHeld) undo.focus();
}

// Where one goes on when a row is gone: in the next one, else at the button that adds one.
function stopAfter(row) {
  const rows = all("[data-portal-row]", row.parentElement);
  const next = rows.slice(rows.indexOf(row)).find((one) => !one.hidden);
  const add = row.closest("[data-portal-rows]")?.querySelector("[data-portal-add-row]");
  return next ? next.querySelector("input:not([type=hidden]), select, textarea") : add;
}

// Says what has happened and offers to take it back, until the next such thing or 关闭.
const toasts = document.createElement("div");
toasts.setAttribute("role", "status");

function offer(words, undo, goOn) {
  const line = Object.assign(document.createElement("div"), { className: "toast" });
  const back = Object.assign(document.createElement("button"), { type: "button", className: "btn sm", textContent: "撤销" });
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn plain sm", textContent: "关闭" });
  back.addEventListener("click", () => { toasts.replaceChildren(); undo(); });
  close.addEventListener("click", () => { toasts.replaceChildren(); goOn(); });
  line.append(Object.assign(document.createElement("span"), { textContent: words }), back, close);
  toasts.replaceChildren(line);
  return back;
}

// What a word processor puts on the clipboard: bullets of lists, tabs, blanks without width, characters of its own
// faces. The characters that go are those of portal/text.py; a field of one line has no line ends.
const RUBBISH = /[^\P{C}\n\t]/gu; // every control, format, private and unassigned character but these two
const BULLET = /^[ \t\u3000]*(?:[•●○■◆▪▫◦·§Ø\uF0B7\uF0A7\uF0D8\uF06C\uF06E][ \t\u3000]*|o\t[ \t]*)/gmu;

function cleaned(words, hasLines) {
  const plain = words.replace(/\r\n?|\u2028|\u2029|\v/gu, "\n").replace(/\p{Cf}/gu, "").replace(BULLET, "").replace(RUBBISH, "").normalize("NFC");
  const blanks = plain.replace(/[\t\u00A0]+/gu, " ").replace(/ +$/gmu, "").replace(/^\n+|\n+$/gu, "");
  return hasLines ? blanks.replace(/\n{3,}/gu, "\n\n") : blanks.replace(/ *\n+ */gu, " ");
}

function pasteCleaned(event) {
  const field = event.target, words = event.clipboardData?.getData("text/plain");
  if (event.defaultPrevented || !words || !field.matches("textarea, input:not([type]), input[type=text], input[type=search]")) return;
  const plain = cleaned(words, field.matches("textarea"));
  if (plain === words) return;
  event.preventDefault();
  if (document.execCommand("insertText", false, plain)) return; // keeps the browser's own undo
  field.setRangeText(plain, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

Object.assign(CLICKS, {
  "[data-portal-add-row]": (button, event) => { event.preventDefault(); addRow(button.closest("[data-portal-rows]")); },
  "[data-portal-remove-row]": (button, event) => { event.preventDefault(); removeRow(button.closest("[data-portal-row]")); },
});
document.body.append(toasts);
all("[data-portal-filter]").forEach(addFilter);
all("[data-portal-toc]").forEach(followToc);
document.addEventListener("paste", pasteCleaned);
all("form[data-portal-autosave], form[data-portal-guard]").forEach((form) => new Draft(form));
