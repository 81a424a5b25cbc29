// The command palette of the workbench: Ctrl+K lays what /desk/go/ finds over the page, reached by arrows and Enter.
//   a[data-portal-palette]   the link to the page that does the same without scripts; its address answers as JSON
// A combobox with a list box (ARIA Authoring Practices 1.2): the focus stays in the field.
"use strict";

class Palette {
  constructor(link) {
    this.url = link.href;
    this.box = document.createElement("dialog");
    this.box.className = "dialog palette";
    this.box.setAttribute("aria-label", "跳转");
    this.box.innerHTML = `<input class="in" type="search" role="combobox" aria-expanded="false" aria-controls="palette-list"
      aria-autocomplete="list" aria-label="要找的填报或页面" maxlength="60" autocomplete="off" spellcheck="false" placeholder="填报名称、单位、编号或页面">
      <p class="sr" role="status"></p><div id="palette-list" role="listbox" aria-label="可以去的地方"></div>`;
    [this.field, this.said, this.list] = this.box.children;
    this.field.addEventListener("input", () => this.later());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.go(event.target.closest("[role=option]")));
    document.body.append(this.box);
  }

  open() {
    if (this.box.open) return;
    this.box.showModal();
    this.field.select();
    this.ask();
  }

  // What was found belongs to the words before: until there is news, Enter asks for what is typed.
  later() {
    this.choose(null);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 250);
  }

  async ask() {
    const words = this.field.value.trim();
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const answer = await fetch(`${this.url}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" }, signal: this.asking.signal });
      if (answer.redirected || answer.status === 401) return this.say("登录已过期，请重新登录。");
      const data = answer.ok ? await answer.json() : await answer.json().catch(() => ({}));
      answer.ok ? this.show(data.groups) : this.say(data.message || "没有查到，请稍后再试。");
    } catch (error) {
      if (error.name !== "AbortError") this.say("没有连上服务器，请稍后再试。");
    }
  }

  say(words) {
    this.said.textContent = words;
    this.list.replaceChildren(Object.assign(document.createElement("p"), { className: "pad soft", textContent: words }));
    this.choose(null);
  }

  show(groups) {
    if (!groups.length) return this.say("没有找到。按回车打开查找页。");
    this.list.replaceChildren(...groups.map((group, at) => this.group(group, at)));
    const lines = this.lines();
    lines.forEach((line, at) => { line.id = `palette-${at}`; });
    this.said.textContent = `找到 ${lines.length} 项`;
    this.choose(lines[0]);
  }

  group({ name, lines }, at) {
    const box = document.createElement("div"), head = document.createElement("p");
    Object.assign(head, { id: `palette-group-${at}`, className: "small soft", textContent: name });
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", head.id);
    box.append(head, ...lines.map((line) => this.line(line)));
    return box;
  }

  line({ title, note, url }) {
    const line = document.createElement("div");
    line.setAttribute("role", "option");
    line.dataset.url = url;
    line.append(Object.assign(document.createElement("b"), { textContent: title }), Object.assign(document.createElement("span"), { className: "small soft", textContent: note }));
    return line;
  }

  lines() {
    return all("[role=option]", this.list);
  }

  choose(line) {
    for (const other of this.lines()) other.setAttribute("aria-selected", String(other === line));
    this.field.setAttribute("aria-expanded", String(Boolean(line)));
    line ? this.field.setAttribute("aria-activedescendant", line.id) : this.field.removeAttribute("aria-activedescendant");
    line?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.isComposing) return;
    const lines = this.lines(), here = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: here + 1, ArrowUp: Math.max(here, 0) - 1, PageDown: here + 8, PageUp: here - 8 }[event.key];
    if (to !== undefined && lines.length) {
      const around = event.key.startsWith("Arrow") ? (to + lines.length) % lines.length : Math.min(Math.max(to, 0), lines.length - 1);
      this.choose(lines[around]);
    } else if (event.key === "Enter") this.go(lines[here]);
    else return;
    event.preventDefault();
  }

  go(line) {
    location.assign(line ? line.dataset.url : `${this.url}?q=${encodeURIComponent(this.field.value.trim())}`);
  }
}

{
  const link = document.querySelector("a[data-portal-palette]");
  let palette;
  const open = (event) => {
    event.preventDefault();
    palette ??= new Palette(link);
    palette.open();
  };
  if (link && window.HTMLDialogElement) {
    for (const one of all("a[data-portal-palette]")) one.addEventListener("click", (event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) open(event); });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") open(event);
    });
  }
}
