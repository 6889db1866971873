// One request over the products of a published site: what skulens/search does on a server, for the
// legs that a browser has: one column of pictures, and titles. Steps and names are those of there.

import { isProduct, senseless } from "./asking.js";
import { problem } from "./files.js";
import { findField, formatFilter } from "./filter.js";
import { coverage, fold, matched } from "./titles.js";

const WORDS = "words";
const DEPTHS = [100, 1_000, 10_000, 100_000];
const AMONG = 50, CONSTANT = 60, MOST_K = 1_000, TOLD = 8;

// ----- legs -----------------------------------------------------------------------------------

export class Search {
  constructor(site, request, asked) {
    Object.assign(this, { site, request, asked, notes: [] });
    this.text = request.said.map(({ text }) => text).join(" ").trim();
    const { columns } = site;
    for (const leg of Object.keys({ ...request.weights, ...request.vectors }))
      if (leg !== WORDS && leg !== site.column?.name) throw problem(400, "There is nothing of that name", `there is no leg ${leg} on this site`);
    this.facts = request.facts === "off" ? [] : request.conditions.filter((c) => c.relation !== "whole").map((c) => this.fact(c));
    this.filter = columns.mask(request.where) ?? new Uint8Array(columns.size).fill(1);
    this.wanted = ["prefer", "require"].includes(request.facts) ? this.required() : null;
    this.mask = request.facts === "require" && this.wanted ? both(this.filter, this.wanted) : this.filter;
    this.hidden = [...request.exclude, ...(request.references === "exclude" ? request.conditions.filter(isProduct).map((c) => c.product) : [])];
  }

  fact(condition) {
    const { key, relation, part, place, told } = condition, { columns } = this.site;
    const field = [`attributes.${key.toLowerCase()}`, key, key.toLowerCase()].find((one) => columns.fields.has(one)) ?? "";
    const row = isProduct(condition) ? columns.rowOf(condition.product) : this.ownerOf(this.request.parts[part]?.hash);
    return { key, relation, field, wanted: row >= 0 ? this.valuesOf(field, row) : [], part, item: place, condition: told };
  }

  valuesOf(field, row) {
    const { columns } = this.site;
    return columns.fields.get(field)?.values ? columns.column(field).of(row).map(String) : [];
  }

  /** The row of the product that has this very picture; -1: none. */
  ownerOf(hash) {
    return hash === undefined ? -1 : this.site.columns.column("pictures").where((v) => v === hash).lastIndexOf(1);
  }

  /** Mask of the products that satisfy facts of which a value is known; null where none is. */
  required(facts = this.facts) {
    const known = facts.filter(({ wanted }) => wanted.length);
    const masks = known.map((fact) => {
      const column = this.site.columns.column(fact.field), wanted = new Set(fact.wanted.map(normal));
      const same = column.where((v) => wanted.has(normal(String(column.read(v)))));
      return fact.relation === "same" ? same : same.map((one) => 1 - one);
    });
    return masks.length ? masks.reduce(both) : null;
  }

  /** Products in the order of a field, else of their ids, where nothing is searched for. */
  browse() {
    const { request, site: { columns } } = this, mask = this.allowed(this.mask), shown = [];
    this.passes = [];
    this.legs = {};
    for (let row = 0; row < columns.size; row++) if (mask[row]) shown.push({ row, score: 0, relevance: 0, others: [] });
    const order = this.arrange(shown);
    return request.among ? order.slice(0, request.among) : order;
  }

  /** A mask of one's own without the products that may not be found. */
  allowed(given) {
    const { columns } = this.site, mask = Uint8Array.from(given);
    for (const id of this.hidden) if (columns.rowOf(id) >= 0) mask[columns.rowOf(id)] = 0;
    return mask;
  }

  /** Candidates in the order in which they are shown: [{row, score, relevance, others}]. */
  find() {
    if (this.request.browse) return this.browse();
    const { request } = this, hasWords = Boolean(this.text) && this.weight(WORDS) > 0;
    const count = Boolean(this.asked) + hasWords;
    if (!count) throw senseless(this.nothingReads());
    const ordered = request.sort || request.collapse || request.facts === "prefer";
    const reach = request.offset + request.k;
    let depth = count === 1 && !ordered ? reach : DEPTHS.find((d) => d >= Math.max(reach, request.among)) ?? DEPTHS.at(-1);
    for (;;) {
      const [gathered, full] = this.gather(depth, hasWords);
      const kept = this.cutOff(gathered), shown = this.arrange(kept);
      const deeper = DEPTHS.find((d) => d > depth);
      if (!(request.collapse && shown.length < reach && kept.length === gathered.length && full && deeper)) return shown;
      depth = deeper;
    }
  }

  nothingReads() {
    return this.text
      ? "words match titles here, and their weight is 0"
      : "this site has no vectors for that: search with a photo or a product of it";
  }

  weight(leg) {
    return this.request.weights[leg] ?? 1;
  }

  gather(depth, hasWords) {
    const first = this.pass(this.mask, depth, hasWords);
    this.passes = [first];
    const ranked = fuse(first);
    if (this.request.facts === "prefer" && this.wanted) {
      const strict = this.pass(both(this.mask, this.wanted), depth, hasWords);
      this.passes.push(strict);
      const known = new Set(ranked.map(({ row }) => row));
      ranked.push(...fuse(strict).filter(({ row }) => !known.has(row)));
    }
    const full = Object.values(first.found).some((hits) => hits.length >= depth);
    return [ranked.map(({ row, score }) => ({ row, score, relevance: score, others: [] })), full];
  }

  pass(given, depth, hasWords) {
    const { column, planes, columns } = this.site, mask = this.allowed(given), found = {}, weights = {};
    if (this.asked) found[column.name] = planes.search(this.asked.vector, depth, mask);
    if (hasWords) found[WORDS] = this.site.titles.search(this.text, depth, mask);
    for (const leg of Object.keys(found)) weights[leg] = this.weight(leg);
    const several = Object.keys(found).length > 1, { by } = this.request;
    if (several && hasWords && by === "scores")
      weights[WORDS] *= found[WORDS].length ? coverage(this.text, columns.titles[found[WORDS][0].row]) : 0;
    this.legs ??= Object.fromEntries(
      Object.entries(found).map(([leg, hits]) => {
        const parts = this.items(leg === WORDS ? this.request.said.map(({ part }) => part) : this.asked.positions);
        return [leg, { column: leg, weight: weights[leg], found: hits.length, how: "exact", parts }];
      }),
    );
    const total = Object.values(weights).reduce((a, b) => a + b, 0) || 1;
    const terms = Object.fromEntries(
      Object.entries(found).map(([leg, hits]) => {
        if (!several) return [leg, hits.map(({ score }) => score)];
        const measured = by === "ranks" ? sharedRanks(hits).map((rank) => 1 / (CONSTANT + rank)) : relative(hits);
        return [leg, measured.map((share) => (weights[leg] / total) * share)];
      }),
    );
    return { found, terms };
  }

  cutOff(candidates) {
    const { least, within, among, sort } = this.request;
    let kept = candidates;
    const legs = Object.keys(least);
    if (legs.some((leg) => this.passes.some(({ found }) => !leg || leg in found))) {
      const enough = new Set();
      for (const { found } of this.passes)
        for (const leg of legs) {
          if (!leg && Object.keys(found).length > 1) throw senseless(`least ${least[leg]}: of which leg? There are ${Object.keys(found).join(", ")}`);
          for (const { row, score } of (leg ? found[leg] : Object.values(found)[0]) ?? []) if (score >= least[leg]) enough.add(row);
        }
      kept = kept.filter(({ row }) => enough.has(row));
    }
    if (within && kept.length) {
      const best = Math.max(...kept.map(({ relevance }) => relevance));
      kept = kept.filter(({ relevance }) => relevance >= (best > 0 ? best * within : best / within));
    }
    const blindly = sort && !(legs.length || within || among);
    const most = among || (blindly ? AMONG : 0);
    this.blindly = Boolean(blindly);
    return most ? kept.slice(0, most) : kept;
  }

  arrange(candidates) {
    const { request, site } = this, { columns } = site;
    let order = [...candidates];
    if (request.facts === "prefer" && this.facts.length) {
      const counts = new Map(order.map((c) => [c, this.checks(c.row).filter(({ holds }) => holds).length]));
      order.sort((a, b) => counts.get(b) - counts.get(a));
    }
    if (request.sort) {
      const descending = request.sort.startsWith("-");
      const keys = columns.column(findField(request.sort.replace(/^-/, ""), columns.fields).field).keys(descending);
      const have = order.filter(({ row }) => keys[row] === keys[row]), none = order.filter(({ row }) => keys[row] !== keys[row]);
      order = [...have.sort((a, b) => (descending ? keys[b.row] - keys[a.row] : keys[a.row] - keys[b.row])), ...none];
    }
    return request.collapse ? collapse(order, columns.column(findField(request.collapse, columns.fields).field), columns) : order;
  }

  checks(row) {
    return this.facts.map((fact) => {
      const { relation, field, wanted } = fact, has = this.valuesOf(field, row);
      const shared = has.some((one) => wanted.map(normal).includes(normal(one)));
      return { ...fact, has, holds: wanted.length && has.length ? shared === (relation === "same") : null };
    });
  }

  /** Positions in the body's item, each once. */
  items(positions) {
    return [...new Set(positions.map((position) => this.request.items.get(position)).filter((place) => place !== undefined))];
  }

  // ----- answer -------------------------------------------------------------------------------

  explain(candidate) {
    const { planes, columns } = this.site, { row, relevance } = candidate, legs = {};
    for (const { found, terms } of [...this.passes].reverse())
      for (const [leg, hits] of Object.entries(found)) {
        const place = hits.findIndex((hit) => hit.row === row);
        if (place >= 0) legs[leg] = { score: hits[place].score, rank: sharedRanks(hits)[place], share: terms[leg][place] };
      }
    const { each = [], positions = [], weights = [] } = this.asked ?? {};
    const parts = !planes?.has(row) ? [] : each.map((vector, n) => ({
      column: this.site.column.name, part: positions[n], item: this.request.items.get(positions[n]) ?? null,
      score: planes.score(row, vector), weight: weights[n], key: this.keyOf(positions[n]),
    }));
    const words = WORDS in this.legs ? matched(this.text, columns.titles[row]) : [];
    const own = columns.fields.has("pictures") ? columns.column("pictures").of(row) : [];
    const shown = this.items(positions.filter((n) => own.includes(this.request.parts[n]?.hash)));
    return { legs, parts, facts: this.checks(row), code: "", shown, boosts: [], relevance, regions: [], words };
  }

  keyOf(position) {
    const { parts, conditions } = this.request;
    if (position >= parts.length) return conditions[position - parts.length].key;
    const part = parts[position];
    return part.keyOf === undefined ? part.key ?? "" : conditions[part.keyOf].key;
  }

  note() {
    const { request, asked, notes } = this, read = new Set(asked?.positions ?? []);
    const say = (code, sentence) => notes.push({ code, sentence });
    if (this.text) say("words-titles", "words match titles only: this page searches without a server");
    const keys = request.parts.flatMap((part, n) => (part.keyOf === undefined ? [] : [{ n, text: part.text }]));
    const unread = keys.filter(({ n }) => !read.has(n)), beside = keys.filter(({ n }) => read.has(n));
    if (asked && unread.length) say("key-unread", `${unread.map(({ text }) => text).join(", ")}: no encoder here reads it, so the photo counts as a whole`);
    if (beside.length) say("key-as-text", `${beside.map(({ text }) => text).join(", ")}: embedded as a text beside the photo; avg cannot say which part of the photo is meant`);
    request.parts.forEach((part, n) => {
      if (part.text !== undefined && part.keyOf === undefined && !read.has(n) && part.weight <= 0)
        say("part-unread", `'${part.text}' was read by no leg: this site has no encoder of texts`);
    });
    const named = request.conditions.filter(isProduct).map((c) => c.product);
    if (named.length && request.references === "exclude") say("references-excluded", `${[...new Set(named)].join(", ")}: named in the query, so not among the hits`);
    if (this.blindly) say("sorted-first", `the ${AMONG} most relevant products were sorted; say what is relevant by least, within or among`);
    if (["prefer", "require"].includes(request.facts)) {
      const unknown = this.facts.filter(({ wanted }) => !wanted.length).map(({ key }) => key);
      if (unknown.length) say("fact-unknown", `${unknown.join(", ")}: nobody knows the value that is asked for, so it decides nothing`);
    }
  }

  facets() {
    const { request, site: { columns } } = this;
    return Object.fromEntries(
      request.facets.map((name) => {
        const { field } = findField(name, columns.fields);
        return [field, columns.facet(field, request.disjunctive ? this.maskBut(field) : this.mask)];
      }),
    );
  }

  /** The mask without what is said of one field alone. */
  maskBut(field) {
    const kept = clausesOf(this.request.where).filter((clause) => !isAbout(clause, field, this.site.columns.fields));
    return this.maskOf(joined(kept), this.facts.filter((fact) => fact.field !== field));
  }

  /** The mask of a filter and of facts, where these are required. */
  maskOf(where, facts = this.facts) {
    const { columns } = this.site, mask = columns.mask(where) ?? new Uint8Array(columns.size).fill(1);
    const wanted = this.request.facts === "require" ? this.required(facts) : null;
    return wanted ? both(mask, wanted) : mask;
  }

  /** What would bring products, where nothing is found; see skulens/search/relax.py. */
  without() {
    const { request, facts } = this, { where, least } = request, clauses = clausesOf(where), found = [];
    const told = (tree) => tree && formatFilter(tree);
    const tell = (kind, text, rest, products, more = {}) => found.push({ kind, text, where: told(rest), condition: null, leg: "", products, ...more });
    clauses.forEach((clause, n) => {
      const rest = joined(clauses.filter((_, other) => other !== n));
      tell("filter", formatFilter(clause), rest, this.countFound(this.maskOf(rest), least));
    });
    if (request.facts === "require")
      facts.forEach((fact) => {
        if (!fact.wanted.length) return;
        const products = this.countFound(this.maskOf(where, facts.filter((other) => other !== fact)), least);
        const text = `${fact.relation === "different" ? "not " : ""}${fact.key}: ${fact.wanted.join(", ")}`;
        tell("fact", text, where, products, { condition: fact.condition });
      });
    for (const [leg, score] of Object.entries(least)) {
      const others = Object.fromEntries(Object.entries(least).filter(([name]) => name !== leg));
      tell("least", `${leg || "score"} >= ${score}`, where, this.countFound(this.mask, others), { leg });
    }
    const bring = found.filter(({ products }) => products);
    if (bring.length || clauses.length < 2) return bring.slice(0, TOLD);
    found.length = 0;
    tell("filter", formatFilter(where), null, this.countFound(this.maskOf(null), least));
    return found.filter(({ products }) => products);
  }

  countFound(mask, least) {
    if (this.request.browse || (this.asked && !Object.keys(least).length)) return this.site.columns.count(mask);
    const request = { ...this.request, k: MOST_K, offset: 0, least };
    return Object.assign(Object.create(Search.prototype), this, { request, mask, wanted: null, notes: [], legs: undefined }).find().length;
  }
}

// ----- small things ---------------------------------------------------------------------------

const normal = (value) => fold(value).replace(/[^\p{L}\p{N}\p{M}+%.]+/gu, " ").trim();
const both = (a, b) => a.map((one, i) => one & b[i]);
const clausesOf = (where) => (where ? (where.op === "and" ? where.of.flatMap(clausesOf) : [where]) : []);
const joined = (clauses) => (clauses.length > 1 ? { op: "and", of: clauses } : clauses[0] ?? null);
const isAbout = (tree, field, fields) =>
  tree.of ? tree.of.every((inner) => isAbout(inner, field, fields)) : findField(tree.field, fields).field === field;

/** Ranks from 1 of falling scores; equal scores share the first of their ranks. */
function sharedRanks(hits) {
  const ranks = [];
  hits.forEach(({ score }, n) => ranks.push(n && score === hits[n - 1].score ? ranks[n - 1] : n + 1));
  return ranks;
}

function relative(hits) {
  const low = hits.at(-1)?.score, high = hits[0]?.score;
  return hits.map(({ score }) => (high > low ? (score - low) / (high - low) : 1));
}

function fuse({ found, terms }) {
  const legs = Object.keys(found);
  if (legs.length === 1) return found[legs[0]];
  const scores = new Map();
  for (const leg of legs) found[leg].forEach(({ row }, n) => scores.set(row, (scores.get(row) ?? 0) + terms[leg][n]));
  return Array.from(scores, ([row, score]) => ({ row, score })).sort((a, b) => b.score - a.score || b.row - a.row);
}

function collapse(candidates, column, columns) {
  const first = new Map(), shown = [];
  for (const candidate of candidates) {
    const group = column.of(candidate.row).join("\n"), leader = group && first.get(group);
    if (leader) leader.others.push(columns.ids[candidate.row]);
    else {
      shown.push(candidate);
      if (group) first.set(group, candidate);
    }
  }
  return shown;
}
