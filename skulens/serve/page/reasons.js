// Why a hit was found, in words: one line for each thing asked. Pure.

import { letterOf } from "./state.js";

/**
 * Lines of a card: [{kind, words, score}]; kind "same", "differs" or "plain"; score null: none.
 *
 * body and places: of state.js toRequest.
 */
export function reasonsOf(hit, state, body, places, about) {
  const why = hit.why ?? {};
  const lines = [];
  if (why.code) lines.push({ kind: "same", words: `same bar code ${why.code.replace(/^0+(?=\d{8})/, "")}`, score: null });
  for (const [n, place] of places.entries()) {
    if (place < 0) lines.push(wordsLine(why, n, body.item[n].text, about));
    else lines.push(partLine(why, n, state.parts[place], letterOf(place), about));
  }
  return lines.filter(Boolean);
}

function wordsLine(why, n, text, about) {
  const found = why.words ?? [];
  const score = scoreOf(why, n, "text", about);
  if (found.length) return { kind: "same", words: `says “${short(found.join(" "))}”`, score };
  return score === null ? null : { kind: "plain", words: `close to “${short(text)}”`, score };
}

function partLine(why, n, part, letter, about) {
  const score = scoreOf(why, n, "image", about);
  if (part.key) return keyLine(why, n, part, letter, score);
  if (part.not) return { kind: "plain", words: `away from ${letter}`, score };
  if ((why.shown ?? []).length && part.kind === "photo" && score > 0.9999) return { kind: "same", words: `the picture of ${letter}`, score };
  return score === null ? null : { kind: "plain", words: `looks like ${letter}`, score };
}

function keyLine(why, n, part, letter, score) {
  const name = part.key.replaceAll("_", " ");
  const fact = (why.facts ?? []).find((f) => f.item === n && f.key === part.key);
  if (fact?.holds === null || !fact) {
    return { kind: "plain", words: part.not ? `${name} not like ${letter}` : `${name} like ${letter}`, score };
  }
  const equal = fact.holds === (fact.relation === "same");
  const words = equal ? `same ${name}` : `${name} differs`;
  return { kind: fact.holds ? "same" : "differs", words, score: equal ? score : null, has: fact.has };
}

/** The score of an item: of the column made of pictures or texts, if there is one. */
function scoreOf(why, n, from, about) {
  const made = new Map((about.columns ?? []).map((c) => [c.name, c.made_from]));
  const own = (why.parts ?? []).filter((p) => p.item === n);
  const best = own.findLast((p) => made.get(p.column) === from) ?? own.at(-1);
  return best ? best.score : null;
}

const short = (text) => (text.length > 28 ? `${text.slice(0, 27).trimEnd()}…` : text);
