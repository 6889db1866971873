// Photos of the shopper: kept in this browser by their sha256, never in an address.
// Original bytes are sent: a browser's resizing would change the vectors.
import { sha256 } from "./sha256.js";

const KINDS = ["image/jpeg", "image/png", "image/webp"];
const MOST = 100; // photos kept; the oldest go first
const MOST_WRITTEN = 16; // data URIs held in memory
const kept = { photos: new Map(), vectors: new Map() }; // all there is where IndexedDB is closed to us
const written = new Map(); // id -> promise of a data URI
let opening = null;

/** What an input lists: iPhones then convert HEIC. */
export const ACCEPT = KINDS.join(",");

/**
 * Keep a photo.
 * @returns {Promise<string>} its id: the first 16 hexadecimal digits of its sha256.
 * @throws {Error} for what this browser cannot show; says what to do.
 */
export async function keepPhoto(blob, name = blob.name || "photo") {
  const size = await measure(blob, name);
  const data = await blob.arrayBuffer();
  const type = sniff(new Uint8Array(data, 0, Math.min(12, data.byteLength)));
  if (!type) throw new Error(`${name} is ${blob.type || "of an unknown kind"}; expected JPEG, PNG or WebP`);
  const id = (await sha256(data)).slice(0, 16);
  const photo = { id, name, type, ...size, blob: new Blob([data], { type }), added: Date.now() };
  kept.photos.set(id, { ...kept.photos.get(id), ...photo });
  await store("photos", photo);
  await forgetOldest();
  return id;
}

/**
 * A photo that is here, or what a link brought in its place.
 * @returns {Promise<?{id, name, width, height, bytes, url, vector, maker}>} url is empty, and vector
 *   there, where only its vector is known; null: this browser has neither.
 */
export async function findPhoto(id, region = null) {
  const photo = await load("photos", id);
  if (photo) {
    photo.url ??= URL.createObjectURL(photo.blob);
    const { name, width, height, url, type } = photo;
    return { id, name, width, height, url, type, bytes: photo.blob.size };
  }
  const held = await load("vectors", keyOf(id, region));
  return held && { id, name: "photo of a link", width: 0, height: 0, bytes: 0, url: "", ...held };
}

/** What a request's item takes for a part; null where this browser does not have it. */
export async function givePhoto({ id, region }) {
  const photo = await load("photos", id);
  if (photo) {
    if (written.size > MOST_WRITTEN) written.clear();
    if (!written.has(id)) written.set(id, encode(photo.blob));
    return { image: await written.get(id), ...(region ? { region } : {}) };
  }
  const held = await load("vectors", keyOf(id, region));
  return held && { vector: held.vector, maker: held.maker };
}

/** Keep the vector of a photo that is not here: of its region, where it has one. */
export async function keepVector({ id, region = null, vector, maker }) {
  const held = { key: keyOf(id, region), vector, maker };
  kept.vectors.set(held.key, held);
  await store("vectors", held);
}

const keyOf = (id, region) => (region ? `${id}:${region.join(".")}` : id);

function encode(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** Width and height of the upright original, in pixels. */
async function measure(blob, name) {
  try {
    const picture = await createImageBitmap(blob, { imageOrientation: "from-image" });
    const size = { width: picture.width, height: picture.height };
    picture.close();
    return size;
  } catch {
    throw new Error(`${name} cannot be read as a picture; expected JPEG, PNG or WebP`);
  }
}

/** The type by the first bytes: what is dropped or pasted may come without one, or a wrong one. */
function sniff(head) {
  const text = String.fromCharCode(...head);
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("\x89PNG")) return "image/png";
  return text.startsWith("RIFF") && text.slice(8, 12) === "WEBP" ? "image/webp" : "";
}

// ----- IndexedDB ------------------------------------------------------------------------------

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("skulens", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("photos", { keyPath: "id" }).createIndex("added", "added");
      request.result.createObjectStore("vectors", { keyPath: "key" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** The result of one request; undefined where the browser keeps nothing (private windows). */
async function ask(name, mode, make) {
  try {
    const request = make((await open()).transaction(name, mode).objectStore(name));
    return await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } catch {
    return undefined;
  }
}

const store = (name, value) => ask(name, "readwrite", (held) => held.put(value));

async function load(name, key) {
  if (!kept[name].has(key)) {
    const found = await ask(name, "readonly", (held) => held.get(key));
    if (!found) return null;
    kept[name].set(key, found);
  }
  return kept[name].get(key);
}

async function forgetOldest() {
  const count = await ask("photos", "readonly", (held) => held.count());
  if (!(count > MOST)) return;
  const old = await ask("photos", "readonly", (held) => held.index("added").getAllKeys(null, count - MOST));
  for (const id of old ?? []) await ask("photos", "readwrite", (held) => held.delete(id));
}
