// 长者模式 reads aloud with the voice of the browser, the page or what one points at; without a voice it is hidden.
//   [data-portal-aloud] > button, button[aria-pressed], [role=status]
"use strict";

const LONGEST = 120; // characters: Chromium breaks off what takes longer than a quarter of a minute to say
const REST = 300; // milliseconds the pointer rests on something before it is read
const OWN = "[data-portal-aloud]"; // is not read: its button ends the reading
const KEPT = "portal-pointing"; // in this tab, from page to page
const PARTS = "a,button,label,summary,legend,caption,th,td,dt,dd,li,p,h1,h2,h3,h4,input,select,textarea,img,[aria-label]";
const UNREAD = { interrupted: "", canceled: "", "not-allowed": "请先按一下本页的任意位置，再指着读" };

const sentences = (text) =>
  text.split(/(?<=[。！？；])|\n+/u).map((part) => part.trim()).filter(Boolean)
    .flatMap((part) => part.match(new RegExp(`[^]{1,${LONGEST}}`, "gu")));

const nameOf = (box) =>
  box.labels?.[0]?.innerText || box.ariaLabel || box.alt || box.innerText || box.placeholder || box.title || "";

class Reader {
  constructor(bar, voice) {
    this.voice = voice;
    this.button = bar.querySelector("button");
    this.status = bar.querySelector("[role=status]");
    this.button.addEventListener("click", () => (this.reading ? this.stop("已停止朗读") : this.page()));
    window.addEventListener("pagehide", () => voice.cancel());
    bar.hidden = false;
  }

  page() {
    const last = this.read(document.getElementById("main").innerText);
    if (!last) return this.say("本页没有可以朗读的文字");
    this.say("正在朗读本页");
    last.addEventListener("end", () => this.reading?.includes(last) && this.stop("朗读完毕"));
  }

  read(text) {
    if (this.reading) this.voice.cancel();
    const parts = sentences(text).map((part) => this.spoken(part));
    this.reading = parts.length ? parts : null;
    this.button.textContent = this.reading ? "停止朗读" : "朗读本页";
    parts.forEach((part) => this.voice.speak(part));
    return parts[parts.length - 1];
  }

  spoken(words) {
    const part = new SpeechSynthesisUtterance(words);
    part.lang = "zh-CN";
    part.rate = 0.9;
    part.addEventListener("error", ({ error }) =>
      this.reading?.includes(part) && this.stop(UNREAD[error] ?? "这台设备不能朗读中文"));
    return part;
  }

  stop(why) {
    this.reading = null;
    this.voice.cancel();
    this.button.textContent = "朗读本页";
    this.say(why);
  }

  say(words) {
    this.status.textContent = words;
  }
}

class Pointing {
  constructor(bar, reader) {
    this.reader = reader;
    this.button = bar.querySelector("[aria-pressed]");
    this.button.addEventListener("click", () => this.turn(!this.isOn));
    document.addEventListener("pointerover", ({ target, pointerType }) =>
      this.at(target, pointerType === "touch" ? 0 : REST));
    document.addEventListener("focusin", ({ target }) => this.at(target, 0));
    if (sessionStorage.getItem(KEPT)) this.turn(true);
  }

  turn(isOn) {
    this.isOn = isOn;
    this.button.ariaPressed = String(isOn);
    sessionStorage[isOn ? "setItem" : "removeItem"](KEPT, "on");
    clearTimeout(this.waiting);
    this.mark(null);
    this.reader.stop(isOn ? "指到哪里，就读哪里" : "已停止指读");
  }

  at(box, rest) {
    clearTimeout(this.waiting);
    const part = this.isOn && !box.closest?.(OWN) && box.closest?.(PARTS);
    if (part && !(part === this.part && this.reader.reading)) this.waiting = setTimeout(() => this.read(part), rest);
  }

  read(part) {
    this.mark(part);
    const last = this.reader.read(nameOf(part));
    last?.addEventListener("end", () => this.reader.reading?.includes(last) && this.reader.stop(""));
  }

  mark(part) {
    this.part?.classList.remove("is-read");
    part?.classList.add("is-read");
    this.part = part;
  }
}

const bar = document.querySelector(OWN);
if (bar && "speechSynthesis" in window) new Pointing(bar, new Reader(bar, window.speechSynthesis));
