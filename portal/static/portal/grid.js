// A grid of child rows ([data-portal-grid], a table inside [data-portal-rows]); stored by the autosave of its form.
//   paste         a block copied from a spreadsheet fills the cells from here on, with rows added as needed
//   Enter, ↓, ↑   the same column of the next or previous row; Enter in the last row adds one
//   Ctrl+D        takes over the cell above      Ctrl+Delete  removes the row
//   [data-portal-grid-count], -sum   kept up to date        [data-portal-note="prefix"]  what the portal understood
"use strict";

const plainText = (words) => words.normalize("NFKC").replace(/\s+/gu, "");

// Lines of a clipboard as spreadsheets write them: tabs, and quotes around a cell with a line end.
function readBlock(words) {
  const lines = [[""]];
  let quoted = false;
  for (let i = 0; i < words.length; i++) {
    const line = lines[lines.length - 1], sign = words[i], begins = line[line.length - 1] === "";
    if (quoted && sign === '"' && words[i + 1] === '"') line[line.length - 1] += words[++i];
    else if (sign === '"' && (quoted || begins)) quoted = !quoted;
    else if (!quoted && sign === "\t") line.push("");
    else if (!quoted && sign === "\n") lines.push([""]);
    else if (sign !== "\r") line[line.length - 1] += quoted && sign === "\n" ? " " : sign;
  }
  return lines.map((line) => line.map((cell) => cell.trim())).filter((line) => line.some(Boolean));
}

class Grid {
  constructor(box) {
    this.box = box;
    this.body = box.querySelector("[data-portal-rows-body]");
    this.form = box.closest("form");
    this.labels = [...box.querySelectorAll("thead th")].map((head) => plainText(head.textContent)).slice(1, -2);
    box.addEventListener("paste", (event) => this.paste(event));
    box.addEventListener("keydown", (event) => this.key(event));
    box.addEventListener("input", () => this.count());
    this.form.addEventListener("input", () => this.count());
    this.form.addEventListener("portal-saved", (event) => this.note(event.detail.notes?.[this.box.id.slice(2)] || {}));
  }

  rows() {
    return [...this.body.children].filter((row) => !row.hidden);
  }

  cells(row) {
    return [...row.querySelectorAll("td > input:not([type=checkbox]), td > select")];
  }

  place(cell) {
    const row = cell.closest("[data-portal-row]");
    return { row, line: this.rows().indexOf(row), column: this.cells(row).indexOf(cell) };
  }

  // New rows are parsed in one go: three hundred copies of a template one by one would be felt.
  grow(number) {
    const total = this.box.querySelector("[name$=-TOTAL_FORMS]"), first = Number(total.value);
    const template = this.box.querySelector("template").innerHTML, holder = document.createElement("template");
    holder.innerHTML = Array.from({ length: number }, (_, i) => template.replaceAll("__prefix__", first + i)).join("");
    this.body.append(holder.content);
    total.value = first + number;
  }

  paste(event) {
    const cell = event.target.closest("td > input, td > select"), words = event.clipboardData?.getData("text/plain") || "";
    if (!cell || !/[\t\n]/.test(words.trim())) return;
    event.preventDefault();
    const { line, column } = this.place(cell), block = this.lines(readBlock(words));
    const lacking = line + block.length - this.rows().length;
    if (lacking > 0) this.grow(lacking);
    const rows = this.rows();
    block.forEach((values, i) => this.fill(this.cells(rows[line + i]).slice(column), values));
    this.touched();
  }

  // The header, 合计 and the column of the city are the sheet's, not the grid's.
  lines(block) {
    const kept = block.filter((line) => {
      const known = line.filter((cell) => this.labels.includes(plainText(cell)));
      return known.length < 3 && !line.some((cell) => /^(合计|总计|小计)/.test(plainText(cell)));
    });
    const wide = kept.length && kept.every((line) => line.length > this.labels.length);
    return wide ? kept.map((line) => line.slice(1)) : kept;
  }

  fill(cells, values) {
    cells.forEach((cell, i) => {
      if (i < values.length) cell.matches("select") ? this.choose(cell, values[i]) : (cell.value = values[i]);
    });
  }

  // A merged cell of a spreadsheet comes as blanks: they mean what stands above.
  choose(select, words) {
    const options = [...select.options], wanted = plainText(words);
    if (!wanted) return this.above(select);
    const names = (option) => plainText(option.text);
    const found = options.find((o) => names(o) === wanted)
      || options.find((o) => wanted.endsWith(names(o)) || names(o).endsWith(wanted))
      || options.find((o) => names(o).startsWith(wanted));
    select.value = found ? found.value : "";
    if (!found) this.say(select.closest("[data-portal-row]"), `“${words}”不在可选的范围内，请选择。`);
  }

  above(cell) {
    const { line, column } = this.place(cell);
    if (line > 0) cell.value = this.cells(this.rows()[line - 1])[column].value;
  }

  key(event) {
    const cell = event.target.closest("td > input:not([type=checkbox]), td > select");
    if (!cell || event.isComposing || event.altKey) return;
    const control = event.ctrlKey || event.metaKey, upDown = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (control && event.key.toLowerCase() === "d") this.above(cell);
    else if (control && event.key === "Delete") return this.remove(event, cell);
    else if (!control && event.key === "Enter") this.step(cell, 1, true);
    else if (!control && upDown && !cell.matches("select")) this.step(cell, upDown, false);
    else return;
    event.preventDefault();
    if (control) this.touched();
  }

  step(cell, by, grows) {
    const { line, column } = this.place(cell);
    if (grows && line === this.rows().length - 1) this.grow(1);
    this.focus(line + by, column);
  }

  focus(line, column) {
    const row = this.rows()[line], cell = row && this.cells(row)[column];
    cell?.focus();
    cell?.select?.();
  }

  remove(event, cell) {
    const { row, line, column } = this.place(cell);
    event.preventDefault();
    removeRow(row);
    this.focus(Math.min(line, this.rows().length - 1), column);
  }

  touched() {
    this.form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  say(row, words) {
    row.querySelector("[data-portal-note]").textContent = words;
  }

  note(notes) {
    for (const place of this.box.querySelectorAll("tbody [data-portal-note]"))
      if (place.dataset.portalNote in notes) place.textContent = notes[place.dataset.portalNote];
  }

  count() {
    const rows = this.rows().filter((row) => this.cells(row).some((cell) => cell.matches("input") && cell.value.trim()));
    const numbers = rows.map((row) => Number(plainText(row.querySelector("[data-portal-grid-number-cell]").value).replaceAll(",", "")));
    this.rows().forEach((row, i) => { row.querySelector("[data-portal-grid-number]").textContent = i + 1; });
    this.box.querySelector("[data-portal-grid-count]").textContent = rows.length;
    this.box.querySelector("[data-portal-grid-sum]").textContent = numbers.reduce((sum, n) => sum + (n || 0), 0);
  }
}

document.querySelectorAll("[data-portal-grid]").forEach((box) => new Grid(box));
