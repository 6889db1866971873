// The page: one state, its address and history, and the search that follows every change.

import { focusName, focusOn, later, products } from "./dom.js";
import { mountFilters } from "./filters.js";
import { mountKeys } from "./keys.js";
import { showProblem } from "./notices.js";
import { givePhoto } from "./photos.js";
import { foundOf, mountResults } from "./results.js";
import { mountShare, readFragment } from "./share.js";
import { showSheet } from "./sheet.js";
import { BROWSED, addPart, capital, changed, isEmpty, readUrl, toRequest, writeUrl } from "./state.js";
import { mountTray } from "./tray.js";
import { parseWhere } from "./where.js";
import { mountWords } from "./words.js";

const BAR_MS = 200;
const SLOW_MS = 2000;
const KEPT = 30; // answers kept for Back
const FRESH_MS = 5 * 60 * 1000;
const at = (id) => document.getElementById(id);
const heard = new Map();
const answers = new Map();
let running = null;

const app = {
  state: readUrl(location.search),
  about: null,
  answer: null,
  asked: null, // {body, places} of the answer; null: nothing was asked, the start is shown
  back: null,
  typing: "",
  on: (name, run) => heard.set(name, [...(heard.get(name) ?? []), run]),
  commit,
  search,
  start,
  settle: () => (app.typing = ""),
  undo: () => history.state?.at > 0 && history.back(),
  redo: () => history.forward(),
  use: (id, { not = false } = {}) => commit(addPart(app.state, { kind: "product", id, not }), { focus: focusName() }),
  say: later((sentence) => (at("status").textContent = sentence), 500),
  show: (img, url) => (app.back.show ? app.back.show(img, url) : (img.src = url)),
  read: ({ words = "", where = "" }) => changed(readUrl(""), { words, filters: parseWhere(where) }),
};

const tell = (name, ...given) => (heard.get(name) ?? []).forEach((run) => run(...given));

// ----- changes and history --------------------------------------------------------------------

/**
 * Take a new state: one entry of the history, or one for a whole run of typing.
 *
 * typing: the name of a change that goes on; further ones of that name replace it. focus: name of what has the focus then.
 * quiet: the page stays where it is. then: runs once the answer is shown.
 */
function commit(next, { typing = "", focus = "", quiet = false, then = null } = {}) {
  const before = app.state;
  const url = writeUrl(next);
  if (url === writeUrl(before)) {
    app.typing = typing;
    return;
  }
  const same = Boolean(typing) && app.typing === typing;
  keepPlace();
  const at = (history.state?.at ?? 0) + (same ? 0 : 1);
  const searches = writeUrl({ ...next, product: "" }) !== writeUrl({ ...before, product: "" });
  const place = { at, scroll: scrollY, focus: focus || focusName() };
  history[same || quiet ? "replaceState" : "pushState"](quiet ? { ...place, at: history.state?.at ?? 0 } : place, "", url || location.pathname);
  Object.assign(app, { state: next, typing });
  tell("state", next, before);
  if (focus) focusOn(focus);
  if (searches) search({ top: !quiet, then });
}

const keepPlace = () =>
  history.replaceState({ at: 0, ...history.state, scroll: scrollY, focus: focusName() }, "");
const keepSoon = later(keepPlace, 200);

addEventListener("popstate", () => {
  const before = app.state;
  Object.assign(app, { state: readUrl(location.search), typing: "" });
  const { scroll = 0, focus = "" } = history.state ?? {};
  tell("state", app.state, before);
  search({ then: () => {
    scrollTo({ top: scroll, behavior: "instant" });
    if (!document.querySelector("dialog[open]")) focusOn(focus);
  } });
});

// ----- search ---------------------------------------------------------------------------------

/** Search for what the state says; an older search is given up. */
async function search({ top = false, then = null } = {}) {
  running?.abort();
  const mine = (running = new AbortController());
  const stop = wait(mine);
  try {
    const { state } = app;
    const given = await givePhotos(state);
    const asked = isEmpty(state) ? null : toRequest(state, app.about, given);
    const answer = await askOnce(asked, state, mine.signal, given);
    if (running !== mine) return;
    running = null;
    Object.assign(app, { answer, asked: answer.asked ?? asked });
    const focus = focusName();
    tell("answer", answer, app.asked);
    if (focus && !focusName()) focusOn(focus);
    const found = app.asked ? foundOf(answer, app.asked) : app.about.products;
    app.say(answer.hits.length ? products(found) : "No products");
    if (top) scrollUp();
    then?.();
  } catch (error) {
    if (running !== mine) return;
    running = null;
    if (error.name !== "AbortError") tell("problem", problemOf(error));
  } finally {
    stop();
  }
}

/** The answer, from the cache where it is fresh; a picture that the server refuses is left out. */
async function askOnce(asked, state, signal, given) {
  const key = asked ? nameOf(asked, state) : "null";
  const held = answers.get(key);
  if (held && Date.now() - held.when < FRESH_MS) return held.answer;
  if (!asked) return keep(key, { ...browsed(await app.back.browse(BROWSED)) });
  try {
    const answer = await app.back.search(asked.body, { signal });
    tell("bad", new Map());
    return keep(key, answer);
  } catch (problem) {
    const bad = asked.places[problem.part];
    if (problem.code !== "bad-picture" || !(bad >= 0)) throw problem;
    const others = toRequest(state, app.about, given.map((g, i) => (i === bad ? null : g)));
    tell("bad", new Map([[bad, problem.detail || problem.title]]));
    if (!others.body.item.length) throw problem;
    return { ...(await app.back.search(others.body, { signal })), asked: others };
  }
}

/** What an answer is kept under: its request, photos by their ids, for their bytes would fill the memory. */
const nameOf = ({ body, places }, { parts }) =>
  JSON.stringify({ ...body, item: body.item.map((one, n) => (one.image ? { ...one, image: parts[places[n]].id } : one)) });

function keep(key, answer) {
  answers.set(key, { answer, when: Date.now() });
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  return answer;
}

const browsed = ({ products: found }) => ({ hits: found, facets: null, notes: [], candidates: found.length, known: null });

const givePhotos = (state) =>
  Promise.all(state.parts.map((part) => (part.kind === "photo" ? givePhoto(part) : null)));

const problemOf = (error) =>
  error.title ? error : { status: 0, title: "The page failed", detail: String(error.message ?? error) };

/** A bar after 200 ms, a way out after two seconds. Returns what ends both. */
function wait(controller) {
  const timers = [
    setTimeout(() => document.body.classList.add("busy"), BAR_MS),
    setTimeout(() => (at("slow").hidden = false), SLOW_MS),
  ];
  const cancel = () => {
    controller.abort();
    running = null;
    done();
    at("cancelled").hidden = false;
  };
  const done = () => {
    timers.forEach(clearTimeout);
    at("cancel").removeEventListener("click", cancel);
    if (running && running !== controller) return;
    document.body.classList.remove("busy");
    at("slow").hidden = true;
  };
  at("cancelled").hidden = true;
  at("cancel").addEventListener("click", cancel);
  return done;
}

function scrollUp() {
  const above = at("results").getBoundingClientRect().top - document.querySelector(".top").offsetHeight;
  if (above < 0) scrollBy({ top: above, behavior: "instant" });
}

// ----- start ----------------------------------------------------------------------------------

/** What the server put into the page: {about, browse, request, answer}. */
function readFirst() {
  try {
    return JSON.parse(at("first")?.textContent || "{}");
  } catch {
    return {};
  }
}

async function start() {
  const first = readFirst();
  at("notice").replaceChildren();
  try {
    const local = document.documentElement.dataset.backend === "local";
    app.back ??= (await import(local ? "./local.js" : "./http.js")).backend;
    app.about = first.about ?? (await app.back.about());
    await readFragment(location.hash);
    mount();
  } catch (error) {
    return showProblem(at("notice"), problemOf(error), { ...app, search: start });
  }
  if (first.browse) keep("null", browsed(first.browse));
  if (first.request) keep(JSON.stringify(first.request), first.answer);
  tell("state", app.state, app.state);
  const { scroll = 0, focus = "" } = history.state ?? {};
  search({ then: () => {
    if (scroll) scrollTo({ top: scroll, behavior: "instant" });
    focusOn(focus);
  } });
}

let mounted = false;
function mount() {
  if (mounted) return;
  mounted = true;
  app.name = capital((app.about.name || "Shop").replaceAll("_", " "));
  at("name").textContent = app.name;
  mountResults(app);
  mountWords(at("search"), app);
  const filters = mountFilters(app);
  const tray = mountTray(at("tray"), app);
  mountShare(at("share"), app);
  at("share").hidden = false;
  app.on("state", (state, before) => {
    at("undo").disabled = !(history.state?.at > 0);
    if (state.product !== before.product || (state === before && state.product)) showSheet(app, state.product);
  });
  at("undo").addEventListener("click", app.undo);
  at("again").addEventListener("click", () => search());
  mountKeys(app, { words: () => at("words").focus(), add: tray.add, filters: filters.open });
}

history.scrollRestoration = "manual";
addEventListener("scroll", keepSoon, { passive: true });
addEventListener("focusin", keepSoon);
addEventListener("pagehide", keepPlace);
if (history.state?.at === undefined) keepPlace();
start();
