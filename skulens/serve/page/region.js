// Mark a region of a photo: drag a box, tap two corners, use the arrow keys, or type four numbers.
// A region is [left, top, width, height] in whole pixels of the upright original.
import { closeDialog, el, openDialog } from "./dom.js";
import { findPhoto } from "./photos.js";

const TAP = 6; // CSS pixels that a finger may slip between down and up
const GRIP = 14; // CSS pixels around a corner of the box that take hold of it

const between = (low, value, high) => Math.min(Math.max(value, low), high);

/** A region inside a picture of width x height, of at least one pixel. */
export function clampRegion([left, top, wide, high], width, height) {
  const w = between(1, Math.round(wide), width);
  const h = between(1, Math.round(high), height);
  return [between(0, Math.round(left), width - w), between(0, Math.round(top), height - h), w, h];
}

/** The region between two corners, given in pixels in any order. */
export function spanRegion([x1, y1], [x2, y2], width, height) {
  const [ax, bx] = [x1, x2].map((x) => between(0, Math.round(x), width)).sort((a, b) => a - b);
  const [ay, by] = [y1, y2].map((y) => between(0, Math.round(y), height)).sort((a, b) => a - b);
  return clampRegion([ax, ay, bx - ax, by - ay], width, height);
}

/** One of nine equal fields, numbered in reading order from 1. */
export function pickNinth(number, width, height) {
  const column = (number - 1) % 3;
  const row = Math.floor((number - 1) / 3);
  const x = [0, 1, 2, 3].map((i) => Math.round((i * width) / 3));
  const y = [0, 1, 2, 3].map((i) => Math.round((i * height) / 3));
  const [w, h] = [x[column + 1] - x[column], y[row + 1] - y[row]];
  return clampRegion([x[column], y[row], w, h], width, height);
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The region after a key; null where the key means nothing here. */
export function pressKey(key, { shift, alt }, region, width, height) {
  if (/^[1-9]$/.test(key)) return pickNinth(Number(key), width, height);
  const way = ARROWS[key];
  if (!way) return null;
  const [left, top, w, h] = region ?? middle(width, height);
  const share = alt ? 0.05 : 0.01;
  const dx = way[0] * Math.max(1, Math.round(width * share));
  const dy = way[1] * Math.max(1, Math.round(height * share));
  if (!shift) return clampRegion([left + dx, top + dy, w, h], width, height);
  const wide = between(1, w + dx, width - left); // the left and top edges stay
  const high = between(1, h + dy, height - top);
  return [left, top, wide, high];
}

const middle = (width, height) =>
  clampRegion([width / 4, height / 4, width / 2, height / 2], width, height);

/** Place an element over a picture that fills its frame; as CSSOM, which the page's CSP allows. */
export function placeBox(element, [left, top, w, h], width, height) {
  const share = (n, of) => `${((100 * n) / of).toFixed(3)}%`;
  Object.assign(element.style, {
    left: share(left, width), top: share(top, height), width: share(w, width), height: share(h, height),
  });
}

const FIELDS = ["Left", "Top", "Width", "Height"];
const KEYS =
  " Keys: arrows move by 1 %, with Shift they resize, Alt makes it 5 %; 1 to 9 choose a ninth, Delete " +
  "takes the whole.";

/**
 * Ask which region of a part's photo counts.
 * @returns {Promise<?number[]|undefined>} null: the whole picture; undefined: nothing changes.
 */
export async function openRegion(app, part) {
  const photo = await findPhoto(part.id);
  if (document.querySelector("dialog.region[open]")) return undefined; // pressed twice
  return photo?.url ? new RegionDialog(photo, part.region).ask() : undefined;
}

class RegionDialog {
  constructor({ url, width, height, name }, region) {
    Object.assign(this, { width, height, box: region, corner: null, down: null, chosen: undefined });
    this.drawn = el("i", { class: "mark" }, [1, 2, 3, 4].map(() => el("b", {})));
    this.dot = el("i", { class: "dot" });
    this.stage = this.makeStage(url, name);
    this.fields = FIELDS.map((label, i) => this.makeField(label, i));
    this.said = el("p", { class: "said", role: "status" });
    this.use = el("button", { class: "button primary", type: "button", on: { click: () => this.end(this.box) } });
    this.dialog = el("dialog", { class: "box region", "aria-labelledby": "region-title" },
      el("h2", { id: "region-title" }, "Search with a part of the picture"),
      el("p", { id: "region-help", class: "help" },
        "Drag a box, or tap two corners.", el("span", { class: "keyed" }, KEYS)),
      el("div", { class: "frame" }, this.stage),
      el("div", { class: "numbers" }, this.fields.map((field, i) =>
        el("label", {}, el("span", {}, FIELDS[i]), field))),
      this.said,
      el("div", { class: "does" },
        el("button", { class: "button", type: "button", on: { click: () => this.end(null) } }, "Whole"),
        el("button", { class: "button", type: "button", on: { click: () => this.end(undefined) } }, "Cancel"),
        this.use));
  }

  makeStage(url, name) {
    const stage = el("div", {
      class: "stage", tabindex: "0", role: "application", "aria-label": `Region of ${name}`,
      "aria-describedby": "region-help",
      on: {
        pointerdown: (event) => this.press(event), pointermove: (event) => this.drag(event),
        pointerup: () => this.lift(), pointercancel: () => this.cancel(),
        keydown: (event) => this.type(event),
      },
    }, el("img", { src: url, alt: "", draggable: "false" }), this.drawn, this.dot);
    stage.style.setProperty("--ratio", String(this.width / this.height));
    return stage;
  }

  makeField(label, i) {
    return el("input", {
      class: "field", type: "number", inputmode: "numeric", step: "1", min: i < 2 ? "0" : "1",
      max: String(i % 2 ? this.height : this.width), "aria-label": `${label}, pixels`,
      on: {
        input: () => this.readFields(),
        blur: () => this.draw(this.box),
        keydown: (event) => event.key === "Enter" && this.enter(event),
      },
    });
  }

  ask() {
    return new Promise((resolve) => {
      document.body.append(this.dialog);
      this.draw(this.box);
      openDialog(this.dialog, { onclose: () => { this.dialog.remove(); resolve(this.chosen); } });
      this.stage.focus({ preventScroll: true });
    });
  }

  end(chosen) {
    this.chosen = chosen;
    closeDialog(this.dialog);
  }

  draw(box, sentence = "") {
    const { width, height } = this;
    this.box = box;
    this.drawn.hidden = !box;
    this.dot.hidden = !this.corner;
    if (box) placeBox(this.drawn, box, width, height);
    if (this.corner) placeBox(this.dot, [...this.corner, 0, 0], width, height);
    this.fields.forEach((field, i) => {
      if (document.activeElement !== field) field.value = String((box ?? this.all)[i]);
    });
    this.use.textContent = box ? "Use this part" : "Use the whole";
    this.said.textContent = sentence ||
      (box ? `${box[2]} × ${box[3]} of ${width} × ${height} pixels` : `Whole picture, ${width} × ${height} pixels`);
  }

  get all() {
    return [0, 0, this.width, this.height];
  }

  /** Where the pointer is, in whole pixels of the picture. */
  at(event) {
    const frame = this.stage.getBoundingClientRect();
    const share = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    return [this.width, this.height].map((n, i) => between(0, Math.round(share[i] * n), n));
  }

  press(event) {
    if (event.button) return;
    event.preventDefault();
    this.stage.focus({ preventScroll: true });
    this.stage.setPointerCapture(event.pointerId);
    const at = this.at(event);
    const anchor = this.gripAt(event);
    const inside = !anchor && this.box && at.every((n, i) => n > this.box[i] && n < this.box[i] + this.box[i + 2]);
    this.down = { x: event.clientX, y: event.clientY, at, anchor: anchor ?? at, inside, before: this.box, dragged: false };
  }

  /** The corner of the box opposite to the one under the pointer; null: there is none. */
  gripAt(event) {
    if (!this.box) return null;
    const frame = this.stage.getBoundingClientRect();
    const [left, top, w, h] = this.box;
    const corners = [[left, top], [left + w, top], [left, top + h], [left + w, top + h]];
    const near = corners.findIndex(([x, y]) => Math.hypot(
      frame.left + (x / this.width) * frame.width - event.clientX,
      frame.top + (y / this.height) * frame.height - event.clientY) <= GRIP);
    return near < 0 ? null : corners[3 - near];
  }

  drag(event) {
    const { down } = this;
    if (!down) return;
    down.dragged ||= Math.hypot(event.clientX - down.x, event.clientY - down.y) > TAP;
    if (!down.dragged) return;
    this.corner = null;
    const at = this.at(event);
    if (!down.inside) return this.draw(spanRegion(down.anchor, at, this.width, this.height));
    const [left, top, w, h] = down.before;
    this.draw(clampRegion([left + at[0] - down.at[0], top + at[1] - down.at[1], w, h], this.width, this.height));
  }

  lift() {
    if (this.down && !this.down.dragged) this.tap(this.down.at);
    this.down = null;
  }

  cancel() {
    if (this.down?.dragged) this.draw(this.down.before);
    this.down = null;
  }

  /** The first tap is one corner, the second the opposite one. */
  tap(point) {
    const first = this.corner;
    this.corner = first ? null : point;
    if (first) this.draw(spanRegion(first, point, this.width, this.height));
    else this.draw(this.box, "Now tap the opposite corner.");
  }

  type(event) {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") return this.enter(event);
    const held = { shift: event.shiftKey, alt: event.altKey };
    if (event.key === "Delete" || event.key === "Backspace") return this.draw(null);
    const next = pressKey(event.key, held, this.box, this.width, this.height);
    if (!next) return;
    event.preventDefault(); // Alt and an arrow would go back in history
    this.corner = null;
    this.draw(next);
  }

  enter(event) {
    event.preventDefault(); // else the key presses the button that the focus goes back to
    this.end(this.box);
  }

  readFields() {
    const typed = this.fields.map((field) => (field.value === "" ? NaN : Number(field.value)));
    if (!typed.every(Number.isFinite)) return;
    const kept = clampRegion(typed, this.width, this.height);
    this.corner = null;
    this.draw(kept.every((n, i) => n === this.all[i]) ? null : kept);
  }
}
