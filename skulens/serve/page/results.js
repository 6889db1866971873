// The grid of products and everything that can stand in its place.

import { el, fill, icon, language, number, products, write } from "./dom.js";
import { reasonsOf } from "./reasons.js";
import { showNone, showProblem } from "./notices.js";
import { PAGE, changed, dropFilter, isEmpty, nameOfField, nameOfValue, rangesOf, setValues, writeUrl } from "./state.js";
import { describeClause, parseWhere } from "./where.js";

const EAGER = 8;
const LOUD = new Set(["part-unread", "words-titles", "key-unread", "text-cut", "code-unknown"]); // some of what was asked did not count

/** "€24.90", as far as the product says. */
export function priceOf(fields) {
  if (typeof fields.price !== "number") return "";
  try {
    if (fields.currency) return fields.price.toLocaleString(language(), { style: "currency", currency: fields.currency });
  } catch {
    // no code of a currency
  }
  return fields.price.toLocaleString(language(), { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** The results of a page. Renders on the events of the app. */
export function mountResults(app) {
  const at = (id) => document.getElementById(id);
  const [count, chips, sort, notice, notes, grid, more, hello, foot] = ["count", "chips", "sort", "notice", "notes", "grid", "more", "hello", "how"].map(at);

  sort.addEventListener("change", () => app.commit(changed(app.state, { sort: sort.value })));
  more.addEventListener("click", () => {
    const first = grid.children.length;
    app.commit({ ...app.state, pages: app.state.pages + 1 }, { quiet: true, then: () => grid.children[first]?.querySelector("a")?.focus({ preventScroll: true }) });
  });
  grid.addEventListener("keydown", (event) => moveFocus(event, grid));

  function renderState(state) {
    showChips(chips, state, app);
    showSort(sort, state, app.about);
    document.title = [state.words.trim(), app.name].filter(Boolean).join(" · ");
  }

  function renderAnswer(answer, asked) {
    const { state } = app;
    const start = isEmpty(state);
    write(count, start ? products(app.about.products) : countOf(answer, asked));
    notice.replaceChildren();
    hello.hidden = !start;
    if (start) showExamples(hello, app);
    const line = answer.known === false && answer.hits.length ? [el("p", { class: "below" }, "Below: probably not in this catalogue")] : [];
    const said = (answer.notes ?? []).filter((note) => note.code !== "not-in-catalogue");
    notes.replaceChildren(...said.filter((note) => LOUD.has(note.code)).map(sayNote), ...line);
    foot.replaceChildren(...foldNotes(said.filter((note) => !LOUD.has(note.code))));
    const make = (hit, i) => makeCard(hit, i, app);
    fill(grid, answer.hits, (hit) => hit.id, make, (node, hit) => updateCard(node, hit, asked, app));
    const reach = asked ? Math.min(answer.candidates ?? 0, PAGE * 40) : 0;
    more.hidden = !asked || answer.hits.length >= reach || answer.hits.length < asked.body.k;
    write(more, `Show ${Math.min(PAGE, reach - answer.hits.length)} more`);
    if (!answer.hits.length) showNone(notice, answer, app);
  }

  app.on("state", renderState);
  app.on("answer", renderAnswer);
  app.on("problem", (problem) => {
    grid.replaceChildren();
    notes.replaceChildren();
    foot.replaceChildren();
    hello.hidden = more.hidden = true;
    write(count, "No answer");
    showProblem(notice, problem, app);
  });
}

/** Products that an answer is about: those that satisfy the filter; where they are sorted, the relevant ones. */
export const foundOf = (answer, asked) =>
  (asked.body.within ? answer.candidates : (answer.counts?.matching ?? answer.candidates));

function countOf(answer, asked) {
  const found = foundOf(answer, asked);
  const total = answer.counts?.total ?? found;
  if (!answer.hits.length) return "No products";
  return found === total ? products(total) : `${number(found)} of ${number(total)}`;
}

const sayNote = (note) => el("p", {}, sentence(note.sentence));

/** What is about how the server searched, for who wants to know. */
const foldNotes = (notes) =>
  notes.length ? [el("details", {}, el("summary", {}, "How this was searched"), notes.map(sayNote))] : [];

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

// ----- head -----------------------------------------------------------------------------------

function showSort(select, state, about) {
  const choices = [["", "Best match"]];
  for (const { field } of rangesOf(about)) choices.push([field, `${field === "price" ? "Price" : nameOfField(field)}: low to high`], [`-${field}`, `${field === "price" ? "Price" : nameOfField(field)}: high to low`]);
  if (state.sort && !choices.some(([value]) => value === state.sort)) choices.push([state.sort, state.sort]);
  fill(select, choices, ([value]) => value || "best", ([value, text]) => el("option", { value }, text));
  select.value = state.sort;
  select.hidden = choices.length < 2;
}

function showChips(list, state, app) {
  const shown = state.filters.flatMap((clause, i) => {
    if (!clause.values) return [{ text: describeClause(clause, nameOfField, nameOfValue), drop: () => dropFilter(app.state, i) }];
    return clause.values.map((value) => ({
      text: nameOfValue(clause.field, value, language()),
      title: nameOfField(clause.field),
      drop: () => setValues(app.state, clause.field, clause.values.filter((v) => v !== value)),
    }));
  });
  const items = shown.map((chip, i) =>
    el("li", {}, el("button", {
      type: "button", class: "chip", title: chip.title, "aria-label": `Remove ${chip.title ? `${chip.title}: ` : ""}${chip.text}`, dataset: { focus: `chip:${i}` },
      on: { click: () => app.commit(chip.drop(), { focus: shown.length > 1 ? `chip:${Math.min(i, shown.length - 2)}` : "words" }) },
    }, el("span", {}, chip.text), icon("close"))));
  if (shown.length > 1)
    items.push(el("li", {}, el("button", { type: "button", class: "quiet", dataset: { focus: "chip:all" }, on: { click: () => app.commit(changed(app.state, { filters: [] }), { focus: "words" }) } }, "Clear all")));
  list.replaceChildren(...items);
  list.hidden = !items.length;
}

// ----- cards ----------------------------------------------------------------------------------

function makeCard(hit, i, app) {
  const { fields } = hit;
  const title = String(fields.title || hit.id);
  const img = el("img", { alt: "", width: 256, height: 256, decoding: "async", loading: i < EAGER ? "eager" : "lazy", fetchpriority: i < 4 ? "high" : null });
  img.addEventListener("error", () => img.replaceWith(el("span", { class: "no-picture" }, icon("picture"))), { once: true });
  app.show(img, app.back.thumbnail(hit));
  const link = el("a", { class: "cover", dataset: { focus: `card:${hit.id}` } }, title);
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    app.commit({ ...app.state, product: hit.id });
  });
  const heading = el("h3", { lang: fields.language || null, dir: "auto" }, link);
  const use = el("button", { type: "button", class: "button use", dataset: { focus: `use:${hit.id}` }, "aria-label": `Use ${title}`, title: "Search with this product", on: { click: () => app.use(hit.id) } }, "Use");
  return el("li", {}, el("article", { class: "card", dataset: { id: hit.id } }, el("div", { class: "thumb" }, img), heading,
    el("p", { class: "price" }), el("ul", { class: "reasons" }), use));
}

function updateCard(node, hit, asked, app) {
  node.querySelector("a").href = writeUrl({ ...app.state, product: hit.id });
  const price = node.querySelector(".price");
  write(price, priceOf(hit.fields));
  price.hidden = !price.textContent;
  const lines = asked ? reasonsOf(hit, app.state, asked.body, asked.places, app.about) : [];
  const list = node.querySelector(".reasons");
  list.hidden = !lines.length;
  list.replaceChildren(...lines.map((line) =>
    el("li", { class: line.kind, title: line.has?.length ? line.has.join(", ") : null },
      line.words, line.score === null ? null : [" ", el("span", { class: "score" }, line.score.toFixed(2))])));
}

/** Arrows go from card to card as they lie on the screen. */
function moveFocus(event, grid) {
  const card = event.target.closest("li:has(> article)");
  if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
  const cards = [...grid.children];
  const place = cards.indexOf(card);
  const columns = cards.findIndex((c) => c.offsetTop > cards[0].offsetTop);
  const row = columns < 0 ? cards.length : columns;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row, Home: -place, End: cards.length - 1 - place }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = cards[place + step];
  next?.querySelector("a").focus();
  next?.scrollIntoView({ block: "nearest" });
}

// ----- start ----------------------------------------------------------------------------------

/** "linen", "Clothes", "price under 30". */
function labelOf({ text, where }) {
  if (text) return text;
  const values = (clause) => clause.values?.map((v) => nameOfValue(clause.field, v)).join(", ");
  return parseWhere(where).map((clause) => values(clause) ?? describeClause(clause, nameOfField)).join(", ");
}

function showExamples(hello, app) {
  if (hello.childElementCount) return;
  const examples = (app.about.examples ?? []).filter((e) => e.text || e.where);
  const go = (example) => () => {
    const next = app.read(example.where ? { where: example.where } : { words: example.text });
    app.commit(next, { focus: "words" });
  };
  const link = (example) => el("li", {}, el("button", { type: "button", class: "chip", on: { click: go(example) } }, labelOf(example)));
  hello.replaceChildren(examples.length ? el("div", { class: "tries" }, el("h3", {}, "Try"), el("ul", {}, examples.map(link))) : "");
}
