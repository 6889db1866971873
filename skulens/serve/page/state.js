// What the shopper has asked for: one plain object <-> the address <-> the body of /v1/search.
// Nothing here touches the document, so that all of it is tested without a browser.

import { parseWhere, whereOf, clausesOf } from "./where.js";

export const PAGE = 24;
export const BROWSED = 12;
const RELEVANT = 0.6; // share of the best hit's score
const HIDDEN = new Set(["id", "title", "pictures", "spu", "gtin"]);
const FACETS = 10;
const LETTERS = 40; // of the longest value that can be a facet's

const PART = Object.freeze({ kind: "product", id: "", key: "", not: false, weight: 1, region: null });

// ----- changes --------------------------------------------------------------------------------

export const changed = (state, change) => Object.freeze({ ...state, pages: 1, ...change });

export const addPart = (state, part) => changed(state, { parts: [...state.parts, { ...PART, ...part }] });

export const changePart = (state, i, change) =>
  changed(state, { parts: state.parts.map((part, n) => (n === i ? { ...part, ...change } : part)) });

export const dropPart = (state, i) => changed(state, { parts: state.parts.filter((_, n) => n !== i) });

export const letterOf = (i) => String.fromCharCode(65 + (i % 26));

export const hasQuery = (state) => Boolean(state.words.trim() || state.parts.length);

export const isEmpty = (state) => !hasQuery(state) && !state.filters.length && !state.sort;

/** Values chosen of a field. */
export const chosenOf = (state, field) => state.filters.find((f) => f.field === field && f.values)?.values ?? [];

export const rangeOf = (state, field) =>
  state.filters.find((f) => f.field === field && !f.values) ?? { from: null, to: null };

export function setValues(state, field, values) {
  const others = state.filters.filter((f) => !(f.field === field && f.values));
  return changed(state, { filters: values.length ? [...others, { field, values }] : others });
}

export function toggleValue(state, field, value) {
  const chosen = chosenOf(state, field);
  return setValues(state, field, chosen.includes(value) ? chosen.filter((v) => v !== value) : [...chosen, value]);
}

export function setRange(state, field, from, to) {
  const others = state.filters.filter((f) => !(f.field === field && !f.values));
  const own = from === null && to === null ? [] : [{ field, from, to }];
  return changed(state, { filters: [...others, ...own] });
}

export const dropFilter = (state, i) => changed(state, { filters: state.filters.filter((_, n) => n !== i) });

// ----- address --------------------------------------------------------------------------------

/** "?q=linen&p=sku-12:collar&p=@3f2a...:!:2&w=price<30&sort=price" for a state; "" for the empty one. */
export function writeUrl(state) {
  const said = [];
  const add = (name, value) => said.push(`${name}=${plain(value)}`);
  if (state.words) add("q", state.words);
  for (const part of state.parts) add("p", writePart(part));
  for (const clause of clausesOf(state.filters)) add("w", clause);
  if (state.sort) add("sort", state.sort);
  if (state.pages > 1) add("n", String(state.pages));
  if (state.product) add("product", state.product);
  return said.length ? `?${said.join("&")}` : "";
}

/** The state that an address says; what cannot be read is left out. */
export function readUrl(search) {
  const given = new URLSearchParams(search);
  const where = given.getAll("w").filter(Boolean);
  return Object.freeze({
    words: given.get("q") ?? "",
    parts: given.getAll("p").map(readPart).filter(Boolean),
    filters: parseWhere(where),
    sort: given.get("sort") ?? "",
    pages: Math.min(Math.max(Math.trunc(Number(given.get("n")) || 1), 1), 40),
    product: given.get("product") ?? "",
  });
}

/** Percent-encoded, but for signs that people read and addresses allow. */
const plain = (text) =>
  encodeURIComponent(text).replace(/%(3A|2C|40|2F|3C|3E|3D|21|28|29|22)/g, decodeURIComponent).replace(/%20/g, "+").replace(/[<>"]/g, encodeURIComponent);

function writePart(part) {
  const inner = (text) => text.replace(/[%:]/g, encodeURIComponent);
  const said = [
    part.kind === "photo" ? `@${part.id}` : inner(part.id).replace(/^@/, "%40"),
    (part.not ? "!" : "") + inner(part.key).replace(/^!/, "%21"),
    part.weight === 1 ? "" : String(part.weight),
    part.region ? part.region.join(".") : "",
  ];
  while (said.length > 1 && !said.at(-1)) said.pop();
  return said.join(":");
}

function readPart(text) {
  const [ref, key = "", weight = "", region = ""] = text.split(":");
  const photo = ref.startsWith("@");
  if (ref.length <= Number(photo)) return null;
  const box = region.split(".").map(Number);
  try {
    return {
      ...PART,
      kind: photo ? "photo" : "product",
      id: decodeURIComponent(photo ? ref.slice(1) : ref),
      key: decodeURIComponent(key.replace(/^!/, "")),
      not: key.startsWith("!"),
      weight: Number(weight) > 0 ? Number(weight) : 1,
      region: box.length === 4 && box.every(Number.isInteger) ? box : null,
    };
  } catch {
    return null; // a broken percent sign
  }
}

// ----- request --------------------------------------------------------------------------------

/**
 * The body of /v1/search.
 *
 * given: what photos.js gives for each part, null where it is not on this device; products need none.
 * Returns {body, places}: places[n] is the part of the state that item n comes from; -1: the words.
 */
export function toRequest(state, about, given = []) {
  const item = [];
  const conditions = [];
  const places = [];
  for (const [i, part] of state.parts.entries()) {
    const shown = part.kind === "product" ? { product: part.id, ...(part.region && { region: part.region }) } : given[i];
    if (!shown) continue;
    const condition = conditionOf(part, item.length);
    if (condition) conditions.push(condition);
    item.push(shown);
    places.push(i);
  }
  if (state.words.trim()) {
    item.push({ text: state.words.trim() });
    places.push(-1);
  }
  const body = { item, k: PAGE * state.pages, counts: true };
  if (conditions.length) body.conditions = conditions;
  if (conditions.some((c) => c.key)) body.facts = "prefer";
  const where = whereOf(state.filters);
  if (where) body.where = where;
  if (state.sort) body.sort = state.sort;
  // Sorted are what is relevant alone; else what is cheap and wrong would come first.
  if (state.sort && item.length) Object.assign(body, { within: RELEVANT, among: 50 });
  if (about.fields.some((f) => f.field === "spu")) body.collapse = "spu";
  const facets = facetsOf(about).map((f) => f.field);
  if (facets.length) Object.assign(body, { facets, disjunctive: true });
  return { body, places };
}

function conditionOf(part, position) {
  if (part.key) return { part: position, key: part.key, relation: part.not ? "different" : "same", weight: part.weight };
  const weight = part.not ? -part.weight : part.weight;
  return weight === 1 ? null : { part: position, key: "", relation: "whole", weight };
}

/** Fields whose values are worth a list of boxes: short values that products share, most used first. */
export function facetsOf(about) {
  const shared = (f) =>
    f.kind === "text" && !HIDDEN.has(f.field) && f.facet !== false && (f.values?.length ?? 0) > 1 &&
    f.values[0].count > 1 && f.values.every((v) => String(v.value).length <= LETTERS);
  const order = (f) => (f.field === "category" ? -2 : f.field.startsWith("attributes.") ? -1 : 0);
  return about.fields.filter(shared).sort((a, b) => order(a) - order(b) || b.products - a.products).slice(0, FACETS);
}

/** Fields with a lowest and a highest number that people would set: the price. */
export const rangesOf = (about) =>
  about.fields.filter((f) => f.field === "price" && Number.isFinite(f.least) && f.most > f.least);

/** "attributes.sleeve_length" -> "sleeve length". */
export const nameOfField = (field) =>
  field.replace(/^(attributes|extras|texts)\./, "").replaceAll("_", " ");

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A value as people read it: languages and countries by their names. */
export function nameOfValue(field, value, language = "en") {
  const type = { language: "language", country: "region" }[field.split(".").at(-1)];
  if (!type || !/^[A-Za-z]{2,3}(-\w+)*$/.test(String(value))) return String(value);
  try {
    return new Intl.DisplayNames([language], { type }).of(type === "region" ? value.toUpperCase() : value) ?? String(value);
  } catch {
    return String(value); // no code
  }
}
