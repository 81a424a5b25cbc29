// The keyboard of the page on which a reviewer decides, on top of portal.js; loaded on that page alone.
//   [data-portal-change], [data-portal-remark]   what n and p go through
//   [data-portal-remark-new]                     the form for a remark on a field; m opens the one at hand
//   [data-portal-next], [data-portal-previous]   the filings beside this one in the queue: j and k
//   [data-portal-decide]                         the heading of the decision box: d
//   form[data-portal-keep="key"]                 what is typed there survives that a remark is written first
//   textarea[data-portal-kept]                   a remark, kept while it is half written
//   [data-portal-when="return"]                  shown while that conclusion is chosen
"use strict";

const STOPS = "[data-portal-change], [data-portal-remark]";

// From where one stands, also between two stops.
function towards(by) {
  const stops = all(STOPS).filter((stop) => stop.offsetParent);
  const here = document.activeElement;
  const side = by > 0 ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING;
  const ahead = here === document.body ? stops : stops.filter((stop) => here.compareDocumentPosition(stop) & side);
  (by > 0 ? ahead[0] : ahead[ahead.length - 1])?.focus();
}

// The field that has the focus, else the first one in view.
function fieldAtHand() {
  const field = document.activeElement?.closest(".q");
  if (field?.querySelector("[data-portal-remark-new]")) return field;
  return all(".q").find((one) => one.querySelector("[data-portal-remark-new]") && one.getBoundingClientRect().bottom > 80);
}

function remark() {
  const box = fieldAtHand()?.querySelector("[data-portal-remark-new]");
  if (!box) return document.querySelector("[data-portal-opinion]")?.focus();
  box.open = true;
  box.querySelector("textarea").focus();
}

function decide() {
  const heading = document.querySelector("[data-portal-decide]");
  const choice = document.querySelector("form[data-portal-keep] input[name=action]");
  heading?.scrollIntoView({ block: "nearest" });
  (choice || heading)?.focus();
}

// What belongs to one conclusion shows while that is chosen; without scripts it always does.
function showWhen(form) {
  const chosen = form.querySelector("input[name=action]:checked")?.value;
  all("[data-portal-when]", form).forEach((part) => { part.hidden = part.dataset.portalWhen !== chosen; });
}

// A remark is a form of its own, and a sign-in may run out: what stands half written in the decision box waits in this
// window until the filing has taken its next step, a remark until it is noted.
class Kept {
  constructor(form, key) {
    this.form = form;
    this.key = `portal-kept-${key}`;
    if (!this.isFilled()) this.restore();
    form.addEventListener("input", () => this.store());
    form.addEventListener("change", () => this.store());
  }

  fields() {
    return [...this.form.elements].filter((field) => field.name && field.type !== "hidden");
  }

  // What the server gives back after a refusal is newer than what is kept; a conclusion that a link has chosen is not.
  isFilled() {
    const isRefusal = document.querySelector("main[data-portal-unsaved]") !== null;
    const counts = ({ name }) => name !== "whole" && (isRefusal || name !== "action");
    return this.fields().some((field) => (isTicked(field) ? counts(field) && field.checked : field.value));
  }

  store() {
    const typed = new FormData(this.form);
    const kept = [...typed].filter(([name]) => this.fields().some((field) => field.name === name));
    try { sessionStorage.setItem(this.key, JSON.stringify(kept)); } catch { /* forbidden */ }
  }

  restore() {
    const isChosen = this.form.querySelector("input[name=action]:checked") !== null;
    for (const [name, value] of readKept(this.key) || [])
      for (const field of this.fields().filter((one) => one.name === name))
        if (!isTicked(field)) field.value = value;
        else if (field.value === value && !(name === "action" && isChosen)) field.checked = true;
  }
}

function readKept(key) {
  try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } // forbidden
}

const SENT = "portal-sent"; // the key of the remark that was sent last; the page of a noted one begins at it

function forgetNoted() {
  try {
    if (location.hash.startsWith("#remark-")) sessionStorage.removeItem(sessionStorage.getItem(SENT));
    sessionStorage.removeItem(SENT);
  } catch { /* forbidden */ }
}

// A half-written remark on a field is kept for whoever wrote it, on this version, and shown when he comes back.
function keepRemark(form) {
  const { portalPerson } = document.querySelector("[data-portal-person]").dataset;
  const { version, field, text } = form.elements;
  const kept = new Kept(form, [portalPerson, new URL(form.action).pathname, version.value, field.value].join());
  if (text.value) form.closest("details").open = true;
  form.addEventListener("submit", () => {
    try { sessionStorage.setItem(SENT, kept.key); } catch { /* forbidden */ }
  });
}

// portal.js comes after this file: its keys and helpers are there once the page is read.
document.addEventListener("DOMContentLoaded", () => {
  Object.assign(KEYS, {
    n: () => towards(1),
    p: () => towards(-1),
    m: remark,
    d: decide,
    j: goTo("[data-portal-next]"),
    k: goTo("[data-portal-previous]"),
  });
  for (const form of all("form[data-portal-keep]")) {
    new Kept(form, form.dataset.portalKeep);
    showWhen(form);
    form.addEventListener("change", () => showWhen(form));
    all("[data-portal-verb]:checked", form).forEach(showVerb);
  }
  forgetNoted();
  all("[data-portal-kept]").forEach((field) => keepRemark(field.form));
  all("[data-portal-count]").forEach(showCount);
  if (location.hash.startsWith("#remark-")) document.getElementById(location.hash.slice(1))?.focus();
});
