// Share a search: its link, and its request as curl and as Python. Tokens are never part of either.
import { closeDialog, closeOutside, el, icon, openDialog, write } from "./dom.js";
import { findPhoto, givePhoto, keepVector } from "./photos.js";
import { hasQuery, toRequest, writeUrl } from "./state.js";

const PLACE = "data:image/jpeg;base64,"; // of a photo while its request is written down

export function mountShare(button, app) {
  button.addEventListener("click", () => new Share(app).open());
}

// ----- links with vectors ---------------------------------------------------------------------

/** "v=ID~MAKER~NUMBERS" for each photo: float32, little-endian, base64url. */
function writeFragment(vectors) {
  return vectors.map(({ id, region, vector, maker }) =>
    `v=${[region ? `${id}:${region.join(".")}` : id, maker, pack(vector)].join("~")}`).join("&");
}

/** The vectors of a fragment; what cannot be read is left out. */
function parseFragment(hash) {
  return hash.replace(/^#/, "").split("&").map(readVector).filter(Boolean);
}

/** Keep the vectors of a link, so that its photos can be searched with on this device. */
export async function readFragment(hash) {
  await Promise.all(parseFragment(hash).map(keepVector));
}

function readVector(said) {
  const match = /^v=([0-9a-f]{16})(?::(\d+\.\d+\.\d+\.\d+))?~([\w.-]+)~([\w-]+)$/.exec(said);
  if (!match) return null;
  const [, id, region, maker, numbers] = match;
  try {
    const vector = unpack(numbers);
    return vector.every(Number.isFinite) ? { id, region: region ? region.split(".").map(Number) : null, maker, vector } : null;
  } catch {
    return null; // cut off while it was copied
  }
}

function pack(vector) {
  const view = new DataView(new ArrayBuffer(4 * vector.length));
  vector.forEach((number, i) => view.setFloat32(4 * i, number, true));
  const text = String.fromCharCode(...new Uint8Array(view.buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function unpack(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

// ----- the request in other words -------------------------------------------------------------

/**
 * A request as a shell command.
 * @param {Array<?string>} files the file of each item's photo; null where it has none.
 * @param {boolean} token whether the server wants one; it comes from the environment.
 */
function writeCurl(address, body, files, token = false) {
  // Unquoted, the document runs the commands that read the photos; the rest of it must not be run.
  const text = layOut(withoutPhotos(body, files), JSON_WORDS).replace(/[\\$`]/g, "\\$&");
  const filled = text.replace(/"@photo (\d+)@"/g, (_, n) =>
    `"data:${kindOf(files[n])};base64,$(base64 < ${quoteShell(files[n])} | tr -d '\\n')"`);
  return [
    `curl -sS ${quoteShell(address)} \\`,
    ...(token ? ['  -H "Authorization: Bearer $SKULENS_TOKEN" \\'] : []),
    "  -H 'Content-Type: application/json' --data-binary @- <<JSON",
    filled,
    "JSON",
  ].join("\n");
}

/** A request as Python that needs no package. Arguments: see `writeCurl`. */
function writePython(address, body, files, token = false) {
  const literal = layOut(withoutPhotos(body, files), PYTHON_WORDS)
    .replace(/"@photo (\d+)@"/g, (_, n) => `read_photo(${JSON.stringify(files[n])}, "${kindOf(files[n])}")`);
  const photos = files.some(Boolean);
  return [
    photos && "import base64",
    "import json",
    token && "import os",
    "import urllib.request",
    "",
    ...(photos ? [
      "", "def read_photo(file, kind):", '    with open(file, "rb") as photo:',
      '        return f"data:{kind};base64," + base64.b64encode(photo.read()).decode()', "", "",
    ] : []),
    `body = ${literal}`,
    `request = urllib.request.Request(${JSON.stringify(address)}, json.dumps(body).encode())`,
    'request.add_header("Content-Type", "application/json")',
    token && 'request.add_header("Authorization", "Bearer " + os.environ["SKULENS_TOKEN"])',
    "with urllib.request.urlopen(request) as reply:",
    "    answer = json.load(reply)",
    'for hit in answer["hits"]:',
    '    print(hit["rank"], hit["id"], round(hit["score"], 3))',
  ].filter((line) => line !== false && line !== undefined).join("\n");
}

/** A photo's place says which file it is: it can hold nothing that a shell or Python would run. */
const withoutPhotos = (body, files) => ({
  ...body, item: body.item.map((part, n) => (files[n] ? { ...part, image: `@photo ${n}@` } : part)),
});

const quoteShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const kindOf = (file) =>
  /\.png$/i.test(file) ? "image/png" : /\.webp$/i.test(file) ? "image/webp" : "image/jpeg";

const JSON_WORDS = { null: "null", true: "true", false: "false", end: "" };
const PYTHON_WORDS = { null: "None", true: "True", false: "False", end: "," };

/** A JSON value over lines of a readable length; lists of numbers are one line. */
function layOut(value, words, indent = "") {
  if (value === null || typeof value === "boolean") return words[value];
  if (typeof value !== "object") return JSON.stringify(value);
  const many = Array.isArray(value);
  const inner = `${indent}    `;
  const rows = many ? value.map((one) => layOut(one, words, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${layOut(one, words, inner)}`);
  const [left, right] = many ? "[]" : "{}";
  const line = left + rows.join(", ") + right;
  if (!line.includes("@photo") && (line.length + indent.length < 80 || typeof value[0] === "number")) return line;
  return `${left}\n${rows.map((row) => inner + row).join(",\n")}${words.end}\n${indent}${right}`;
}

// ----- dialog ---------------------------------------------------------------------------------

class Share {
  constructor(app) {
    this.app = app;
    this.body = el("div", { class: "shared" });
    this.dialog = el("dialog", { class: "box share", "aria-labelledby": "share-title" },
      el("header", {}, el("h2", { id: "share-title" }, "Share this search"), el("button", {
        class: "button close", type: "button", "aria-label": "Close", on: { click: () => closeDialog(this.dialog) },
      }, icon("close"))),
      this.body);
    closeOutside(this.dialog);
  }

  async open() {
    const { app } = this;
    this.photos = await this.findPhotos();
    this.link = new URL(writeUrl(app.state) || location.pathname, location.href.split("#")[0]).href;
    const linked = new Copied("Link", this.link);
    this.body.append(linked.node);
    if (this.photos.length) this.body.append(this.askForPhotos(linked));
    if (app.back.address && hasQuery(app.state)) this.body.append(...(await this.writeRequests()));
    document.body.append(this.dialog);
    openDialog(this.dialog, { onclose: () => this.dialog.remove() });
    linked.button.focus();
  }

  /** Photos of this device, each region once, and vectors that came with a link. */
  async findPhotos() {
    const found = new Map();
    for (const part of this.app.state.parts.filter(({ kind }) => kind === "photo")) {
      const photo = await findPhoto(part.id, part.region);
      if (photo) found.set(`${part.id}:${part.region}`, { ...photo, region: part.region });
    }
    return [...found.values()];
  }

  async writeRequests() {
    const { app } = this;
    const { state } = app;
    const held = await Promise.all(state.parts.map((part) => (part.kind === "photo" ? findPhoto(part.id, part.region) : null)));
    const given = state.parts.map((part, i) => {
      if (!held[i]) return null;
      const { url, vector, maker } = held[i];
      return url ? { image: PLACE, ...(part.region ? { region: part.region } : {}) } : { vector, maker };
    });
    const { body, places } = toRequest(state, app.about, given);
    const files = places.map((i, n) => (body.item[n].image === PLACE ? fileOf(held[i]) : null));
    const written = [
      new Copied("curl", writeCurl(app.back.address, body, files, app.back.token)),
      new Copied("Python", writePython(app.back.address, body, files, app.back.token)),
    ];
    const says = files.some(Boolean) && el("p", { class: "help" },
      `Run it in the folder of ${[...new Set(files.filter(Boolean))].join(", ")}.`);
    return [...written.map(({ node }) => node), says].filter(Boolean);
  }

  /** The photo's vector goes into the link only after a second, informed press. */
  askForPhotos(linked) {
    const many = this.photos.length > 1;
    const size = this.photos[0].vector?.length ?? this.app.about?.columns?.find(readsPhotos)?.dim;
    const said = el("p", {}, `The link says which catalogue pictures, words and filters were used. Your ${many ? "photos stay" : "photo stays"} on this device.`);
    const trouble = el("p", { class: "warning", role: "alert" });
    trouble.hidden = true;
    const yes = el("button", {
      class: "button primary", type: "button", on: { click: () => this.addPhotos(linked, box, trouble) },
    }, many ? "Put the vectors into the link" : "Put the vector into the link");
    const no = el("button", { class: "button", type: "button", on: { click: () => turn(false) } }, many ? "Keep them here" : "Keep it here");
    const question = el("div", { class: "question", role: "group", "aria-label": "Share with my photo" },
      el("p", {}, `The link then holds ${many ? `a vector of each of the ${this.photos.length} photos` : "your photo's vector"}: ` +
        `${size ? `${size} numbers` : "numbers"} that say what ${many ? "they look" : "it looks"} like, without the picture. Whoever has ` +
        `the link can search with ${many ? "them, and learn roughly what they show" : "it, and learn roughly what it shows"}.`),
      el("div", { class: "does" }, yes, no));
    const more = el("button", { class: "button", type: "button", on: { click: () => turn(true) } },
      many ? "Share with my photos" : "Share with my photo");
    const turn = (asked) => {
      question.hidden = !asked;
      more.hidden = asked;
      (asked ? yes : more).focus();
    };
    question.hidden = true;
    const box = el("div", { class: "withphoto" }, said, more, question, trouble);
    return box;
  }

  async addPhotos(linked, box, trouble) {
    try {
      const vectors = await Promise.all(this.photos.map((photo) => this.vectorOf(photo)));
      linked.set(`${this.link.split("#")[0]}#${writeFragment(vectors)}`);
      box.replaceChildren(el("p", {}, icon("check"), vectors.length > 1 ? "The link holds the vectors of your photos." : "The link holds the vector of your photo."));
      linked.button.focus();
    } catch (error) {
      trouble.hidden = false;
      write(trouble, `The vector could not be made: ${error.detail || error.title || error.message}`);
    }
  }

  /** @returns {Promise<{id, region, vector, maker}>} as the first column made of pictures has it. */
  async vectorOf({ id, region, vector, maker }) {
    if (vector) return { id, region, vector, maker };
    const item = [await givePhoto({ id, region })];
    const { vectors } = await this.app.back.search({ item, k: 1, details: false, give_vectors: true }, {});
    const columns = this.app.about.columns.filter((one) => readsPhotos(one) && vectors?.[one.name]);
    const column = columns.find((one) => one.made_from === "image") ?? columns[0];
    if (!column) throw new Error("this catalogue's encoders read no pictures");
    return { id, region, vector: vectors[column.name], maker: column.maker };
  }
}

const readsPhotos = (column) => column.modalities?.includes("image");

/** A file name that says what the bytes are, whatever the photo was called. */
function fileOf({ name, type }) {
  const end = { "image/png": "png", "image/webp": "webp" }[type] ?? "jpg";
  const stem = name.replace(/[\0-\x1f/\\]/g, "_");
  return new RegExp(end === "jpg" ? "\\.jpe?g$" : `\\.${end}$`, "i").test(stem) ? stem : `${stem}.${end}`;
}

/** A text to copy, and its button. */
class Copied {
  constructor(name, text) {
    const id = `share-${name.toLowerCase()}`;
    this.text = name === "Link" ? el("input", { class: "field", id, readonly: true, value: text, on: { focus: () => this.text.select() } })
      : el("pre", { id, tabindex: "0", role: "region", "aria-label": name }, text);
    this.button = el("button", { class: "button", type: "button", on: { click: () => this.copy() } }, `Copy${name === "Link" ? " link" : ""}`);
    this.name = name;
    this.node = el("section", { class: `copied ${name.toLowerCase()}` },
      el("div", { class: "line" }, el(name === "Link" ? "label" : "h3", name === "Link" ? { for: id } : {}, name), this.button), this.text);
  }

  get value() {
    return this.text.value ?? this.text.textContent;
  }

  set(text) {
    this.text.value = text;
    write(this.button, "Copy link");
  }

  /** By the clipboard, or selected for Ctrl+C where the browser has none (http:// on a local network). */
  async copy() {
    try {
      await navigator.clipboard.writeText(this.value);
      write(this.button, "Copied");
    } catch {
      if (this.text.select) this.text.select();
      else getSelection().selectAllChildren(this.text);
      this.text.focus();
      write(this.button, "Press Ctrl+C");
    }
  }
}
