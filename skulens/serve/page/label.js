// Reading the label of a catalogue picture: what it says, what that proves, and where it stands.
import { el, icon, write } from "./dom.js";
import { capital, nameOfField } from "./state.js";

const VERDICTS = {
  VC: ["same", "the picture shows it"],
  VI: ["differs", "the picture says otherwise"],
  U: ["plain", "cannot be checked"],
};
const SOURCES = { bars: "bar code", ocr: "label", vlm: "model", seller: "catalogue", truth: "truth" };

/** What a claim says, and where: quads by the number of the view that they are on; null: of the one that was read. */
export function readClaim({ field, value, unit, verdict, evidence = [] }) {
  const places = new Map();
  for (const { quad, view = null } of evidence) if (quad) places.set(view, [...(places.get(view) ?? []), quad]);
  return {
    name: capital(nameOfField(field.replace(/^(identifiers|free)\./, ""))).replaceAll(".", ": "),
    text: [value ?? "not visible", unit].filter(Boolean).join(" "),
    source: [...new Set(evidence.map((one) => SOURCES[one.source] ?? one.source))].join(", "),
    verdict: verdict?.label ?? verdict,
    quote: [...new Set(evidence.map((one) => one.quote).filter(Boolean))].join(" / "),
    places,
  };
}

/** Source and verdict in words. */
export function sayVerdict({ source, verdict }) {
  const [kind, says] = VERDICTS[verdict] ?? ["plain", ""];
  return el("span", { class: `source ${kind}` }, kind === "same" ? icon("check") : null, [source, says].filter(Boolean).join(", "));
}

/** A button, so that keys reach it: quads are drawn on a view while it has the focus or the pointer. */
export function makeMarker(viewer, { view, quads, size, list, ...given }, ...children) {
  const draw = () => viewer.mark(view, quads, size);
  const clear = () => { if (!list.contains(document.activeElement)) viewer.clear(); };
  const on = { focus: draw, click: draw, pointermove: draw, blur: clear, pointerleave: clear };
  return el("button", { type: "button", ...given, on }, ...children);
}

export class LabelReader {
  constructor(app, product, viewer) {
    Object.assign(this, { app, product, viewer });
    this.button = el("button", { class: "button", type: "button", dataset: { focus: "sheet:read" }, on: { click: () => this.read() } }, "Read the label");
    this.said = el("p", { class: "help", role: "status" });
    this.found = el("ul", { class: "evidence" });
    this.node = el("div", { class: "label" }, this.button, this.said, this.found);
  }

  async read() {
    if (this.button.getAttribute("aria-busy") === "true") return;
    const view = this.viewer.at;
    this.button.setAttribute("aria-busy", "true");
    write(this.said, "Reading …");
    try {
      this.show(await this.app.back.read({ product: this.product.id, view }), view);
    } catch (error) {
      write(this.said, [error.title, error.detail].filter(Boolean).join(": ") || error.message);
    }
    this.button.setAttribute("aria-busy", "false");
  }

  show(answer, view) {
    const size = answer.pictures?.[0] ?? { width: this.viewer.image.naturalWidth, height: this.viewer.image.naturalHeight };
    const rows = rowsOf(answer);
    if (rows.length) this.viewer.hold();
    write(this.said, rows.length ? `${rows.length} found; move through them to see where each stands.` : "Nothing can be read on this picture.");
    this.found.replaceChildren(...rows.map((row) => this.makeRow(row, view, size)));
    this.found.querySelector("button")?.focus();
  }

  makeRow(row, view, size) {
    const marker = { view, quads: row.quads, size, list: this.found, class: "fact" };
    return el("li", {}, makeMarker(this.viewer, marker,
      el("span", { class: "name" }, row.name), el("span", { class: "text" }, row.text), sayVerdict(row)));
  }
}

/** Bar codes, claims, then the lines that none of them rests on. */
function rowsOf({ bars = [], claims = [], lines = [] }) {
  const rows = bars.map((bar) => ({ name: bar.symbology || "Bar code", text: bar.gtin || bar.text, source: SOURCES.bars, quads: [bar.quad].filter(Boolean) }));
  for (const claim of claims) {
    const read = readClaim(claim);
    rows.push({ ...read, quads: [...read.places.values()].flat() });
  }
  const used = new Set(claims.flatMap((claim) => claim.evidence ?? []).map((one) => String(one.quad)));
  const rest = lines.filter((line) => !used.has(String(line.quad)));
  return [...rows, ...rest.map((line) => ({ name: "Label says", text: line.text, source: "", quads: [line.quad].filter(Boolean) }))];
}
