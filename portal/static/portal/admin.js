// Names for what the administration of Django leaves without one that is written: the boxes that Select2 puts in the
// place of a choice, and its search box.
"use strict";

function name(box) {
  const shown = box.querySelector("[role=textbox]"), choice = box.closest(".select2")?.previousElementSibling;
  const label = choice?.labels?.[0]?.textContent.trim();
  if (!label) return;
  box.removeAttribute("aria-labelledby");
  box.setAttribute("aria-label", label);
  shown?.removeAttribute("role");
  shown?.removeAttribute("aria-readonly");
}

window.addEventListener("load", () => {
  document.querySelectorAll(".select2-selection").forEach(name);
  document.getElementById("searchbar")?.setAttribute("aria-label", "搜索");
});
