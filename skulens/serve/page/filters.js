// Facets with counts: a column where there is room, else a sheet.

import { closeDialog, closeOutside, el, fill, language, later, number, openDialog, products, write } from "./dom.js";
import { foundOf } from "./results.js";
import { capital, changed, chosenOf, facetsOf, nameOfField, nameOfValue, rangeOf, rangesOf, setRange, toggleValue } from "./state.js";

const SHORT = 8; // values shown of a facet until one asks for more
const WIDE = matchMedia("(min-width: 1280px)");

/** The filters. Returns {open()}: show them, wherever they are. */
export function mountFilters(app) {
  const at = (id) => document.getElementById(id);
  const [side, panel, sheet, button, foot] = ["side", "filters", "filter-sheet", "open-filters", "show-results"].map(at);
  const body = sheet.querySelector(".body");
  const groups = [...rangesOf(app.about).map((f) => makeRange(f, app)), ...facetsOf(app.about).map((f) => makeFacet(f, app))];
  const first = groups.findIndex((g) => g.field === "category");
  if (first > 0) groups.unshift(...groups.splice(first, 1));
  panel.replaceChildren(...groups.map((g) => g.node));
  side.hidden = button.hidden = !groups.length;
  document.body.classList.toggle("no-filters", !groups.length);

  const settle = () => {
    if (WIDE.matches) closeDialog(sheet);
    (WIDE.matches ? side : body).append(panel);
  };
  WIDE.addEventListener("change", settle);
  settle();
  closeOutside(sheet);
  foot.addEventListener("click", () => closeDialog(sheet));
  sheet.querySelector(".close").addEventListener("click", () => closeDialog(sheet));
  at("clear-filters").addEventListener("click", () => app.commit(changed(app.state, { filters: [] })));
  const open = () => {
    if (!groups.length) return;
    if (WIDE.matches) panel.querySelector("input, button")?.focus();
    else openDialog(sheet);
  };
  button.addEventListener("click", open);

  const render = () => {
    for (const group of groups) group.render(app.state, app.answer?.facets?.[group.field]);
    const chosen = app.state.filters.reduce((sum, f) => sum + (f.values?.length ?? 1), 0);
    write(button.querySelector(".number"), chosen ? String(chosen) : "");
    button.setAttribute("aria-label", chosen ? `Filters, ${chosen} chosen` : "Filters");
    at("clear-filters").hidden = !chosen;
  };
  app.on("state", render);
  app.on("answer", (answer) => {
    render();
    const found = app.asked ? foundOf(answer, app.asked) : app.about.products;
    write(foot, found ? `Show ${products(found)}` : "No products");
  });
  return { open };
}

// ----- values ---------------------------------------------------------------------------------

function makeFacet({ field, values }, app) {
  const list = el("ul", { class: "values" });
  const more = el("button", { type: "button", class: "quiet", dataset: { focus: `more:${field}` }, "aria-expanded": "false" });
  const node = el("fieldset", { class: "facet" }, el("legend", {}, capital(nameOfField(field))), list, more);
  const about = values.map((v) => v.value);
  let whole = false;
  let last;
  more.addEventListener("click", () => {
    whole = !whole;
    render(...last);
  });

  function render(state, counts) {
    last = [state, counts];
    const chosen = chosenOf(state, field);
    const found = new Map((counts ?? (app.asked ? [] : values)).map((v) => [v.value, v.count]));
    const all = [...new Set([...about, ...found.keys(), ...chosen])].filter((v) => found.get(v) || chosen.includes(v));
    // What is chosen must not hide behind "Show all"; the others keep their places.
    const kept = new Set(all.filter((v, i) => whole || i < SHORT || chosen.includes(v)));
    fill(list, all.filter((v) => kept.has(v)), String, (value) => makeValue(field, value, app), (item, value) => {
      item.querySelector("input").checked = chosen.includes(value);
      const count = found.get(value) ?? 0;
      write(item.querySelector(".count"), number(count));
    });
    node.hidden = !all.length;
    more.hidden = all.length <= SHORT;
    more.setAttribute("aria-expanded", String(whole));
    write(more, whole ? "Show fewer" : `Show all ${all.length}`);
  }
  return { field, node, render };
}

function makeValue(field, value, app) {
  const toggle = () => app.commit(toggleValue(app.state, field, value));
  const input = el("input", { type: "checkbox", dataset: { focus: `value:${field}:${value}` }, on: { change: toggle } });
  return el("li", {}, el("label", {}, input, el("span", { class: "value", dir: "auto" }, nameOfValue(field, value, language())), el("span", { class: "count" })));
}

// ----- ranges ---------------------------------------------------------------------------------

function makeRange({ field, least, most }, app) {
  const low = Math.floor(least);
  const high = Math.ceil(most);
  const name = capital(nameOfField(field));
  const step = high - low > 20 ? 1 : 0.01;
  const slider = (end) => el("input", { type: "range", min: low, max: high, step, "aria-label": `${name} ${end}`, dataset: { focus: `slide:${field}:${end}` } });
  const box = (end) => el("input", { type: "number", class: "field", min: 0, step: "any", inputmode: "decimal", placeholder: end === "from" ? low : high, id: `${field}-${end}`, dataset: { focus: `box:${field}:${end}` } });
  const [from, to] = [slider("from"), slider("to")];
  const [fromBox, toBox] = [box("from"), box("to")];
  const track = el("div", { class: "track" }, from, to);
  const node = el("fieldset", { class: "facet range" }, el("legend", {}, name), track,
    el("div", { class: "ends" }, el("label", { for: fromBox.id }, "From"), fromBox, el("label", { for: toBox.id }, "to"), toBox));

  const commit = (typing, a, b) => app.commit(setRange(app.state, field, a, b), { typing });
  const slide = () => {
    const [a, b] = [Number(from.value), Number(to.value)].sort((x, y) => x - y);
    return [a > low ? a : null, b < high ? b : null];
  };
  const sliding = later(() => commit(`slide ${field}`, ...slide()), 150);
  for (const input of [from, to]) {
    input.addEventListener("input", () => {
      paint(...slide());
      sliding();
    });
    input.addEventListener("change", () => {
      sliding.stop();
      commit(`slide ${field}`, ...slide());
    });
    input.addEventListener("blur", app.settle);
  }
  const typed = (input) => (input.value.trim() === "" || !Number.isFinite(input.valueAsNumber) ? null : input.valueAsNumber);
  for (const input of [fromBox, toBox]) input.addEventListener("change", () => commit("", typed(fromBox), typed(toBox)));

  function paint(a, b) {
    const share = (x) => `${(100 * (Math.min(Math.max(x, low), high) - low)) / (high - low)}%`;
    track.style.setProperty("--from", share(a ?? low));
    track.style.setProperty("--to", share(b ?? high));
  }

  function render(state) {
    const { from: a, to: b } = rangeOf(state, field);
    from.value = a ?? low;
    to.value = b ?? high;
    fromBox.value = a ?? "";
    toBox.value = b ?? "";
    paint(a, b);
  }
  return { field, node, render };
}
