// Fields of all products in memory: filters as masks, counts, order. The same as `HeldColumn` and
// `Rows` of skulens/index/stores/local; rows are in the order of ids.

import { problem } from "./files.js";
import { findField, typeFilter } from "./filter.js";

const TYPES = { int8: Int8Array, int16: Int16Array, int32: Int32Array, float64: Float64Array };

/** Texts in the order of their characters' codes, as Python compares them. */
function compareTexts(a, b) {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    // Halves of a pair are of characters beyond all that stand alone.
    if (x !== y) return (x >= 0xd800 && x < 0xe000) === (y >= 0xd800 && y < 0xe000) ? x - y : x >= 0xd800 && x < 0xe000 ? 1 : -1;
  }
  return a.length - b.length;
}

/** How many of ascending texts are less than one, or with `right` at most it. */
export function edge(texts, wanted, right = false) {
  let low = 0, high = texts.length;
  while (low < high) {
    const middle = (low + high) >> 1, order = compareTexts(texts[middle], wanted);
    if (order < 0 || (right && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ranks of texts among the different ones, -1 for the empty one. */
function rankTexts(given) {
  const texts = [...new Set(given)].filter(Boolean).sort(compareTexts);
  const ranks = new Map(texts.map((text, i) => [text, i]));
  return { texts, values: Int32Array.from(given, (text) => ranks.get(text) ?? -1) };
}

/** One field: values per row, or with `owners` per owner; of texts their ranks. */
class Column {
  constructor(kind, many, size, { values, owners, texts }) {
    Object.assign(this, { kind, many, size, values, owners, texts });
  }

  has(i) {
    return this.kind === "number" ? this.values[i] === this.values[i] : this.values[i] >= 0;
  }

  row(i) {
    return this.owners ? this.owners[i] : i;
  }

  /** Mask of the rows of which some value passes. */
  where(test) {
    const found = new Uint8Array(this.size);
    for (let i = 0; i < this.values.length; i++) if (this.has(i) && test(this.values[i])) found[this.row(i)] = 1;
    return found;
  }

  holds({ op, value }) {
    if (op === "exists") return this.where(() => true);
    if (op === "=" || op === "in") {
      const wanted = new Set([].concat(value).map((v) => this.code(v)));
      return this.where((v) => wanted.has(v));
    }
    if (!this.texts) return this.where({ "<": (v) => v < value, "<=": (v) => v <= value, ">": (v) => v > value, ">=": (v) => v >= value }[op]);
    const border = edge(this.texts, value, op === "<=" || op === ">");
    return this.where(op[0] === ">" ? (v) => v >= border : (v) => v < border);
  }

  code(value) {
    if (!this.texts) return Number(value);
    const place = edge(this.texts, value);
    return this.texts[place] === value ? place : NaN;
  }

  read(v) {
    if (this.texts) return this.texts[v];
    return this.kind === "truth" ? v === 1 : v;
  }

  /** [{value, count}] of the rows of a mask, most frequent first, then by value. */
  counts(mask, most) {
    const counts = new Map(), seen = new Set();
    for (let i = 0; i < this.values.length; i++) {
      const row = this.row(i), v = this.values[i];
      if (!this.has(i) || (mask && !mask[row])) continue;
      if (this.owners) {
        if (i && this.owners[i - 1] !== row) seen.clear();
        if (seen.has(v)) continue;
        seen.add(v);
      }
      counts.set(v, (counts.get(v) ?? 0) + 1);
    }
    const order = [...counts].sort(([a, n], [b, m]) => m - n || a - b).slice(0, most);
    return order.map(([v, count]) => ({ value: this.read(v), count }));
  }

  /** Per row what it is sorted by: the least of its values, or the largest; NaN where there is none. */
  keys(descending) {
    const found = new Float64Array(this.size).fill(NaN);
    for (let i = 0; i < this.values.length; i++) {
      const row = this.row(i), v = this.values[i];
      if (this.has(i) && !(descending ? v <= found[row] : v >= found[row])) found[row] = v;
    }
    return found;
  }

  /** Values of a row, in their order. */
  of(row) {
    if (!this.owners) return this.has(row) ? [this.read(this.values[row])] : [];
    let low = 0, high = this.owners.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.owners[middle] < row) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (; this.owners[low] === row; low++) found.push(this.read(this.values[low]));
    return found;
  }
}

export class Columns {
  /** From columns.bin, the manifest's `fields`, and the lines of titles.txt. */
  constructor(data, records, titles) {
    this.data = data;
    this.fields = new Map(records.map((record) => [record.field, record]));
    this.ids = this.part(this.fields.get("id").texts);
    this.size = this.ids.length;
    this.titles = titles;
    this.made = new Map();
  }

  part(record) {
    if (!record) return undefined;
    const { at, count, type } = record;
    if (type === "json") return JSON.parse(new TextDecoder().decode(new Uint8Array(this.data, at, count)));
    return new TYPES[type](this.data, at, count);
  }

  /** The row of an id; -1 where there is none. */
  rowOf(id) {
    const place = edge(this.ids, id);
    return this.ids[place] === id ? place : -1;
  }

  column(name) {
    if (!this.made.has(name)) this.made.set(name, this.make(name));
    return this.made.get(name);
  }

  make(name) {
    const record = this.fields.get(name), { kind, many, values, owners, texts } = record;
    if (name === "title") return new Column("text", false, this.size, rankTexts(this.titles));
    if (name === "id") return new Column("text", false, this.size, { values: Int32Array.from(this.ids, (_, i) => i), texts: this.ids });
    if (!values) throw problem(400, "The filter cannot be used", `${name} holds long texts, which this site shows and does not filter by`);
    return new Column(kind, many, this.size, { values: this.part(values), owners: this.part(owners), texts: this.part(texts) });
  }

  /** Mask of the rows that satisfy a tree of `filter.js`; null: all. */
  mask(where) {
    return where && this.holds(typeFilter(where, this.fields));
  }

  holds(tree) {
    if (!tree.of) return this.column(tree.field).holds(tree);
    const [first, ...others] = tree.of.map((inner) => this.holds(inner));
    if (tree.op === "not") return first.map((one) => 1 - one);
    for (const other of others)
      for (let i = 0; i < first.length; i++) first[i] = tree.op === "and" ? first[i] & other[i] : first[i] | other[i];
    return first;
  }

  count(mask) {
    return mask ? mask.reduce((sum, one) => sum + one, 0) : this.size;
  }

  facet(name, mask, most = 20) {
    return this.column(findField(name, this.fields).field).counts(mask, most);
  }

  /** Fields of a row as the server gives them; those on the product's own page only are left out. */
  fieldsOf(row) {
    const found = { id: this.ids[row] };
    for (const { field, many, values } of this.fields.values()) {
      if (field.startsWith("#") || field === "id" || field === "pictures" || (!values && field !== "title")) continue;
      const held = field === "title" ? [this.titles[row]].filter(Boolean) : this.column(field).of(row);
      if (held.length) found[field] = many ? held : held[0];
    }
    return found;
  }
}
