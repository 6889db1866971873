"""The page of queries: what is right, what is wrong and why, who found it; and its filters."""

import html
import re
import shutil
from dataclasses import replace

import pyarrow as pa
import pytest
from click.testing import CliRunner

from skulens.bench.store import ResultStore, stored_results
from skulens.bench.suites.merit import Merit, MeritSettings
from skulens.catalog.open import open_catalog
from skulens.cli import skulens
from skulens.errors import DataError
from skulens.records import Attribute, Condition, Product, Run, SystemInfo
from skulens.report import queries as module
from skulens.report.finders import Finder, choose_results, read_finders, sample_queries
from skulens.report.mistakes import Budget
from skulens.report.queries import PictureRules, check_product, near_of, write_queries_page
from tests.report.small_data import make_folder, products, queries


class Says:
    """A retriever that ranks as it is told: query -> products, best first."""

    def __init__(self, name, order):
        self.info = SystemInfo(name=name, kind="retriever", identity=f"{name}/{order}")
        self.order = order

    def rank(self, asked, gallery, k):
        known = {item.id for item in gallery}
        found = {q.id: [p for p in self.order[q.id] if p in known][:k] for q in asked}
        return Run.of({q: {p: -n for n, p in enumerate(ids)} for q, ids in found.items()})


GOOD = Says("good", {"q1": "afb", "q2": "bca", "q3": "cfb", "q4": "fca"})
HALF = Says("half", {"q1": "fab", "q2": "bca", "q3": "fbd", "q4": "dbc"})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = make_folder(tmp_path_factory.mktemp("data") / "small")
    store = ResultStore(folder.parent / "results")
    suite = Merit(
        open_catalog(str(folder)), MeritSettings(gallery="text", split="train"), name=str(folder)
    )
    for result in suite.run([GOOD, HALF]):
        store.add(result)
    return folder


@pytest.fixture(scope="module")
def results(place):
    return stored_results(place.parent / "results")


def write(place, results, out, **rest) -> str:
    chosen, _ = choose_results(results)
    made = write_queries_page(chosen, open_catalog(str(place)), out / "queries.html", **rest)
    assert (made.queries, made.of) == (min(4, rest.get("queries", 60)), 4)
    return made.path.read_text(encoding="utf-8")


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def article(page: str, query: str) -> str:
    return next(
        a for a in re.findall(r"<article.*?</article>", page, flags=re.S) if f">{query}<" in a
    )


def test_systems_stand_with_their_ranks(results):
    good, half = read_finders(results, 2)
    assert (good.name, half.name) == ("good \N{MIDDLE DOT} text", "half \N{MIDDLE DOT} text")
    assert good.ranks == {"q1": 1, "q2": 1, "q3": 1, "q4": 1} and good.first == 4
    assert half.ranks == {"q1": 2, "q2": 1, "q4": 2} and half.found["q1"] == ["f", "a"]


def test_a_query_shows_parts_in_order_and_why_a_product_is_wrong(place, results, tmp_path):
    said = words(article(write(place, results, tmp_path), "q1"))
    assert said.index("same colour as") < said.index("same shape as")
    assert "colour: red visual \N{MIDDLE DOT} e" in said and "class: bag" in said
    wrong = said[said.index("half") :]
    assert "first right product at rank 2" in wrong and "shape: none" in wrong
    good = said[said.index("good") : said.index("half")]
    assert "1 ✓ right a" in good and "right product first" in good
    assert "Near misses" in said and "1 judged not relevant" in said


def test_kinds_of_errors_are_shown_where_they_were_sorted(place, results, tmp_path):
    sheet = pa.table({"query": ["q1", "q3"], "kind": ["detail", "visual"]})
    half = next(r for r in results if r.name == "half")
    sorted_ = replace(half, tables={**half.tables, "errors": sheet})
    page = write(place, [sorted_, *(r for r in results if r is not half)], tmp_path)
    assert "error: detail" in article(page, "q1") and "error:" not in words(article(page, "q2"))
    assert 'data-error="visual"' in article(page, "q3") and "<option>visual</option>" in page


def test_a_wrong_product_says_what_it_has_instead(place, results, tmp_path):
    said = words(article(write(place, results, tmp_path), "q3"))
    half = said[said.index("half") :]
    assert "no right product among the first" in half
    assert re.search(r"2 ✗ b colour: blue shape: round bag b", half)
    assert re.search(r"3 ✗ d colour: blue shape: none class: shoe", half)


def test_every_picture_is_stored_once_and_few_bytes_fit(place, results, tmp_path, monkeypatch):
    page = write(place, results, tmp_path)
    rules = re.findall(
        r"^\.(p\d+)\{background-image:url\(data:image/webp;base64,", page, flags=re.M
    )
    used = set(re.findall(r'class="pic (p\d+)"', page))
    assert set(rules) == used and len(rules) == len(set(rules)) <= 3 * 6
    assert "did not fit" not in page
    monkeypatch.setattr(module, "PictureRules", lambda: PictureRules(Budget(250)))
    small = write(place, results, tmp_path)
    assert small.count("background-image:url") < len(rules) and "did not fit the page" in small


def test_the_page_runs_our_script_alone(place, results, tmp_path):
    page = html.unescape(write(place, results, tmp_path))
    assert "script-src 'sha256-" in page and "default-src 'none'" in page
    assert page.count("<script") == 1 and not re.search(r"(?:src|href)=\"?(?:https?:)?//", page)


def test_names_of_others_are_escaped(place, results, tmp_path):
    evil = "<img src=x onerror=alert(1)>"

    class Catalog:
        info = open_catalog(str(place)).info

        def products(self):
            return (replace(p, title=evil) for p in open_catalog(str(place)).products())

        def queries(self, split):
            for q in open_catalog(str(place)).queries(split):
                yield replace(q, tags=q.tags | {"class": evil})

    made = write_queries_page(choose_results(results)[0], Catalog(), tmp_path / "q.html")
    assert evil not in made.path.read_text() and "&lt;img src=x" in made.path.read_text()


def test_samples_are_even_over_conditions_and_agreement():
    kinds = {f"{n}-{i}": n for n in (2, 3) for i in range(100)}
    first = {q: 1 for q in kinds if q.endswith(("1", "5"))}
    finders = [Finder("a", {}, first, 10), Finder("b", {}, {"2-1": 1, "3-1": 1}, 10)]
    picked = sample_queries(kinds, finders, 20, 0)
    assert picked == sample_queries(kinds, finders, 20, 0) != sample_queries(kinds, finders, 20, 1)
    assert len(picked) == len(set(picked)) == 20 and {"2-1", "3-1"} <= set(picked)
    assert 9 <= sum(kinds[q] == 2 for q in picked) <= 11
    assert sum(q in first for q in picked) >= 10
    assert sample_queries(kinds, finders, 1000, 0) == list(kinds)


def test_conditions_are_held_against_a_product():
    product = Product(
        "x", category=("bag",), attributes=(Attribute("colour", "red"), Attribute("colour", "blue"))
    )
    asked = [
        Condition("colour", "blue"),
        Condition("colour", "green"),
        Condition("colour", "red", relation="different"),
        Condition("shape", "round"),
        Condition("class", "bag"),
        Condition("product style", None, relation="whole"),
    ]
    checks = check_product(product, asked)
    assert [c.holds for c in checks] == [True, False, False, False, True, None]
    assert [c.instead for c in checks] == ["", "blue, red", "blue, red", "", "", ""]


def test_near_misses_are_never_answers(tmp_path):
    products(tmp_path)
    query = replace(queries(tmp_path)[0], hard_negatives=("a", "f"), relevant={"a": 1, "c": 0})
    assert near_of(query) == ["f", "c"]


def test_results_are_chosen_by_split(results):
    other = replace(results[0], data=replace(results[0].data, split="test", queries="x"), counts={})
    chosen, left = choose_results([*results, other])
    assert chosen == list(results) and left == ["test"]
    assert choose_results([*results, other], "test") == ([other], [])
    less = replace(results[0], variant={"without": "titles"}, counts={"units": 4})
    less = replace(less, data=replace(less.data, queries="y"))
    assert choose_results([*results, less])[0] == list(results)
    with pytest.raises(DataError, match="of split 'none'.*merit on train"):
        choose_results(results, "none")


def test_another_catalogue_is_refused(place, results, tmp_path):
    other = open_catalog(str(make_folder(tmp_path / "other")))
    other.queries = lambda split: iter(())
    with pytest.raises(DataError, match="has none of the 4 queries"):
        write_queries_page(choose_results(results)[0], other, tmp_path / "q.html")


def test_command(place, tmp_path):
    out = tmp_path / "q.html"
    done = CliRunner().invoke(
        skulens, ["results", "queries", "--results", str(place.parent / "results"), "--out", str(out), "--queries", "3"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "3 of 4 queries with what 2 systems found" in done.output and out.exists()


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path: make setup installs it")
def test_filters_and_keys_in_a_browser(place, results, tmp_path):
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install 'skulens[dev]'"
    )
    write(place, results, tmp_path)
    said: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((tmp_path / "queries.html").as_uri())

        def shown():
            return page.eval_on_selector_all(
                "article:not(.hidden) h2", "all => all.map(e => e.textContent)"
            )

        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert shown() == ["q1", "q2", "q3", "q4"]
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.id") == "q2"
        for who, expected in {
            "only-0": ["q1", "q3", "q4"], "all": ["q2"], "none": [], "not-1": ["q1", "q3", "q4"],
        }.items():  # fmt: skip
            page.select_option("select[name=who]", who)
            assert shown() == expected, who
        assert page.text_content(".count") == "3 of 4 queries"
        page.select_option("select[name=n]", "3")
        assert shown() == ["q4"]
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.keyboard.type("q3")
        assert shown() == ["q3"]
        browser.close()
    assert said == []
