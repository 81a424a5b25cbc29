// The page of a draft's files: drop them or choose several, one after the other, with progress and a way to stop.
//   [data-portal-materials]      what is fetched anew once a queue is through
//   form[data-portal-drop="20971520"]   a slot and the most bytes of a file
//   [data-portal-queue]          lists what is sent, also beside a slot that is full by now
// Each file goes as the raw body of a PUT with its name in a header; without this script the form posts itself.
"use strict";

let underWay = 0; // queues that are sending; leaving the page would stop them
const megabytes = (bytes) => `${(bytes / 1048576).toFixed(1)}MB`;

class Queue {
  constructor(form) {
    this.form = form;
    this.most = Number(form.dataset.portalDrop);
    this.list = form.querySelector("[data-portal-queue]");
    this.waiting = [];
    const input = form.querySelector("[type=file]");
    const chosen = () => { this.take([...input.files]); input.value = ""; };
    input.addEventListener("change", chosen);
    if (input.files.length) chosen(); // before this script was there
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("drop"); });
    form.addEventListener("dragleave", () => form.classList.remove("drop"));
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      form.classList.remove("drop");
      this.take([...event.dataTransfer.files]);
    });
  }

  take(files) {
    for (const file of files) this.waiting.push(new Line(file, this));
    if (!this.sending) this.run();
  }

  async run() {
    this.sending = true;
    underWay += 1;
    let stored = false;
    while (this.waiting.length) stored = (await this.waiting.shift().send()) || stored;
    this.sending = false;
    underWay -= 1;
    if (stored) await refresh();
  }
}

// One file on its way: a name, a bar, a word, a button to stop.
class Line {
  constructor(file, queue) {
    this.file = file;
    this.queue = queue;
    this.item = document.createElement("li");
    this.bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: file.name });
    this.amount = Object.assign(document.createElement("i"), { ariaHidden: "true" }); // too quick to be read aloud
    this.word = Object.assign(document.createElement("span"), { textContent: "等待上传" });
    this.stop = Object.assign(document.createElement("button"), { type: "button", className: "btn sm", textContent: "取消" });
    this.stop.addEventListener("click", () => this.cancel());
    this.item.append(Object.assign(document.createElement("b"), { textContent: file.name }), this.bar, this.amount, this.word, this.stop);
    queue.list.append(this.item);
  }

  cancel() {
    this.cancelled = true;
    this.request?.abort();
    this.end("已取消，没有保存。");
  }

  end(text, failed = false) {
    this.word.textContent = text;
    this.item.classList.toggle("bad", failed);
    for (const part of [this.bar, this.amount, this.stop]) part.remove();
  }

  send() {
    if (this.cancelled) return false;
    if (this.file.size > this.queue.most) {
      this.end(`文件有${megabytes(this.file.size)}，超过${this.queue.most / 1048576}MB，没有上传；请压缩或重新导出后再上传。`, true);
      return false;
    }
    return new Promise((done) => this.put(done));
  }

  put(done) {
    const request = (this.request = new XMLHttpRequest());
    request.open("PUT", this.queue.form.action);
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", this.queue.form.elements.csrfmiddlewaretoken.value);
    request.setRequestHeader("X-File-Name", encodeURIComponent(this.file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => this.progress(loaded, total));
    request.addEventListener("load", () => done(this.answered(request)));
    request.addEventListener("error", () => {
      this.end("没有连上服务器，没有保存；已上传的都在，请恢复连接后重新选择。", true);
      done(false);
    });
    request.addEventListener("abort", () => done(false));
    request.send(this.file);
  }

  progress(loaded, total) {
    this.bar.value = total ? loaded / total : 0;
    this.amount.textContent = `${megabytes(loaded)} / ${megabytes(total)}`;
    const word = loaded < total ? "正在上传" : "正在核对内容";
    if (this.word.textContent !== word) this.word.textContent = word;
  }

  answered({ status, response }) {
    const stored = status === 201;
    const lines = response?.lines || [];
    this.end([response?.message || "没有保存；请刷新页面后重新上传。", ...lines].join("\n"), !stored);
    return stored;
  }
}

const queues = () => [...document.querySelectorAll("[data-portal-queue]")];

// What the server shows now takes the place of what stood here; what was said of each file stays to be read.
async function refresh() {
  const answer = await fetch(location.pathname);
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const said = new Map(queues().map((list) => [list.closest("section").id, list]));
  const place = document.querySelector("[data-portal-materials]"), focused = document.activeElement?.id;
  place.replaceWith(document.adoptNode(fresh.querySelector("[data-portal-materials]")));
  for (const list of queues()) {
    const kept = said.get(list.closest("section").id);
    if (kept) list.replaceWith(kept);
  }
  begin();
  if (focused) document.getElementById(focused)?.focus();
}

function begin() {
  for (const form of document.querySelectorAll("[data-portal-drop]")) new Queue(form);
}

window.addEventListener("beforeunload", (event) => { if (underWay) event.preventDefault(); });

begin();
