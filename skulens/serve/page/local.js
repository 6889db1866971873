// The page's back end on a published site: answers as the server's, made in the browser.

import { Columns } from "./columns.js";
import { fetchFile, problem } from "./files.js";
import { countBytes, onIntent } from "./intent.js";

const BASE = new URL("../", import.meta.url);
const SIBLINGS = 24, ALWAYS = ["id", "title", "gtin", "spu"];
const CONTROL_MS = 3000;
const MOST_KNOWN = 16; // photos whose vectors are held, each with its bytes: as many as one search may have
const UNREADABLE = "A picture cannot be read";
const NEEDED = ["ort.js", "runtime.bin", "encoder.onnx", "preprocess.json"];

/** The first result of a function, for all calls; after a failure the next call tries again. */
function once(make) {
  let held;
  return () => (held ??= make().catch((error) => {
    held = undefined;
    throw error;
  }));
}

/** Modules that only a search needs; they come while the page is read. */
const engine = once(async () => {
  const made = await Promise.all(["asking", "find", "planes", "titles"].map((name) => import(`./${name}.js`)));
  return Object.assign({}, ...made);
});

const text = (data) => new TextDecoder().decode(data);
const manifest = once(async () => JSON.parse(text(await fetchFile(BASE, "manifest.json"))));
const file = async (name) => fetchFile(BASE, name, (await manifest()).files[name]);

const site = once(async () => {
  const told = await manifest();
  const [data, titles, thumbs] = await Promise.all(["columns.bin", "titles.txt", "thumbs.bin"].map(file));
  const columns = new Columns(data, told.fields, told.products ? text(titles).split("\n") : []);
  return { told, columns, column: told.column, thumbs: new Uint8Array(thumbs), words: wordVectors };
});

const planes = once(async () => {
  const { column } = await manifest();
  if (!column) return null;
  const [{ Planes }, high, low, scales] = await Promise.all([engine(), ...["vectors.i8", "residual.i8", "scales.f32"].map(file)]);
  return new Planes(high, low, scales, column.dim);
});

const titles = once(async () => {
  const [{ Titles }, { columns }] = await Promise.all([engine(), site()]);
  return new Titles(columns.titles);
});

/** Map of text -> vector, as it is written and folded. */
const wordVectors = once(async () => {
  const { files, column } = await manifest(), found = new Map();
  if (!files["words.f32"]) return found;
  const [{ fold }, texts, data] = await Promise.all([engine(), file("words.json"), file("words.f32")]);
  const vectors = new Float32Array(data);
  JSON.parse(text(texts)).forEach((one, n) => {
    const vector = vectors.subarray(n * column.dim, (n + 1) * column.dim);
    if (!found.has(fold(one))) found.set(fold(one), vector);
    found.set(one, vector);
  });
  return found;
});

// ----- encoder --------------------------------------------------------------------------------

let worker, last = 0;
const waiting = new Map(), watchers = new Set(), known = new Map();

function ask(message, onProgress) {
  if (!worker) {
    worker = new Worker(new URL("encoder.worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      const { resolve, reject, onProgress: report } = waiting.get(data.id) ?? {};
      if (data.loaded !== undefined) return report?.(data);
      waiting.delete(data.id);
      return data.failed ? reject?.(problem(data.failed.status, data.failed.title, data.failed.detail)) : resolve?.(data);
    };
    worker.onerror = (event) => {
      for (const { reject } of waiting.values()) reject(problem(500, "Photos cannot be read here", `${event.message ?? "the encoder stopped"}; search with products of the shop`));
      waiting.clear();
      worker.terminate();
      worker = undefined;
      encoder = once(openEncoder);
    };
  }
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject, onProgress });
    worker.postMessage({ id: last, ...message });
  });
}

const tell = (progress) => watchers.forEach((report) => report(progress));

async function openEncoder() {
  const { files, photos } = await manifest();
  if (!photos) throw problem(501, "Not on this site", "it was published without search by photo; use a product of the shop");
  await Promise.race([controlled(), new Promise((done) => setTimeout(done, CONTROL_MS))]);
  await ask({ load: { base: BASE.href, files } }, tell).catch((failed) => {
    tell({ failed });
    throw failed;
  });
  tell({ ready: true });
  keep(NEEDED.map((name) => new URL(`${name}?${files[name].sha256.slice(0, 16)}`, BASE).href));
  return true;
}
let encoder = once(openEncoder);

/** float32 vector of a part {image, region} of an item's place; the same photo is not embedded twice. */
async function embed({ image, region }, place) {
  const key = `${image}${region ?? ""}`;
  if (!known.has(key)) {
    const photo = readDataUri(image);
    await encoder();
    const { vector } = await ask({ photo, region }).catch((error) => {
      throw Object.assign(error, error.title === UNREADABLE ? { code: "bad-picture", part: place } : {});
    });
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value);
    known.set(key, vector);
  }
  return known.get(key);
}

/** The bytes of data:image/...;base64, which a policy would not let `fetch` read. */
function readDataUri(given) {
  const head = /^data:(image\/[\w.+-]+);base64,/.exec(given ?? "");
  if (!head) throw problem(422, "A picture cannot be read", `expected data:image/jpeg;base64,..., got ${String(given).slice(0, 40)}`);
  try {
    return new Blob([Uint8Array.from(atob(given.slice(head[0].length)), (c) => c.charCodeAt(0))], { type: head[1] });
  } catch {
    throw problem(422, "A picture cannot be read", "the picture is not base64");
  }
}

// ----- offline --------------------------------------------------------------------------------

/** Ask the service worker to keep what was loaded before it was there. */
async function keep(urls) {
  const ready = await globalThis.navigator?.serviceWorker?.ready;
  ready?.active?.postMessage({ keep: urls });
}

/** Once a service worker sees what is loaded, nothing has to be loaded a second time to be kept. */
async function controlled() {
  const workers = globalThis.navigator?.serviceWorker;
  if (!workers || workers.controller || !(await workers.getRegistration(BASE.href))) return;
  await new Promise((done) => workers.addEventListener("controllerchange", done, { once: true }));
}

async function goOffline() {
  if (!globalThis.navigator?.serviceWorker || !globalThis.document) return;
  try {
    await navigator.serviceWorker.register(new URL("sw.js", BASE), { scope: BASE.pathname });
    await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    await keep(loaded.filter((url) => url.startsWith(BASE.href)));
  } catch {
    // A plain http address, or a browser that forbids it: the site works, with network.
  }
}
if (document.documentElement.dataset.backend === "local") {
  goOffline();
  watchers.add(countBytes(document));
  onIntent(document, () => encoder().catch(() => {})); // the line above the products says what failed
  (globalThis.requestIdleCallback ?? setTimeout)(() => engine().catch(() => {}));
}

// ----- answers --------------------------------------------------------------------------------

const pad = (n) => String(n).padStart(3, "0");

function thumbnailOf({ told, thumbs }, row) {
  return thumbs[row] ? `thumbs/${pad(Math.floor(row / told.page))}/${pad(row % told.page)}.webp` : "";
}

const about = once(async () => JSON.parse(text(await file("about.json"))).about);

async function search(body, { signal } = {}) {
  const began = performance.now();
  const [{ Search, askColumn, readBody }, held] = await Promise.all([engine(), site()]);
  const request = readBody(body);
  if (!request.browse) held.planes = await planes();
  if (request.said.length) held.titles = await titles();
  signal?.throwIfAborted();
  const asked = await askColumn(held, request, embed);
  signal?.throwIfAborted();
  const read = performance.now(), one = new Search(held, request, asked);
  const candidates = one.find();
  const searched = performance.now();
  one.note();
  const { columns } = held, page = candidates.slice(request.offset, request.offset + request.k);
  const hits = page.map((candidate, n) => ({
    rank: request.offset + n + 1, id: columns.ids[candidate.row], score: candidate.score,
    fields: columns.fieldsOf(candidate.row), others: candidate.others, why: one.explain(candidate), thumbnail: thumbnailOf(held, candidate.row),
  }));
  const facets = one.facets(), ended = performance.now();
  return {
    hits, candidates: candidates.length, known: null, legs: one.legs, facets, notes: one.notes,
    took_s: { total: (ended - began) / 1000, read: (read - began) / 1000, search: (searched - read) / 1000, explain: (ended - searched) / 1000 },
    ...(request.give_vectors && asked ? { vectors: { [held.column.name]: [...asked.vector] } } : {}),
    ...(body.counts ? { counts: { matching: columns.count(one.mask), total: columns.size } } : {}),
    ...(request.without && !hits.length ? { without: candidates.length ? [] : one.without() } : {}),
  };
}

const card = (held, row) => ({ id: held.columns.ids[row], fields: held.columns.fieldsOf(row), thumbnail: thumbnailOf(held, row) });

/** Products that differ, as the shop chose them when it was published. */
async function browse(k = 12) {
  const held = await site(), { varied } = JSON.parse(text(await file("about.json")));
  return { products: varied.slice(0, k).map((id) => card(held, held.columns.rowOf(id))) };
}

async function product(id) {
  const held = await site(), { columns, told } = held, row = columns.rowOf(id);
  if (row < 0) throw problem(404, "There is no such product", `the site has no product ${id}`);
  const page = JSON.parse(text(await fetchFile(BASE, `products/${pad(Math.floor(row / told.page))}.json`)));
  const { fields, claims } = page[row % told.page], own = columns.fieldsOf(row);
  const siblings = columns.fields.get("spu")?.values && own.spu ? findSiblings(held, row, own) : [];
  const thumbnail = thumbnailOf(held, row);
  return { id, fields, thumbnail, pictures: thumbnail ? [{ url: thumbnail, view: 0 }] : [], siblings, claims };
}

/** Products with the same "spu", and what they have otherwise; null where they lack it. */
function findSiblings(held, row, own) {
  const { columns } = held, mask = columns.mask({ op: "=", field: "spu", value: own.spu }), found = [];
  mask.forEach((one, other) => one && other !== row && found.length < SIBLINGS && found.push(columns.fieldsOf(other)));
  return found.map((fields) => {
    const names = Object.keys({ ...own, ...fields }).filter((name) => !ALWAYS.includes(name) && String(fields[name]) !== String(own[name]));
    const differs = Object.fromEntries(names.map((name) => [name, fields[name] ?? null]));
    return { id: fields.id, title: fields.title ?? "", thumbnail: thumbnailOf(held, columns.rowOf(fields.id)), differs };
  });
}

async function suggest(q, { k = 8 } = {}) {
  const [{ fold, words }, { columns }] = await Promise.all([engine(), site()]), wanted = fold(q.trim()), found = [];
  if (!wanted) return { suggestions: [] };
  for (const { field, kind, values } of columns.fields.values()) {
    if (kind !== "text" || !values || !/^(category|attributes\.)/.test(field)) continue;
    for (const { value, count } of columns.column(field).counts(null, Infinity))
      if (value.length <= 60 && words(value).some((word) => word.startsWith(wanted))) found.push({ text: value, kind: "value", field, count });
  }
  found.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  const several = found.filter(({ text: said }, n) => found.findIndex((other) => other.text === said) === n).slice(0, Math.ceil(k / 2));
  for (const title of columns.titles) {
    if (several.length >= k) break;
    if (fold(title).startsWith(wanted) || words(title).some((word) => word.startsWith(wanted))) several.push({ text: title, kind: "title", field: "title", count: 1 });
  }
  return { suggestions: several };
}

async function read() {
  throw problem(501, "Not on a published site", "print and bar codes are read by a server; see skulens serve");
}

/** Load the encoder now; `report` gets {loaded, total} in bytes, then {ready} or {failed}. */
function intend(report = () => {}) {
  const progress = (given) => given.loaded !== undefined && report(given);
  watchers.add(progress);
  const end = (last) => watchers.delete(progress) && report(last);
  encoder().then(() => end({ ready: true }), ({ title, detail }) => end({ failed: { title, detail } }));
}

export const backend = {
  about, search, product, browse, suggest, read, intend, thumbnail: (hit) => hit.thumbnail,
};
