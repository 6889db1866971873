// Small helpers over the document. Text is always a text node, so no product can bring markup.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  plus: "M12 5v14M5 12h14",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M7 10l5 5 5-5",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9h.01",
  warning: "M12 4L2.5 20h19zM12 10v5M12 17.5v.01",
};

/** An element. Props: class, dataset, on: {event: function}, value and checked as properties, others as attributes. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name === "value" || name === "checked") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((c) => c !== null && c !== undefined && c !== false));
  return made;
}

/** A line drawing of 24 by 24; hidden from screen readers, so its button needs a name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Set a text only where it differs: what has not changed is not read out again. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Make a parent's children those of a list; nodes of keys that stay are kept, and with them the focus. */
export function fill(parent, items, keyOf, make, update = () => {}) {
  const held = new Map([...parent.children].map((node) => [node.dataset.fill, node]));
  let place = parent.firstElementChild;
  for (const [at, item] of items.entries()) {
    const key = String(keyOf(item, at));
    let node = held.get(key);
    held.delete(key);
    if (!node) {
      node = make(item, at);
      node.dataset.fill = key;
    }
    update(node, item, at);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of held.values()) node.remove();
}

/** Open a dialog over the page; the focus goes back where it was, the page behind does not scroll. */
export function openDialog(dialog, { onclose } = {}) {
  if (dialog.open) return;
  const before = document.activeElement;
  document.documentElement.classList.add("held");
  dialog.addEventListener(
    "close",
    () => {
      if (!document.querySelector("dialog[open]")) document.documentElement.classList.remove("held");
      onclose?.(dialog.returnValue);
      focusOn(before);
    },
    { once: true },
  );
  dialog.showModal();
}

export function closeDialog(dialog, value) {
  if (dialog.open) dialog.close(value);
}

/** A press beside a dialog closes it. */
export function closeOutside(dialog) {
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) closeDialog(dialog);
  });
}

/** The stable name of what has the focus; empty: nothing that has one. */
export function focusName(node = document.activeElement) {
  return node?.closest?.("[data-focus]")?.dataset.focus ?? "";
}

/** Give the focus to a node, or to what took its place under the same name. */
export function focusOn(target) {
  const name = typeof target === "string" ? target : focusName(target);
  const node = typeof target === "object" && target?.isConnected ? target : findFocus(name);
  node?.focus({ preventScroll: true });
  return Boolean(node);
}

function findFocus(name) {
  return name ? document.querySelector(`[data-focus="${CSS.escape(name)}"]`) : null;
}

/** The language of the page, in which numbers and names are written. */
export const language = () => document.documentElement.lang || "en";

export const number = (n) => n.toLocaleString(language());

export const products = (n) => `${number(n)} ${n === 1 ? "product" : "products"}`;

/** A function that runs once its calls have paused for `wait` ms; `stop` forgets the last call. */
export function later(run, wait) {
  let timer = 0;
  const call = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), wait);
  };
  call.stop = () => clearTimeout(timer);
  return call;
}

/** Whether keys typed now belong to a field. */
export function inField(node = document.activeElement) {
  return Boolean(node?.matches?.("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable]"));
}
