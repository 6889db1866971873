// Filters as a list of clauses <-> the text of `where` (the grammar of skulens/filters/text.py).
// A clause is {field, values}, {field, from, to, above, below}, or {text} for whatever else it says.

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`]|``)+`|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])|[\p{L}_][\p{L}\p{N}_.-]*|<=|>=|!=|[=<>(),]/suy;
const FIELD = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;
export const KEYWORDS = new Set(["and", "or", "not", "in", "exists", "true", "false"]);
const ORDERS = { ">=": ["from", ""], ">": ["from", "above"], "<=": ["to", ""], "<": ["to", "below"] };

/** Tokens without blanks; null where the text is no filter. */
function split(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) return null;
    if (match[0].trim()) found.push({ text: match[0], start, end: TOKEN.lastIndex });
  }
  return found;
}

/** Clauses of filters that all hold, each given as text; equal fields are brought together. */
export function parseWhere(texts) {
  const clauses = [].concat(texts ?? []).filter(Boolean).flatMap(splitAnd).map(readClause);
  const found = [];
  for (const clause of clauses) {
    const same = found.find((f) => f.field !== undefined && f.field === clause.field && Boolean(f.values) === Boolean(clause.values));
    if (!same) found.push(clause);
    else if (clause.values) found.push({ text: writeClause(clause) });
    else if (!joinRange(same, clause)) found.push({ text: writeClause(clause) });
  }
  return found;
}

/** The parts between the outermost "and"; the whole where an "or" stands beside them. */
function splitAnd(text) {
  const tokens = split(text);
  if (!tokens) return [text];
  const cuts = [];
  let depth = 0;
  for (const token of tokens) {
    const word = token.text.toLowerCase();
    if (word === "(") depth += 1;
    else if (word === ")") depth -= 1;
    else if (depth === 0 && word === "or") return [text];
    else if (depth === 0 && word === "and") cuts.push(token);
  }
  const starts = [0, ...cuts.map((t) => t.end)];
  const ends = [...cuts.map((t) => t.start), text.length];
  return starts.map((start, i) => text.slice(start, ends[i]).trim()).filter(Boolean);
}

function readClause(text) {
  const tokens = split(text)?.map((t) => t.text) ?? [];
  const field = fieldOf(tokens[0]);
  const [, sign, ...rest] = tokens;
  if (field === null || sign === undefined) return { text };
  if (sign === "=" && rest.length === 1) {
    const value = valueOf(rest[0]);
    return value === undefined ? { text } : { field, values: [value] };
  }
  if (sign.toLowerCase() === "in" && rest[0] === "(" && rest.at(-1) === ")") {
    const inner = rest.slice(1, -1);
    const values = inner.filter((_, i) => i % 2 === 0).map(valueOf);
    const commas = inner.filter((_, i) => i % 2 === 1).every((t) => t === ",");
    return commas && values.length && !values.includes(undefined) ? { field, values } : { text };
  }
  if (sign in ORDERS && rest.length === 1 && typeof valueOf(rest[0]) === "number") {
    const [end, open] = ORDERS[sign];
    const range = { field, from: null, to: null, [end]: valueOf(rest[0]) };
    return open ? { ...range, [open]: true } : range;
  }
  return { text };
}

/** Join two ranges of a field where they bound different ends. */
function joinRange(range, other) {
  if (range.text || other.text) return false;
  const end = other.from === null ? "to" : "from";
  if (range[end] !== null) return false;
  range[end] = other[end];
  const open = end === "from" ? "above" : "below";
  if (other[open]) range[open] = true;
  return true;
}

function fieldOf(token = "") {
  if (token.startsWith("`")) return token.slice(1, -1).replaceAll("``", "`");
  return FIELD.test(token) && !KEYWORDS.has(token.toLowerCase()) ? token : null;
}

function valueOf(token) {
  if (/^["']/.test(token)) return unquote(token.slice(1, -1));
  if (/^(true|false)$/i.test(token)) return token.toLowerCase() === "true";
  return /^[+-.\d]/.test(token) && Number.isFinite(Number(token)) ? Number(token) : undefined;
}

const ESCAPES = { n: "\n", t: "\t", r: "\r" };
const unquote = (text) =>
  text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, sign) =>
    sign.length === 5 ? String.fromCharCode(parseInt(sign.slice(1), 16)) : (ESCAPES[sign] ?? sign));

// ----- clauses -> text ------------------------------------------------------------------------

const MARKS = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r" };

export const writeValue = (value) =>
  typeof value === "string" ? `"${value.replace(/[\\"\n\t\r]/g, (sign) => MARKS[sign])}"` : String(value);

export const writeField = (field) =>
  FIELD.test(field) && !KEYWORDS.has(field.toLowerCase()) ? field : `\`${field.replaceAll("`", "``")}\``;

/** A clause as text; that of a closed range has an "and" in it. */
function writeClause(clause) {
  if (clause.text !== undefined) return clause.text;
  const field = writeField(clause.field);
  if (clause.values?.length === 1) return `${field} = ${writeValue(clause.values[0])}`;
  if (clause.values) return `${field} in (${clause.values.map(writeValue).join(", ")})`;
  const ends = [];
  if (clause.from !== null) ends.push(`${field} ${clause.above ? ">" : ">="} ${clause.from}`);
  if (clause.to !== null) ends.push(`${field} ${clause.below ? "<" : "<="} ${clause.to}`);
  return ends.join(" and ");
}

export const clausesOf = (filters) => filters.map(writeClause);

/** The text of `where`; "" for no filters. */
export function whereOf(filters) {
  const inner = (clause) => (clause.text !== undefined && filters.length > 1 ? `(${clause.text})` : writeClause(clause));
  return filters.map(inner).join(" and ");
}

/** A clause as people read it: "brand: Maus, Baum", "price up to 30". */
export function describeClause(clause, nameOf, nameOfValue = (_, value) => String(value)) {
  if (clause.text !== undefined) return clause.text;
  const name = nameOf(clause.field);
  if (clause.values) return `${name}: ${clause.values.map((v) => nameOfValue(clause.field, v)).join(", ")}`;
  if (clause.from === null) return `${name} ${clause.below ? "under" : "up to"} ${clause.to}`;
  if (clause.to === null) return `${name} ${clause.above ? "over" : "from"} ${clause.from}`;
  return `${name} ${clause.from} to ${clause.to}`;
}
