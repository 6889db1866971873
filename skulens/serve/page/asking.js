// A body of /v1/search -> a request, and what the column of pictures is asked: as skulens/search/draft.py,
// ingredients.py and vectors.py do it on a server.

import { problem } from "./files.js";
import { readFilter } from "./filter.js";
import { dot, unit } from "./planes.js";
import { sha256 } from "./sha256.js";
import { fold } from "./titles.js";

const CANCELLED = 1e-5, MOST_K = 1_000, MOST_REACH = 10_000, MOST_PARTS = 16, MOST_CHARACTERS = 10_000;
const HASHED = 13; // letters of a picture's hash that a number holds exactly

export const senseless = (detail) => problem(422, "The request makes no sense", detail);
export const isProduct = ({ product }) => product !== undefined && product !== null;
const isGiven = (value) => value !== undefined && value !== null;

const DEFAULTS = {
  k: 10, offset: 0, by: "scores", weights: {}, least: {}, within: 0, sort: "", among: 0, collapse: "",
  facets: [], facts: "explain", exclude: [], references: "exclude", vectors: {}, without: true,
};

/**
 * Parts and conditions as the server gathers them: the key of a condition is a text before its photo.
 * `items` says where in the body's item each part is from; a condition has that `place`, and was `told`
 * there among the conditions.
 */
export function readBody(body) {
  const request = { ...DEFAULTS, ...body, parts: [], conditions: [], said: [], items: new Map() };
  const { parts, conditions, items } = request, apart = new Map();
  (body.item ?? []).forEach((part, place) => {
    if (["image", "text", "product", "vector"].filter((kind) => isGiven(part[kind])).length !== 1)
      throw senseless(`item[${place}]: expected one of image, text, product and vector`);
    const mine = (body.conditions ?? []).flatMap((c, n) => (c.part === place ? [[n, c]] : []));
    for (const [n, { key = "", relation = "whole", weight = 1 }] of mine.length ? mine : [[-1, {}]]) {
      const [from, own] = [parts.length, conditions.length];
      addPart(request, part, relation === "whole" ? "" : key.trim(), relation === "different" ? -Math.abs(weight) : weight);
      for (let i = from; i < parts.length; i++) items.set(i, place);
      for (let i = own; i < conditions.length; i++) {
        Object.assign(conditions[i], { place, told: n });
        if (conditions[i].part === null) apart.set(i, place);
      }
    }
  });
  for (const [own, place] of apart) items.set(parts.length + own, place);
  request.where = readFilter(body.where);
  if (typeof request.least === "number") request.least = { "": request.least };
  request.browse = !parts.length && !conditions.length && !Object.keys(request.vectors).length;
  return check(request, body);
}

function check(request, body) {
  const { k, offset, parts, conditions, within } = request;
  const count = (test) => parts.filter(test).length;
  if (!(Number.isInteger(k) && k >= 1 && k <= MOST_K)) throw senseless(`k is a whole number from 1 to ${MOST_K}, got ${k}`);
  if (!(offset >= 0) || offset + k > MOST_REACH) throw senseless(`hits beyond the first ${MOST_REACH} are not shown; narrow the search by a filter`);
  if (!(within >= 0 && within <= 1)) throw senseless(`within is a share from 0 to 1, got ${within}`);
  if (count((p) => p.image) + conditions.filter((c) => c.part === null).length > MOST_PARTS || count((p) => p.text && p.keyOf === undefined) > MOST_PARTS)
    throw senseless(`at most ${MOST_PARTS} photos and ${MOST_PARTS} texts are read`);
  if (parts.reduce((sum, p) => sum + (p.text?.length ?? 0), 0) > MOST_CHARACTERS) throw senseless("the texts are too long; give the words that matter");
  if (body.boosts?.length) throw problem(501, "Not on a published site", "score modifiers need a server");
  return request;
}

function addPart({ parts, conditions, said }, part, key, weight) {
  if (isGiven(part.text)) {
    if (!part.text.trim()) return;
    if (weight > 0) said.push({ text: part.text, part: parts.length });
    if (weight !== 1) conditions.push({ key: "", relation: "whole", weight, part: parts.length });
    parts.push({ text: part.text, weight });
    return;
  }
  const apart = isProduct(part) || isGiven(part.vector);
  if (isProduct(part) && part.region) throw problem(501, "Not on a published site", "regions of the shop's own pictures need a server; mark a region of a photo");
  if (key) parts.push({ text: key, weight, keyOf: conditions.length });
  if (key || weight !== 1 || apart)
    conditions.push({ key, relation: key ? (weight >= 0 ? "same" : "different") : "whole", weight, product: part.product, given: part, part: apart ? null : parts.length });
  if (!apart) parts.push({ ...part, weight, key });
}

// ----- what the column of pictures is asked ---------------------------------------------------

/**
 * {vector, positions, weights, each}: what is asked and of which parts; null where none has a vector.
 * `embed` gives the vector of a photo; parts of the request come to know the hash of theirs.
 */
export async function askColumn(site, request, embed) {
  const { column, planes, columns } = site, { parts, conditions } = request;
  if (request.browse) return null;
  for (const { product } of conditions.filter(isProduct))
    if (columns.rowOf(product) < 0) throw senseless(`there is no product ${product}; give its id as it is here`);
  await Promise.all(parts.filter((part) => part.image && !part.region && columns.fields.has("pictures")).map(recognise));
  if (!column || request.weights[column.name] === 0) return null;
  const given = request.vectors[column.name];
  if (given) return { vector: unit(Float64Array.from(given)), positions: [], weights: [], each: [] };
  const words = parts.some((part) => part.text) ? await site.words() : new Map();
  const stored = conditions.map((condition) => vectorOf(condition, site)), found = [];
  for (const [position, part] of parts.entries()) {
    const { weight } = part;
    if (part.text === undefined) found.push({ position, weight, vector: await embed(part, request.items.get(position)) });
    else {
      const vector = words.get(part.text) ?? words.get(fold(part.text)), about = part.keyOf;
      if (vector && (about === undefined || conditions[about].part !== null || stored[about])) found.push({ position, weight, vector });
    }
  }
  stored.forEach((vector, n) => vector && found.push({ position: parts.length + n, weight: conditions[n].weight, vector }));
  return found.length ? addUp(found, column.name) : null;
}

/** The number that the hash of a photo begins with, by which a picture of the shop is known. */
async function recognise(part) {
  if (!globalThis.crypto?.subtle) return;
  try {
    const bytes = Uint8Array.from(atob(part.image.split(",")[1]), (c) => c.charCodeAt(0));
    part.hash = parseInt((await sha256(bytes)).slice(0, HASHED), 16);
  } catch {
    // whoever embeds it says what is wrong
  }
}

/** The vector of a condition's product, or the one given; null for others, and for products without. */
function vectorOf(condition, { column, planes, columns }) {
  if (isProduct(condition)) {
    const row = columns.rowOf(condition.product);
    return planes.has(row) ? planes.vector(row) : null;
  }
  const { vector, maker } = condition.given ?? {};
  if (!vector) return null;
  if (maker !== column.maker || vector.length !== column.dim) throw senseless("the vector was made by another encoder than the one of this site; give the photo");
  return Float64Array.from(vector);
}

function addUp(found, name) {
  const each = found.map(({ vector }) => unit(Float64Array.from(vector))), weights = found.map(({ weight }) => weight);
  const total = each[0].map((_, i) => each.reduce((sum, one, n) => sum + weights[n] * one[i], 0));
  const size = weights.reduce((sum, w) => sum + Math.abs(w), 0);
  if (!(Math.sqrt(dot(total, total)) > CANCELLED * size))
    throw senseless(`the vectors of the query cancel out in ${name} (weights ${weights.join(", ")}); give other weights, or photos that differ`);
  return { vector: unit(total), positions: found.map(({ position }) => position), weights, each };
}
