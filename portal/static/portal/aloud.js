// 长者模式 reads the page aloud with the voice of the browser; where it has none, the button stays hidden.
//   [data-portal-aloud] > button, [role=status]
"use strict";

const LONGEST = 120; // characters: Chromium breaks off what takes longer than a quarter of a minute to say

const sentences = (text) =>
  text.split(/(?<=[。！？；])|\n+/u).map((part) => part.trim()).filter(Boolean)
    .flatMap((part) => part.match(new RegExp(`[^]{1,${LONGEST}}`, "gu")));

class Reader {
  constructor(bar, voice) {
    this.voice = voice;
    this.button = bar.querySelector("button");
    this.status = bar.querySelector("[role=status]");
    this.button.addEventListener("click", () => (this.reading ? this.stop("已停止朗读") : this.read()));
    window.addEventListener("pagehide", () => voice.cancel());
    bar.hidden = false;
  }

  read() {
    const parts = sentences(document.getElementById("main").innerText).map((part) => this.spoken(part));
    const last = parts.at(-1);
    if (!last) return this.say("本页没有可以朗读的文字");
    this.reading = parts;
    this.button.textContent = "停止朗读";
    this.say("正在朗读本页");
    last.addEventListener("end", () => this.reading === parts && this.stop("朗读完毕"));
    parts.forEach((part) => this.voice.speak(part));
  }

  spoken(words) {
    const part = new SpeechSynthesisUtterance(words);
    part.lang = "zh-CN";
    part.rate = 0.9;
    part.addEventListener("error", () => this.reading?.includes(part) && this.stop("这台设备不能朗读中文"));
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

const bar = document.querySelector("[data-portal-aloud]");
if (bar && "speechSynthesis" in window) new Reader(bar, window.speechSynthesis);
