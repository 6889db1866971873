// The field for words: searches while one types, and suggests.

import { el, later } from "./dom.js";
import { changed, nameOfField, nameOfValue, toggleValue } from "./state.js";

const PAUSE_MS = 250;
const SUGGEST_MS = 120;

/** The combobox of the header. */
export function mountWords(form, app) {
  const input = form.querySelector("input");
  const list = form.querySelector("ul");
  const clear = form.querySelector(".clear");
  if (app.about.can?.words === "titles") input.placeholder = "Search in titles"; // an export has no more
  let shown = [];
  let place = -1;
  let asking = null;

  const type = (typing) => {
    search.stop();
    if (input.value !== app.state.words || !typing) app.commit(changed(app.state, { words: input.value }), { typing });
  };
  const search = later(() => type("words"), PAUSE_MS);
  const suggest = later(async (q) => {
    asking?.abort();
    asking = new AbortController();
    try {
      const found = (await app.back.suggest(q, { signal: asking.signal })).suggestions ?? [];
      if (input.value.trim() === q && document.activeElement === input) show(found);
    } catch {
      show([]); // suggestions are a help, never a failure
    }
  }, SUGGEST_MS);

  function show(found) {
    shown = found;
    list.replaceChildren(...found.map((one, i) =>
      el("li", { role: "option", id: `suggestion-${i}`, "aria-selected": "false", on: { pointerdown: (e) => e.preventDefault(), click: () => choose(one) } },
        el("span", { dir: "auto" }, one.kind === "value" ? nameOfValue(one.field, one.text) : one.text),
        el("span", { class: "soft" }, one.kind === "value" ? `${nameOfField(one.field)}${one.count ? ` · ${one.count}` : ""}` : ""))));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    mark(-1);
  }

  function mark(next) {
    place = next;
    for (const [i, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(i === place));
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", `suggestion-${place}`);
      list.children[place].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    suggest.stop();
    asking?.abort();
    show([]);
  }

  function choose(one) {
    close();
    search.stop();
    if (one.kind === "value") {
      const rest = changed(app.state, { words: "" });
      input.value = "";
      app.commit(toggleValue(rest, one.field, one.text));
    } else {
      input.value = one.text;
      type("");
    }
  }

  input.addEventListener("input", () => {
    clear.hidden = !input.value;
    search();
    if (input.value.trim()) suggest(input.value.trim());
    else close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = shown.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const size = shown.length + 1; // one place is the field itself
      mark(((place + 1 + (event.key === "ArrowDown" ? 1 : -1) + size) % size) - 1);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && open && place >= 0) {
      event.preventDefault();
      choose(shown[place]);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    close();
    type("");
  });
  input.addEventListener("blur", () => {
    close();
    if (app.typing === "words") app.settle();
  });
  clear.addEventListener("click", () => {
    input.value = "";
    close();
    type("");
    input.focus();
  });

  app.on("state", (state) => {
    if (input.value !== state.words && !(document.activeElement === input && app.typing === "words")) {
      search.stop();
      input.value = state.words;
    }
    clear.hidden = !input.value;
  });
}
