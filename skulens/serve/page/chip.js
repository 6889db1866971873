// The listbox of a tray card: what of the picture counts, whether it is unwanted, and how much.
import { el } from "./dom.js";
import { changePart, letterOf, nameOfField } from "./state.js";

const WEIGHTS = [0.5, 1, 2];

/** Open the listbox of a part beside its chip. Choosing what to take closes it, the rest stays open. */
export function openChip(app, i, chip) {
  if (chip.getAttribute("aria-expanded") === "true") return;
  new Chip(app, i, chip).open();
}

class Chip {
  constructor(app, i, chip) {
    Object.assign(this, { app, i, chip, at: 0, typed: "", typedAt: 0 });
    this.list = el("div", {
      class: "listbox takes", role: "listbox", tabindex: "0", "aria-multiselectable": "true",
      "aria-label": `What counts of picture ${letterOf(i)}`, popover: "auto",
      on: {
        keydown: (event) => this.type(event),
        toggle: (event) => event.newState === "closed" && this.gone(),
        focusout: () => this.close(),
      },
    });
    this.options = [];
    const keys = ["", ...(app.about?.keys ?? [])];
    const { key } = this.part;
    if (!keys.includes(key)) keys.push(key); // of a link made for another catalogue
    this.group("Take", keys.map((key) => [key ? nameOfField(key) : "whole", (p) => p.key === key, { key }, true]));
    this.group("Or avoid", [["not this", (p) => p.not, (p) => ({ not: !p.not }), false]]);
    this.group("Weight", WEIGHTS.map((weight) => [String(weight), (p) => p.weight === weight, { weight }, false]));
  }

  get part() {
    return this.app.state.parts[this.i];
  }

  group(label, rows) {
    const id = `takes-${label.replace(" ", "-")}`;
    const group = el("div", { class: "group", role: "group", "aria-labelledby": id }, el("span", { class: "head", id, role: "presentation" }, label));
    for (const [text, holds, change, ends] of rows) {
      const n = this.options.length;
      const node = el("div", {
        role: "option", id: `take-${n}`,
        on: {
          pointerdown: (event) => event.preventDefault(), // the listbox keeps the focus
          click: () => { this.at = n; this.choose(ends); },
        },
      }, text);
      this.options.push({ node, text, holds, change, ends });
      group.append(node);
    }
    this.list.append(group);
  }

  open() {
    this.at = Math.max(0, this.options.findIndex(({ holds }) => holds(this.part)));
    document.body.append(this.list);
    this.chip.setAttribute("aria-expanded", "true");
    this.list.showPopover();
    this.place();
    this.draw();
    this.list.focus({ preventScroll: true });
  }

  /** Under the chip, or above it where there is more room; inside the window. */
  place() {
    const chip = this.chip.getBoundingClientRect();
    const box = this.list.getBoundingClientRect();
    const [wide, high] = [document.documentElement.clientWidth, innerHeight];
    const below = high - chip.bottom - 12;
    const above = chip.top - 12;
    const under = below >= Math.min(box.height, above);
    Object.assign(this.list.style, {
      left: `${Math.max(8, Math.min(chip.left, wide - box.width - 8))}px`,
      top: under ? `${chip.bottom + 4}px` : "auto",
      bottom: under ? "auto" : `${high - chip.top + 4}px`,
      maxHeight: `${Math.max(160, under ? below : above)}px`,
    });
  }

  draw() {
    for (const [n, { node, holds }] of this.options.entries()) {
      node.setAttribute("aria-selected", String(holds(this.part)));
      node.classList.toggle("at", n === this.at);
    }
    const { node } = this.options[this.at];
    this.list.setAttribute("aria-activedescendant", node.id);
    node.scrollIntoView({ block: "nearest" });
  }

  choose(closes) {
    const { change } = this.options[this.at];
    const made = typeof change === "function" ? change(this.part) : change;
    const same = Object.entries(made).every(([name, value]) => this.part[name] === value);
    if (!same) this.app.commit(changePart(this.app.state, this.i, made), { focus: "" });
    if (closes) this.close();
    else this.draw();
  }

  type(event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.options.length - 1;
    const moves = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, Home: 0, End: last };
    if (key in moves) this.move(moves[key]);
    else if (key === "Enter") this.choose(true);
    else if (key === " ") this.choose(false);
    else if (key === "Escape" || key === "Tab") this.close();
    else if (key.length === 1) this.seek(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(to) {
    this.at = Math.min(Math.max(to, 0), this.options.length - 1);
    this.draw();
  }

  /** Letters typed quickly are the beginning of an option; one letter again goes to the next. */
  seek(letter) {
    const now = performance.now();
    this.typed = now - this.typedAt < 700 ? this.typed + letter.toLowerCase() : letter.toLowerCase();
    this.typedAt = now;
    const from = this.typed.length === 1 ? this.at + 1 : this.at;
    const order = this.options.map((_, n) => (from + n) % this.options.length);
    const found = order.find((n) => this.options[n].text.toLowerCase().startsWith(this.typed));
    if (found !== undefined) this.move(found);
  }

  /** The browser gives the focus back to the chip, unless it has gone elsewhere. */
  close() {
    if (this.list.matches(":popover-open")) this.list.hidePopover();
  }

  gone() {
    this.chip.setAttribute("aria-expanded", "false");
    this.list.remove();
  }
}
