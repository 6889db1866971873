// The sheet of a product: its views, what is known of it and from where, why it was found, its variants.
import { closeDialog, closeOutside, el, icon, openDialog } from "./dom.js";
import { LabelReader, makeMarker, readClaim, sayVerdict } from "./label.js";
import { priceOf } from "./results.js";
import { addPart, capital, letterOf, nameOfField, writeUrl } from "./state.js";

const APART = new Set(["id", "title", "pictures", "price", "currency", "language", "thumbnail"]);
const SHORT = 60; // characters of a value inside a sentence
const LONG = 160; // characters of a value that is folded
const MOST = 12; // claims on what the catalogue lacks; more are folded
const sheets = new WeakMap(); // app -> its sheet

/** Show the sheet of a product; "" closes it. */
export function showSheet(app, id) {
  if (!sheets.has(app)) sheets.set(app, new Sheet(app));
  sheets.get(app).show(id);
}

class Sheet {
  constructor(app) {
    Object.assign(this, { app, id: "" });
    this.title = el("h2", { id: "sheet-title", tabindex: "-1", dir: "auto" });
    this.body = el("div", { class: "body" });
    const close = el("button", {
      class: "button close", type: "button", "aria-label": "Close", on: { click: () => closeDialog(this.dialog) },
    }, icon("close"));
    this.dialog = el("dialog", { class: "sheet product", "aria-labelledby": "sheet-title" },
      el("header", {}, this.title, close), this.body);
    closeOutside(this.dialog);
    document.body.append(this.dialog);
  }

  async show(id) {
    if (id === this.id) return;
    this.id = id;
    if (!id) return closeDialog(this.dialog);
    const known = this.app.answer?.hits?.find((hit) => hit.id === id);
    this.fill({ id, fields: known?.fields ?? {}, thumbnail: known?.thumbnail, pictures: [], siblings: [], claims: [] }, "Loading …");
    const onclose = () => { if (this.id) this.app.commit({ ...this.app.state, product: "" }); };
    if (!this.dialog.open) openDialog(this.dialog, { onclose });
    this.title.focus({ preventScroll: true });
    this.body.scrollTop = 0;
    try {
      const product = await this.app.back.product(id);
      if (this.id === id) this.fill(product);
    } catch (error) {
      if (this.id === id) this.fail(error);
    }
  }

  fail(error) {
    this.title.textContent = error.title || "It cannot be shown";
    const again = () => { const { id } = this; this.id = ""; this.show(id); };
    this.body.replaceChildren(el("div", { class: "failed", role: "alert" }, el("p", {}, error.detail || error.message || ""),
      el("button", { class: "button", type: "button", on: { click: again } }, "Retry")));
  }

  fill(product, waiting = "") {
    const { fields } = product;
    this.title.textContent = String(fields.title || product.id);
    if (fields.language) this.title.lang = fields.language;
    else this.title.removeAttribute("lang");
    const viewer = new Viewer(this.app, product);
    const facts = waiting ? null : new Facts(this.app, product, viewer);
    const held = this.body.contains(document.activeElement) && document.activeElement.dataset.focus;
    this.body.replaceChildren(...[
      viewer.node,
      this.makeActions(product),
      waiting ? el("p", { class: "help" }, waiting) : null,
      this.makeWhy(product.id),
      facts?.node,
      this.makeSiblings(product.siblings ?? []),
    ].filter(Boolean));
    if (held) this.body.querySelector(`[data-focus="${held}"]`)?.focus();
  }

  makeActions({ id, fields }) {
    const press = (not) => () => this.use(id, not);
    const make = (name, label, not, style) => el("button", {
      class: `button ${style}`, type: "button", dataset: { focus: `sheet:${name}` }, on: { click: press(not) },
    }, label);
    return el("div", { class: "actions" },
      el("p", { class: "price" }, priceOf(fields)),
      make("use", "Use", false, "primary"), make("not", "Not this", true, ""));
  }

  /** Search with this product; one step, which closes the sheet, so that the results are seen. */
  use(id, not) {
    const { app } = this;
    app.commit({ ...addPart(app.state, { kind: "product", id, not }), product: "" });
  }

  // ----- why

  makeWhy(id) {
    const { answer, about } = this.app;
    const hit = answer?.hits?.find((one) => one.id === id);
    const why = hit?.why;
    if (!why || !Object.keys(why.legs ?? {}).length) return null;
    const rows = Object.entries(why.legs).map(([name, leg]) => el("tr", {},
      el("th", { scope: "row" }, nameLeg(name, about)),
      el("td", {}, leg.score.toFixed(name === "words" ? 1 : 2)),
      el("td", {}, String(leg.rank)),
      el("td", { class: "share" }, meter(leg.share / (hit.score || 1)))));
    const words = why.words ?? [];
    return el("section", { class: "why" },
      el("h3", {}, `Why it is number ${hit.rank}`),
      why.code ? el("p", { class: "same" }, icon("check"), `The photo's bar code is on it: ${why.code}`) : null,
      el("table", {}, el("thead", {}, el("tr", {}, ...["Compared", "Score", "Rank", "Weight in the result"].map((head) => el("th", { scope: "col" }, head)))),
        el("tbody", {}, rows)),
      words.length ? el("p", { class: "words" }, "Says ", words.map((word) => el("mark", {}, word))) : null,
      this.makeChecks(why.facts ?? []));
  }

  /** Conditions held against what is known. */
  makeChecks(facts) {
    if (!facts.length) return null;
    return el("ul", { class: "checks" }, facts.map(({ key, relation, has, holds, item }) => {
      const place = this.app.asked?.places?.[item] ?? -1;
      const other = place < 0 ? "the one asked for" : letterOf(place);
      const equal = holds === (relation === "same");
      const kind = holds === null ? "plain" : holds ? "same" : "differs";
      const says = holds === null ? (has.length ? `not known of ${other}` : "not known here") : equal ? `same as ${other}` : `differs from ${other}`;
      return el("li", { class: kind }, `${capital(nameOfField(key))}: ${[...has.map(shorten), says].join(", ")}`);
    }));
  }

  // ----- siblings

  makeSiblings(siblings) {
    if (!siblings.length) return null;
    return el("section", { class: "siblings" }, el("h3", {}, "Variants"),
      el("ul", {}, siblings.map((sibling) => {
        const differs = Object.entries(sibling.differs ?? {}).map(([field, value]) => el("span", {}, `${nameOfField(field)}: ${sayValue(value)}`));
        const image = el("img", { alt: "", width: "64", height: "64", loading: "lazy" });
        if (sibling.thumbnail) this.app.show(image, this.app.back.thumbnail(sibling));
        return el("li", {}, el("a", {
          href: writeUrl({ ...this.app.state, product: sibling.id }), on: { click: (event) => this.go(event, sibling.id) },
        }, image, el("span", { class: "told" }, el("b", {}, sibling.title || sibling.id), differs)));
      })));
  }

  go(event, id) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.app.commit({ ...this.app.state, product: id });
  }
}

const nameLeg = (name, about) => {
  if (name === "words") return "Words";
  const columns = about?.columns ?? [];
  const column = columns.find((one) => one.name === name);
  const kind = { image: "Picture", text: "Description" }[column?.made_from];
  const alone = columns.filter((one) => one.made_from === column?.made_from).length === 1;
  return kind ? (alone ? kind : `${kind} (${name})`) : capital(name);
};

const shorten = (text) => (text.length > SHORT ? `${text.slice(0, SHORT - 1).trimEnd()}…` : text);

function meter(share) {
  const bar = el("i", {});
  const shown = Math.round(100 * Math.min(Math.max(share, 0), 1));
  bar.style.width = `${shown}%`;
  return el("span", { class: "meter", role: "img", "aria-label": `${(shown / 100).toFixed(2)} of the score` }, bar);
}

const sayValue = (value) => (Array.isArray(value) ? value.join(", ") : String(value));

/** The picture, its other views, and boxes on it. */
class Viewer {
  constructor(app, { thumbnail, pictures, fields }) {
    this.app = app;
    this.views = pictures?.length ? pictures : [{ url: thumbnail ?? "", view: 0 }];
    this.whole = Boolean(pictures?.length); // the catalogue's own pictures, not a thumbnail
    this.image = el("img", { alt: `Picture of ${fields.title || "the product"}`, class: "shown" });
    this.boxes = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.boxes.setAttribute("class", "boxes");
    this.boxes.setAttribute("aria-hidden", "true");
    this.frame = el("div", { class: "frame" }, el("div", { class: "fitted" }, this.image, this.boxes));
    this.strip = el("div", { class: "views", role: "group", "aria-label": "Views" }, this.views.map((one, i) => this.makeView(one, i)));
    this.strip.hidden = this.views.length < 2;
    this.node = el("div", { class: "viewer" }, this.frame, this.strip);
    this.turn(0);
  }

  makeView({ url, view }, i) {
    const name = typeof view === "string" && view ? `View ${i + 1}, ${view.replaceAll("_", " ")}` : `View ${i + 1}`;
    const image = el("img", { alt: "", width: "48", height: "48", loading: "lazy" });
    this.app.show(image, url);
    return el("button", { type: "button", class: "view", "aria-label": name, title: name, dataset: { focus: `view:${i}` }, on: { click: () => this.turn(i) } }, image);
  }

  turn(i) {
    if (this.at === i) return;
    this.at = i;
    this.clear();
    const { url } = this.views[i];
    if (url) this.app.show(this.image, url);
    [...this.strip.children].forEach((node, n) => node.setAttribute("aria-pressed", String(n === i)));
  }

  /** Boxes are seen while what they belong to scrolls. */
  hold() {
    this.node.classList.add("held");
  }

  clear() {
    this.marked = null;
    this.boxes.replaceChildren();
  }

  /** Draw quads, in pixels of the upright original of a view. */
  mark(i, quads, { width, height }) {
    if (this.marked === quads) return;
    this.turn(i);
    this.marked = quads;
    this.boxes.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.boxes.replaceChildren(...quads.map((quad) => {
      const drawn = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
      drawn.setAttribute("points", quad.map((n) => n.toFixed(1)).join(" "));
      return drawn;
    }));
  }
}

/** What is known of a product, each with its source: of what a picture proves, a button that shows where. */
class Facts {
  constructor(app, product, viewer) {
    Object.assign(this, { viewer, pictures: product.pictures ?? [], last: "" });
    this.reader = app.about?.can?.read && viewer.whole ? new LabelReader(app, product, viewer) : null;
    this.body = el("tbody");
    const shown = Object.entries(product.fields)
      .filter(([field, value]) => !APART.has(field) && !field.startsWith("#") && sayValue(value) !== "");
    const claims = [...(product.claims ?? [])];
    const take = (holds) => claims.filter(holds).map((one) => claims.splice(claims.indexOf(one), 1)[0]);
    for (const [field, value] of shown) {
      const name = capital(nameOfField(field));
      const proved = take((one) => one.fact === field && one.same).map(readClaim).filter(({ verdict }) => verdict !== "U");
      this.body.append(this.makeRow(name, showValue(sayValue(value)), proved));
      for (const one of take(({ fact }) => fact === field)) this.body.append(this.makeClaim({ ...readClaim(one), name }));
    }
    this.body.append(this.makeRow("Id", product.id));
    const more = claims.map((one) => this.makeClaim(readClaim(one)));
    this.body.append(...more);
    const proves = this.body.querySelector(".source span") !== null;
    if (this.body.querySelector("button.proof")) viewer.hold();
    this.node = el("section", { class: proves ? "facts proved" : "facts" }, el("h3", {}, "Facts"),
      el("table", {}, el("colgroup", {}, ["name", "value", "from"].map((name) => el("col", { class: name }))), el("thead", { class: "unseen" }, el("tr", {}, ...["Fact", "Value", "Source"].map((head) => el("th", { scope: "col" }, head)))),
        this.body),
      more.length > MOST ? this.fold(more.slice(MOST)) : null,
      this.reader?.node);
  }

  /** Hide rows behind a button; it goes when they are shown. */
  fold(rows) {
    for (const row of rows) row.hidden = true;
    const button = el("button", { class: "button rest", type: "button", on: { click: () => {
      for (const row of rows) row.hidden = false;
      button.remove();
      rows[0].querySelector("button")?.focus();
    } } }, `${rows.length} more on the label`);
    return button;
  }

  /** A claim that the catalogue does not make. */
  makeClaim(read) {
    return this.makeRow(read.name, showValue(read.text), [read]);
  }

  /** A row; the name of several in a line is seen once. */
  makeRow(name, value, claims = []) {
    const again = name === this.last;
    this.last = name;
    const against = claims.filter(({ verdict, quote }) => verdict === "VI" && quote);
    return el("tr", { class: again ? "again" : "" }, el("th", { scope: "row" }, again ? el("span", { class: "unseen" }, name) : name),
      el("td", {}, value, against.map(({ quote }) => el("p", { class: "against" }, "Picture: ", el("q", {}, shorten(quote))))),
      el("td", { class: "source" }, claims.length ? claims.map((one) => this.makeProof(one)) : "catalogue"));
  }

  /** Source and verdict of a claim; a button where a view that is here shows it. */
  makeProof(read) {
    const [view, quads] = [...read.places].find(([view]) => this.pictures[view]?.width) ?? [];
    if (!quads) return sayVerdict(read);
    const marker = { view, quads, size: this.pictures[view], list: this.body, class: "proof", title: "Show where it stands" };
    return makeMarker(this.viewer, marker, sayVerdict(read));
  }
}

function showValue(text) {
  if (/^https?:\/\/\S+$/.test(text) && URL.canParse(text)) return el("a", { href: text, rel: "noopener noreferrer", target: "_blank" }, new URL(text).hostname);
  if (text.length <= LONG) return text;
  const shown = el("div", { class: "long folded" }, text);
  const more = el("button", { class: "quiet", type: "button", "aria-expanded": "false", on: { click: () => {
    const folded = shown.classList.toggle("folded");
    more.setAttribute("aria-expanded", String(!folded));
    more.textContent = folded ? "More" : "Less";
  } } }, "More");
  return [shown, more];
}
