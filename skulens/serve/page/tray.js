// The pictures to search with: Add first, then a card for each part, its chip says what of it counts.
import { el, fill, icon, write } from "./dom.js";
import { openChip } from "./chip.js";
import { ACCEPT, findPhoto, keepPhoto } from "./photos.js";
import { openRegion, placeBox } from "./region.js";
import { addPart, changePart, dropPart, letterOf, nameOfField } from "./state.js";

const BASE64 = 4 / 3; // characters of a data URI for each byte

/** @returns {{add}} add opens the choice of files. */
export function mountTray(element, app) {
  const tray = new Tray(element, app);
  tray.render();
  return { add: () => tray.files.click() };
}

/** What counts of a part: "take: whole", "collar", "not this", "not this collar". */
function sayTake({ key, not }) {
  const name = nameOfField(key);
  return not ? `not this ${name}`.trim() : name || "take: whole";
}

const sayWeight = ({ weight }) => (weight === 1 ? "" : `× ${weight}`);

class Tray {
  constructor(element, app) {
    this.app = app;
    this.products = new Map(); // id -> promise of a product
    this.refused = new Map(); // part -> sentence of the server
    this.files = this.input({ multiple: true });
    this.camera = this.input({ capture: "environment" });
    this.cards = el("ul", { class: "cards", "aria-label": "Pictures of this search" });
    this.empty = this.makeEmpty();
    this.warning = el("p", { class: "warning", role: "alert" });
    this.warning.hidden = true;
    element.replaceChildren(
      el("div", { class: "line" },
        el("div", { class: "adds" }, this.button("add", "plus", "Add picture", this.files),
          this.button("photograph", "camera", "Photograph", this.camera)),
        this.cards, this.empty, this.files, this.camera),
      this.warning);
    app.on("state", () => this.render());
    app.on("bad", (bad) => this.refuse(new Map(bad)));
    new Drops(element.ownerDocument, (files, rest) => this.take(files, rest));
  }

  input(props) {
    const chosen = () => { this.take([...input.files]); input.value = ""; };
    const input = el("input", {
      type: "file", accept: ACCEPT, class: "unseen", tabindex: "-1", "aria-hidden": "true", on: { change: () => chosen() }, ...props,
    });
    return input;
  }

  button(name, drawn, label, input) {
    return el("button", {
      class: name, type: "button", "aria-label": label, title: label, dataset: { focus: `tray:${name}` },
      on: { click: () => input.click() },
    }, icon(drawn), el("span", { class: "label" }, name === "add" ? "Add" : ""));
  }

  /** What the strip is for, and photos to try it with. */
  makeEmpty() {
    const examples = (this.app.about?.examples ?? []).filter(({ photo }) => photo);
    const tries = examples.map((example, i) => {
      const name = example.name || `photo ${i + 1}`;
      const image = el("img", { alt: "", width: "64", height: "64" });
      this.app.show(image, example.photo);
      return el("button", {
        class: "try", type: "button", "aria-label": `Try ${name}`, title: name, dataset: { focus: `tray:try:${i}` },
        on: { click: () => this.tryPhoto({ ...example, name }) },
      }, image);
    });
    return el("div", { class: "empty" },
      el("p", {}, el("span", { class: "long" }, "Drop a photo here, paste one, or take one: search by what you see."),
        el("span", { class: "short" }, "Search by a photo."), tries.length ? " Or try:" : ""),
      tries.length ? el("div", { class: "tries", role: "group", "aria-label": "Photos to try" }, tries) : null);
  }

  // ----- what comes in

  /** Keep photos and search with them; what cannot be used is named, the others are. */
  async take(files, complaint = "") {
    const complaints = complaint ? [complaint] : [];
    let next = this.app.state;
    let added = 0;
    let sent = await this.countBytes();
    for (const file of files) {
      try {
        this.check(file, next.parts.length, sent);
        next = addPart(next, { kind: "photo", id: await keepPhoto(file) });
        added++;
        sent += file.size;
      } catch (error) {
        complaints.push(error.message);
      }
    }
    this.warn(complaints.join(" "));
    if (!added) return;
    const fresh = next.parts.slice(-added); // the state may have changed while photos were read
    this.app.commit(fresh.reduce(addPart, this.app.state), { focus: `tray:${this.app.state.parts.length + added - 1}:chip` });
    this.cards.lastElementChild?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.app.say(added === 1 ? "Picture added" : `${added} pictures added`);
  }

  /** Search with a photo that the page offers. */
  async tryPhoto({ photo, name }) {
    const get = this.app.back.blob ?? (async (url) => (await fetch(url)).blob());
    try {
      await this.take([new File([await get(photo)], name)]);
    } catch {
      this.warn("This photo cannot be fetched now.");
    }
  }

  /** Bytes of the photos that are searched with already. */
  async countBytes() {
    const photos = this.app.state.parts.filter(({ kind }) => kind === "photo");
    const found = await Promise.all(photos.map(({ id, region }) => findPhoto(id, region)));
    return found.reduce((sum, photo) => sum + (photo?.bytes ?? 0), 0);
  }

  /** @throws {Error} for what the server would refuse. */
  check(file, parts, sent) {
    const { parts: most = 16, body_bytes: bytes = Infinity } = this.app.about?.limits ?? {};
    const name = file.name || "A photo";
    if (parts >= most) throw new Error(`${name} is one too many: at most ${most} pictures.`);
    const left = bytes / BASE64 - sent;
    if (file.size <= left) return;
    const beside = sent ? ` beside the ${mega(sent)} of the others` : "";
    throw new Error(`${name} is ${mega(file.size)}; at most ${mega(Math.max(left, 0))} can be sent${beside}.`);
  }

  /** The server could not use some pictures; the others were searched with. */
  refuse(bad) {
    if (!bad.size && !this.refused.size) return;
    this.refused = bad;
    this.warn([...bad].map(([i, sentence]) => `Picture ${letterOf(i)}: ${sentence}`).join(" "));
    this.render();
  }

  warn(sentence) {
    this.warning.hidden = !sentence;
    this.warning.replaceChildren(...(sentence ? [icon("warning"), sentence, el("button", {
      class: "quiet", type: "button", "aria-label": "Dismiss", on: { click: () => this.warn("") },
    }, icon("close"))] : []));
  }

  // ----- cards

  render() {
    const seen = new Map();
    const keyOf = ({ kind, id }) => {
      const key = `${kind}:${id}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return `${key}:${seen.get(key)}`;
    };
    fill(this.cards, this.app.state.parts, keyOf, () => this.makeCard(), (card, part, i) => this.update(card, part, i));
    this.cards.hidden = !this.app.state.parts.length;
    this.empty.hidden = !this.cards.hidden;
  }

  makeCard() {
    const card = el("li", { class: "part" });
    const at = () => [...this.cards.children].indexOf(card);
    const image = el("img", { alt: "", width: "64", height: "64" });
    const mark = el("i", { class: "mark" });
    const view = el("button", { class: "view", type: "button", on: { click: () => this.open(at()) } },
      el("span", { class: "picture" }, image, icon("picture"), mark), el("b", { class: "letter", "aria-hidden": "true" }));
    const name = el("span", { class: "name" });
    const chip = el("button", {
      class: "chip", type: "button", "aria-haspopup": "listbox", "aria-expanded": "false",
      on: { click: () => openChip(this.app, at(), chip) },
    }, el("span", {}), el("b", {}), icon("chevron"));
    const remove = el("button", { class: "remove", type: "button", on: { click: () => this.remove(at()) } }, icon("close"));
    const trouble = el("span", { class: "trouble" });
    card.held = { image, mark, view, name, chip, remove, trouble };
    card.append(view, el("div", { class: "about" }, name, chip, trouble), remove);
    return card;
  }

  update(card, part, i) {
    const { mark, view, name, chip, remove, trouble } = card.held;
    const letter = letterOf(i);
    for (const [node, what] of [[view, "view"], [chip, "chip"], [remove, "remove"]]) node.dataset.focus = `tray:${i}:${what}`;
    write(view.querySelector(".letter"), letter);
    write(chip.children[0], sayTake(part));
    write(chip.children[1], sayWeight(part));
    chip.setAttribute("aria-label", `Picture ${letter}, ${sayTake(part)} ${sayWeight(part)}`.trim());
    card.classList.toggle("not", part.not);
    write(trouble, this.refused.has(i) ? "The server cannot use it." : "");
    card.classList.toggle("bad", this.refused.has(i));
    this.show(card, part).then((shown) => {
      write(name, shown.name);
      name.title = shown.name;
      remove.setAttribute("aria-label", `Remove picture ${letter}, ${shown.name}`);
      view.setAttribute("aria-label", part.kind === "product" ? `Open ${shown.name}`
        : `Picture ${letter}, ${shown.name}: ${part.region ? "change the region" : "mark a region"}`);
      view.disabled = !shown.opens;
      mark.hidden = !(part.region && shown.width);
      if (!mark.hidden) placeBox(mark, part.region, shown.width, shown.height);
      if (shown.trouble && !this.refused.has(i)) write(trouble, shown.trouble);
      card.classList.toggle("bad", this.refused.has(i) || Boolean(shown.trouble));
    });
  }

  /** Draw a part's picture. @returns {Promise<{name, opens, width?, height?, trouble?}>} */
  async show(card, part) {
    if (part.kind === "product") return this.showProduct(card, part);
    const photo = await findPhoto(part.id, part.region);
    setImage(card.held.image, photo?.url ?? "");
    if (!photo) return { name: "Photo", opens: false, trouble: "Not on this device. Add it again, or remove it." };
    if (photo.url) fit(card, photo);
    const makers = (this.app.about?.columns ?? []).map((column) => column.maker);
    const other = photo.vector && makers.length && !makers.includes(photo.maker);
    const trouble = other ? "Its vector was made by another encoder than this catalogue's." : "";
    return { ...photo, opens: Boolean(photo.url), trouble };
  }

  async showProduct(card, part) {
    try {
      const product = await this.findProduct(part.id);
      const url = this.app.back.thumbnail(product);
      if (url && card.shown !== url) this.app.show(card.held.image, url);
      card.shown = url;
      card.held.image.hidden = !url;
      return { name: String(product.fields.title || part.id), opens: true };
    } catch (error) {
      return { name: part.id, opens: false, trouble: error.title || "It cannot be shown." };
    }
  }

  /** A product of the catalogue, asked for once; a failure is not kept. */
  findProduct(id) {
    const hit = this.app.answer?.hits?.find((one) => one.id === id);
    if (!this.products.has(id)) this.products.set(id, hit ? Promise.resolve(hit) : this.app.back.product(id));
    const found = this.products.get(id);
    found.catch(() => this.products.delete(id));
    return found;
  }

  async open(i) {
    const { app } = this;
    const part = app.state.parts[i];
    if (part.kind === "product") return app.commit({ ...app.state, product: part.id });
    const region = await openRegion(app, part);
    if (region === undefined || String(region) === String(part.region)) return;
    app.commit(changePart(app.state, i, { region }), { focus: `tray:${i}:view` });
  }

  remove(i) {
    const left = this.app.state.parts.length - 1;
    const focus = left ? `tray:${Math.min(i, left - 1)}:remove` : "tray:add";
    this.app.commit(dropPart(this.app.state, i), { focus });
    this.app.say("Picture removed");
  }
}

const mega = (bytes) => `${Number((bytes / 1e6).toPrecision(2))} MB`;

function setImage(image, url) {
  image.hidden = !url;
  if (url && image.getAttribute("src") !== url) image.src = url;
}

/** The frame takes the shape of the photo, so that a region's box lies where it belongs. */
function fit(card, { width, height }) {
  const frame = card.querySelector(".picture").style;
  const longer = Math.max(width, height);
  frame.width = `${Math.max(8, (64 * width) / longer)}px`;
  frame.height = `${Math.max(8, (64 * height) / longer)}px`;
}

/** Photos dropped anywhere on the page, or pasted. */
class Drops {
  constructor(document, take) {
    this.take = take;
    this.depth = 0; // dragenter and dragleave come for every element on the way
    this.veil = el("div", { class: "veil" }, icon("picture"), "Drop to search with it");
    this.veil.hidden = true;
    document.body.append(this.veil);
    document.addEventListener("dragenter", (event) => this.enter(event));
    document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
    document.addEventListener("dragleave", (event) => holdsFiles(event) && this.cover(this.depth - 1));
    document.addEventListener("drop", (event) => this.drop(event));
    document.addEventListener("paste", (event) => this.paste(event));
  }

  cover(depth) {
    this.depth = Math.max(0, depth);
    this.veil.hidden = !this.depth;
  }

  enter(event) {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    this.cover(this.depth + 1);
  }

  drop(event) {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the browser leaves the page and shows the file
    this.cover(0);
    const files = [...event.dataTransfer.files];
    this.take(files, files.length ? "" : "That is an address, not a picture; save it and drop the file.");
  }

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    const typing = event.target.closest?.("input, textarea") && event.clipboardData.getData("text/plain");
    if (!files.length || typing) return; // a spreadsheet's cells come as text and as a picture
    event.preventDefault();
    this.take(files);
  }
}

const holdsFiles = (event) => event.dataTransfer?.types?.includes("Files") ?? false;
