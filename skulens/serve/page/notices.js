// What stands in place of results: an error, nothing found, a slow answer.

import { el, icon, products } from "./dom.js";
import { changePart, changed, nameOfField, nameOfValue } from "./state.js";
import { describeClause, parseWhere } from "./where.js";

/** An error with its way out; a busy server's is retried when its time has come. */
export function showProblem(place, problem, app) {
  const again = el("button", { type: "button", class: "button primary", dataset: { focus: "retry" }, on: { click: () => app.search() } }, "Retry");
  const wait = el("p", { class: "soft" });
  const asks = problem.status === 401 && app.back.identify ? [tokenForm(app)] : [wait, again];
  const loads = problem.code === "loading"; // no failure: it has just been started
  place.replaceChildren(
    el("div", { class: loads ? "panel" : "panel bad" }, loads ? null : icon("warning"), el("div", {}, el("h3", {}, problem.title), problem.detail && !loads ? el("p", { class: "detail" }, problem.detail) : null, asks)),
  );
  if (problem.retryAfter) countDown(wait, problem.retryAfter, () => place.contains(wait) && app.search());
  app.say(problem.title);
}

function countDown(place, seconds, done) {
  let left = Math.ceil(seconds);
  const tick = () => {
    if (!place.isConnected) return;
    if (left <= 0) return done();
    place.textContent = `Trying again in ${left} s`;
    left -= 1;
    setTimeout(tick, 1000);
  };
  tick();
}

function tokenForm(app) {
  const field = el("input", { type: "password", class: "field", autocomplete: "off", required: true, id: "token" });
  const send = (event) => {
    event.preventDefault();
    app.back.identify(field.value.trim());
    app.start();
  };
  return el("form", { on: { submit: send } }, el("label", { for: "token" }, "Access token"), field, el("button", { class: "button primary" }, "Continue"));
}

/** Nothing found: what one condition or filter less would bring. */
export function showNone(place, answer, app) {
  const ways = (answer.without ?? []).slice(0, 8).map((one) => ({ one, next: without(app, one) })).filter((w) => w.next);
  const all = app.state.filters.length > 1 || !ways.length;
  place.replaceChildren(
    el("div", { class: "panel" }, el("h3", {}, "No product fits all of this"),
      el("ul", { class: "ways" }, ways.map(({ one, next }) =>
        el("li", {}, el("button", { type: "button", class: "button", on: { click: () => app.commit(next, { focus: "words" }) } }, el("span", {}, "Without ", el("b", {}, textOf(one)), `: ${products(one.products)}`))))),
      all && app.state.filters.length ? el("button", { type: "button", class: "quiet", on: { click: () => app.commit(changed(app.state, { filters: [] }), { focus: "words" }) } }, "Clear all filters") : null,
      !ways.length && !app.state.filters.length ? el("button", { type: "button", class: "quiet", on: { click: () => app.commit(app.read({}), { focus: "words" }) } }, "Start over") : null),
  );
}

/** "price up to 30" for a filter, the server's own words for others. */
function textOf(one) {
  if (one.kind !== "filter") return one.text;
  return parseWhere(one.text).map((clause) => describeClause(clause, nameOfField, nameOfValue)).join(", ");
}

function without(app, one) {
  const { state, asked } = app;
  if (one.kind === "filter") return changed(state, { filters: parseWhere(one.where ?? "") });
  if (one.kind !== "fact" || !Number.isInteger(one.condition)) return null;
  const part = asked.places[asked.body.conditions?.[one.condition]?.part];
  return part >= 0 ? changePart(state, part, { key: "", not: false }) : null;
}
