"use strict";
// Filters, search and keys of the page of queries; without this script every query is shown.
const form = document.querySelector(".filters"), count = form.querySelector(".count");
const articles = [...document.querySelectorAll("article")];
const texts = new Map(articles.map((a) => [a, a.textContent.toLowerCase()]));

const agrees = (article, who) => {
  const right = article.dataset.right.split(" ").filter(Boolean), all = Number(article.dataset.systems);
  const [kind, system] = who.split("-");
  switch (kind) {
    case "none": return right.length === 0;
    case "some": return right.length > 0 && right.length < all;
    case "all": return right.length === all;
    case "by": return right.includes(system);
    case "only": return right.length === 1 && right[0] === system;
    case "not": return !right.includes(system);
    default: return true;
  }
};
const filter = () => {
  const asked = Object.fromEntries(new FormData(form)), words = asked.words.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const article of articles) {
    const kept = words.every((word) => texts.get(article).includes(word))
      && ["n", "language", "class", "method"].every((key) => !asked[key] || article.dataset[key] === asked[key])
      && (!asked.error || article.dataset.error.split(" ").includes(asked.error))
      && agrees(article, asked.who);
    article.classList.toggle("hidden", !kept);
    shown += kept;
  }
  count.textContent = shown === articles.length ? `${shown} queries` : `${shown} of ${articles.length} queries`;
};
const step = (by) => {
  const shown = articles.filter((a) => !a.classList.contains("hidden"));
  if (!shown.length) return;
  const at = shown.findIndex((a) => a.contains(document.activeElement));
  const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
};
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape") { form.reset(); filter(); event.target.blur(); }
  else if (typing) return;
  else if (event.key === "/") { event.preventDefault(); form.words.focus(); }
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
});
filter(); // a browser may have kept what was typed before
