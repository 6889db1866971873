// Filters: text or JSON -> a tree, checked against the fields of a site. The grammar is that of
// skulens/filters/text.py, the meaning that of skulens/index/stores/where.py.
// A tree is {op, field, value, of} with op of: and or not exists in = != < <= > >=.

import { problem } from "./files.js";
import { KEYWORDS, writeField, writeValue } from "./where.js";

const COMPARISONS = ["=", "!=", "<=", "<", ">=", ">"];
const PLAIN = ["id", "title", "spu", "category", "language", "country", "price", "currency", "gtin"];
const DEEPEST = 50, LONGEST = 10_000;
const TOKEN = /(\s+)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(`(?:[^`]|``)+`)|([+-]?(?:\p{Nd}+(?:\.\p{Nd}*)?|\.\p{Nd}+)(?:[eE][+-]?\p{Nd}+)?(?![\p{L}\p{N}_.]))|([\p{L}_][\p{L}\p{N}_.-]*)|(<=|>=|!=|[=<>(),])/suy;
const KINDS = ["", "blank", "string", "quoted", "number", "word", "sign"];

export const wrong = (detail) => problem(400, "The filter cannot be used", detail);

// ----- text -> tree ---------------------------------------------------------------------------

function* split(text) {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex, match = TOKEN.exec(text);
    if (!match) throw wrong(`expected a field, a value or a closing quote, got ${JSON.stringify(text.slice(start, start + 20))}`);
    const kind = KINDS.findIndex((_, i) => i > 0 && match[i] !== undefined);
    if (kind > 1) yield { kind: KINDS[kind], text: match[0] };
  }
  yield { kind: "end", text: "" };
}

function parseFilter(text) {
  if (text.length > LONGEST) throw wrong(`a filter of ${text.length} characters; expected at most ${LONGEST}`);
  const tokens = [...split(text)];
  let at = 0;
  const isWord = (...words) => tokens[at].kind === "word" && words.includes(tokens[at].text.toLowerCase());
  const accept = (sign) => tokens[at].kind === "sign" && tokens[at].text === sign && Boolean(++at);
  const fail = (expected) => {
    throw wrong(`expected ${expected}, got ${tokens[at].text || "the end"} in: ${text.slice(0, 200)}`);
  };
  const joined = (op, read, depth) => {
    const of = [read(depth + 1)];
    while (isWord(op)) {
      at++;
      of.push(read(depth + 1));
    }
    return of.length === 1 ? of[0] : { op, of };
  };
  const all = (depth) => joined("or", (d) => joined("and", term, d), depth);
  function term(depth) {
    if (depth > 2 * DEEPEST + 2) fail(`at most ${DEEPEST} filters inside one another`);
    if (isWord("not")) return at++, { op: "not", of: [term(depth + 1)] };
    if (accept("(")) {
      const found = all(depth);
      return accept(")") ? found : fail('")"');
    }
    if (isWord("exists")) return at++, { op: "exists", field: field() };
    const name = field();
    if (isWord("in")) return at++, { op: "in", field: name, value: values() };
    const op = COMPARISONS.find(accept) ?? fail(`a comparison after ${name}`);
    return { op, field: name, value: value() };
  }
  function field() {
    const { kind, text: said } = tokens[at];
    if (kind !== "quoted" && (kind !== "word" || isWord(...KEYWORDS))) fail("a field such as price or attributes.color");
    at++;
    return checkField(kind === "quoted" ? said.slice(1, -1).replaceAll("``", "`") : said);
  }
  function values() {
    const found = [];
    if (!accept("(")) fail('"("');
    while (!accept(")")) {
      if (found.length && !accept(",")) fail('","');
      found.push(value());
    }
    return found;
  }
  function value() {
    const { kind, text: said } = tokens[at];
    const number = kind === "number" ? Number(asciiDigits(said)) : NaN;
    if (kind === "string") return at++, unquote(said.slice(1, -1));
    if (Number.isFinite(number)) return at++, number;
    if (isWord("true", "false")) return at++, said.toLowerCase() === "true";
    return fail('a value: "text" between quotes, a number, true or false');
  }
  const found = all(0);
  return tokens[at].kind === "end" ? checkDepth(found) : fail('"and", "or" or the end');
}

/** Decimal digits of any script stand in runs of ten that begin at a multiple of ten, or nearly so. */
function asciiDigits(text) {
  return text.replace(/\p{Nd}/gu, (digit) => {
    if (digit <= "9") return digit;
    let zero = digit.codePointAt(0);
    while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1)) && digit.codePointAt(0) - zero < 9) zero--;
    return String(digit.codePointAt(0) - zero);
  });
}

const ESCAPES = { '"': '"', "'": "'", "\\": "\\", n: "\n", t: "\t", r: "\r" };
const unquote = (text) =>
  text.replace(/\\(u[0-9a-fA-F]{4}|.)/gsu, (_, sign) => {
    if (sign.length === 5) return String.fromCharCode(parseInt(sign.slice(1), 16));
    if (!(sign in ESCAPES)) throw wrong(`expected one of \\" \\' \\\\ \\n \\t \\r \\uXXXX, got \\${sign}`);
    return ESCAPES[sign];
  });

function checkField(name) {
  const [prefix, ...key] = name.split(".");
  if (PLAIN.includes(name) || (["texts", "attributes", "extras"].includes(prefix) && key.join("."))) return name;
  throw wrong(`expected a field of a product (${PLAIN.join(", ")}, texts, attributes, extras with .KEY), got ${name}`);
}

function checkDepth(tree, depth = 0) {
  if (depth > DEEPEST) throw wrong(`more than ${DEEPEST} filters inside one another`);
  for (const inner of tree.of ?? []) checkDepth(inner, depth + 1);
  return tree;
}

// ----- JSON -> tree, tree -> text -------------------------------------------------------------

const isValue = (value) => ["string", "boolean"].includes(typeof value) || Number.isFinite(value);

function filterFromJson(given, depth = 0) {
  const keys = given && typeof given === "object" ? Object.keys(given).sort().join() : "";
  if (depth <= DEEPEST) {
    if ((keys === "and" || keys === "or") && given[keys]?.length > 1)
      return { op: keys, of: given[keys].map((inner) => filterFromJson(inner, depth + 1)) };
    if (keys === "not") return { op: "not", of: [filterFromJson(given.not, depth + 1)] };
    if (keys === "exists") return { op: "exists", field: checkField(String(given.exists)) };
    if (keys === "field,op,value" && [...COMPARISONS, "in"].includes(given.op)) {
      const { field, op, value } = given;
      if (op === "in" ? Array.isArray(value) && value.every(isValue) : isValue(value))
        return { op, field: checkField(String(field)), value };
    }
  }
  throw wrong(`expected {"and": [...]}, {"or": [...]}, {"not": ...}, {"exists": field} or {"field", "op", "value"}, got ${JSON.stringify(given)?.slice(0, 80)}`);
}

export function formatFilter({ op, field, value, of }) {
  const inner = (tree) => (tree.op === "and" || tree.op === "or" ? `(${formatFilter(tree)})` : formatFilter(tree));
  if (op === "and" || op === "or") return of.map(inner).join(` ${op} `);
  if (op === "not") return `not ${inner(of[0])}`;
  if (op === "exists") return `exists ${writeField(field)}`;
  if (op === "in") return `${writeField(field)} in (${value.map(writeValue).join(", ")})`;
  return `${writeField(field)} ${op} ${writeValue(value)}`;
}

export function readFilter(where) {
  if (where === null || where === undefined || (typeof where === "string" && !where.trim())) return null;
  return typeof where === "string" ? parseFilter(where) : filterFromJson(where);
}

// ----- a tree in the terms of the site's fields -----------------------------------------------

const kindOf = (value) => ({ string: "text", boolean: "truth" })[typeof value] ?? "number";

/** What engines are asked: no "!=", values of the field's kind. `fields`: Map of name -> {field, kind}. */
export function typeFilter(tree, fields) {
  if (tree.of) return { op: tree.op, of: tree.of.map((inner) => typeFilter(inner, fields)) };
  const column = findField(tree.field, fields);
  if (tree.op === "exists") return { op: "exists", field: column.field };
  if (tree.op === "!=") return { op: "not", of: [compare("=", column, tree.value, fields)] };
  if (tree.op !== "in") return compare(tree.op, column, tree.value, fields);
  const byField = new Map();
  for (const value of tree.value) {
    const one = compare("=", column, value, fields);
    byField.set(one.field, [...(byField.get(one.field) ?? []), one.value]);
  }
  const of = Array.from(byField, ([field, value]) => ({ op: "in", field, value }));
  if (of.length < 2) return of[0] ?? { op: "in", field: column.field, value: [] };
  return { op: "or", of };
}

/** The field of that name, keys of attributes in any case. */
export function findField(name, fields) {
  const spelt = name.startsWith("attributes.") ? `attributes.${name.slice(11).toLowerCase()}` : name;
  const found = fields.get(spelt);
  if (found) return found;
  const known = [...fields.keys()].filter((field) => !field.startsWith("#")).slice(0, 12);
  throw wrong(`the site has no field ${name}; there are ${known.join(", ")}`);
}

function compare(op, column, value, fields) {
  const kind = kindOf(value), { field } = column;
  if (kind === "truth" && op !== "=") throw wrong(`${field} ${op} ${value}: only = compares with it`);
  if (kind === column.kind) return { op, field, value };
  const twin = kind === "number" ? fields.get(`#${field}`) : undefined;
  if (!twin) throw wrong(`${field} ${op} ${writeValue(value)}: ${field} holds ${{ text: "text; write it between quotes", number: "numbers; write them without quotes", truth: "true or false" }[column.kind]}`);
  return { op, field: twin.field, value };
}
