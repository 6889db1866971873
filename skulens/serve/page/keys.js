// Single keys, undo and the list of them.

import { closeDialog, closeOutside, el, inField, openDialog } from "./dom.js";

const OFF = "skulens-keys";
const KEYS = [
  ["/", "Words"], ["p", "Add a picture"], ["f", "Filters"], ["Ctrl Z", "Undo; with Shift, redo"], ["Esc", "Close"],
  ["← ↑ → ↓", "From product to product"], ["Enter", "Open the product"], ["u", "Use the product"], ["x", "Not this product"], ["?", "This list"],
];

/** Keys of the whole page. acts: {words, add, filters}, functions. */
export function mountKeys(app, acts) {
  const dialog = makeDialog();
  document.body.append(dialog);
  const show = () => openDialog(dialog);
  document.getElementById("open-keys")?.addEventListener("click", show);
  const one = { "/": acts.words, p: acts.add, f: acts.filters, "?": show, u: () => useCard(app, false), x: () => useCard(app, true) };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || inField() || document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z" && !event.altKey) {
      event.preventDefault();
      if (event.shiftKey) app.redo();
      else app.undo();
    } else if (!command && !event.altKey && one[event.key] && (isOn() || event.key === "?")) {
      if (one[event.key]() !== false) event.preventDefault();
    }
  });
}

/** Use the product whose card has the focus. */
function useCard(app, not) {
  const card = document.activeElement?.closest("article[data-id]");
  if (!card) return false;
  app.use(card.dataset.id, { not });
  return true;
}

function isOn() {
  try {
    return localStorage.getItem(OFF) !== "off";
  } catch {
    return true;
  }
}

function makeDialog() {
  const tick = el("input", { type: "checkbox", checked: isOn() });
  tick.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, tick.checked ? "on" : "off");
    } catch {
      // storage is blocked: the letters stay shortcuts
    }
  });
  const rows = KEYS.map(([key, what]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)));
  const dialog = el("dialog", { class: "box", "aria-labelledby": "keys-title", id: "keys" },
    el("h2", { id: "keys-title" }, "Keys"), el("dl", { class: "keys" }, rows),
    el("label", { class: "tick" }, tick, "Use single letters as shortcuts"),
    el("button", { type: "button", class: "button primary", on: { click: () => closeDialog(dialog) } }, "Close"));
  closeOutside(dialog);
  return dialog;
}
