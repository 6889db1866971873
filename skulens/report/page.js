"use strict";
// Sorting and filtering of each leaderboard; without this script everything is shown, best first.
for (const view of document.querySelectorAll(".view")) {
  const table = view.querySelector("table.board");
  if (!table) continue;
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const form = view.querySelector(".filters"), count = view.querySelector(".count"), more = view.querySelector(".more");
  const points = new Map();
  for (const mark of view.querySelectorAll("svg [data-row]")) {
    const place = mark.dataset.row;
    points.set(place, [...(points.get(place) || []), mark]);
  }
  const nouns = table.dataset.nouns;
  let limit = more ? Number(more.dataset.limit) : Infinity;

  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };
  const sort = (column, up) => {
    rows.sort((a, b) => {
      const x = value(a, column), y = value(b, column);
      if (x === null || y === null) return (x === null) - (y === null); // the unknown comes last either way
      const order = typeof x === "number" ? x - y : x.localeCompare(y, undefined, { numeric: true });
      return up ? order : -order;
    });
    heads.forEach((head, i) => (i === column ? head.setAttribute("aria-sort", up ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    body.append(...rows);
    cut();
  };
  const cut = () => {
    let shown = 0;
    for (const row of rows) {
      const kept = !row.classList.contains("hidden");
      row.classList.toggle("late", kept && shown >= limit);
      shown += kept;
    }
    table.classList.toggle("limited", shown > limit);
    if (more) more.hidden = shown <= limit, more.textContent = `Show all ${shown} ${nouns}`;
    if (count) count.textContent = shown === rows.length ? `${rows.length} ${nouns}` : `${shown} of ${rows.length} ${nouns}`;
  };
  const filter = () => {
    const asked = Object.fromEntries(new FormData(form)), words = asked.name.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const has = row.dataset, said = row.textContent.toLowerCase();
      const kept = words.every((word) => said.includes(word))
        && ["family", "licence", "source", "gallery"].every((key) => !asked[key] || has[key] === asked[key])
        && (!asked.params || (has.params && Number(has.params) <= Number(asked.params) * 1e6))
        && (!asked.best || has.best === "true");
      row.classList.toggle("hidden", !kept);
      for (const mark of points.get(has.place) || []) mark.classList.toggle("off", !kept);
    }
    cut();
  };
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(column, now ? now === "descending" : head.dataset.first === "ascending");
    });
  });
  if (form) {
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  if (more) more.addEventListener("click", () => { limit = Infinity; cut(); });
  if (form) filter(); else cut();
}
