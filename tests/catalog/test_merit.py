"""MERIT's query lines there and back: nothing is lost, whatever a line holds."""

import json
import unicodedata
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skulens.catalog.folder import write_catalog
from skulens.catalog.layouts.export import export_catalog
from skulens.catalog.merit_lines import (
    Shown,
    build_query,
    interleave,
    write_cells,
    write_line,
)
from skulens.catalog.open import open_catalog
from skulens.cli import skulens
from skulens.errors import DataError
from skulens.filters import parse_filter
from skulens.records import Attribute, Condition, Image, Item, Product, Query

from .conftest import jpeg, lines, make_merit, merit_queries, put

THAI = "เสื้อยืดสีขาว กำ้"
DECOMPOSED = unicodedata.normalize("NFD", "Áo thun cổ tròn")
IDS = ("17", "2", "9990000000000000000", str(2**64 + 7), "0042", "sku-ก")
POOL = {
    product: Shown(Image(data=b"\xff\xd8\xff" + bytes([n])), "th", "bag", title)
    for n, (product, title) in enumerate(
        zip(IDS, (THAI, DECOMPOSED, "bag", "a <b> & c", "x", "y"), strict=True)
    )
}
WORDS = st.text('aé ก้1-_"\\\ń', max_size=6)
WANTED = st.dictionaries(st.sampled_from(["color", "สี", "others", "style"]), WORDS, max_size=2)
MORE = st.dictionaries(
    st.sampled_from(["pos_rate", "raw_query", "choice_candidate", "ไม่รู้", "note"]),
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 2**70) | st.floats(allow_nan=False) | WORDS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)


def as_written(product: str) -> st.SearchStrategy:
    return st.sampled_from(
        [product, int(product)] if str(product).isdecimal() and product[0] != "0" else [product]
    )


@st.composite
def shown_products(draw) -> tuple[object, list[str]]:
    """(`query` in any of its forms, the ids it shows in order)."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4))
    wanted = [draw(WANTED) for _ in ids]
    form = draw(st.sampled_from(["dict", "ids", "pairs", "objects"]))
    if form == "dict":
        found = dict(zip(ids, wanted, strict=True))
        return found, list(found)
    if form == "ids":
        return [draw(as_written(p)) for p in ids], ids
    if form == "pairs":
        return [[draw(as_written(p)), w] for p, w in zip(ids, wanted, strict=True)], ids
    return [{p: w} for p, w in zip(ids, wanted, strict=True)], ids


@st.composite
def any_line(draw) -> dict:
    """A line of any stage, its keys in any order."""
    query, ids = draw(shown_products())
    positives = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3))
    line = {
        "query": query,
        "pos_candidate": [draw(as_written(p)) for p in positives],
        **draw(MORE),
    }
    if draw(st.booleans()):
        line["hard_negative"] = [draw(as_written(p)) for p in draw(st.lists(st.sampled_from(IDS)))]
    if draw(st.booleans()):
        tags = [f"{draw(WORDS)}<Product {n}> <image>\n{POOL[p].title} </Product {n}>" for n, p in enumerate(ids, 1)]  # fmt: skip
        line["query instruction"] = "Find " + draw(st.sampled_from([" and ", ""])).join(tags)
    if draw(st.booleans()):
        line["diff_attribute"] = {"color": draw(WORDS)}
    return {key: line[key] for key in draw(st.permutations(list(line)))}


@settings(max_examples=300, deadline=None)
@given(any_line(), st.booleans(), st.booleans())
def test_a_kept_line_comes_back_byte_for_byte(line, ascii, spaced):
    raw = json.dumps(line, ensure_ascii=ascii, separators=(", ", ": ") if spaced else (",", ":"))
    assert write_line(build_query("q", line, POOL), raw.encode(), POOL) == raw.encode()


@settings(max_examples=150, deadline=None)
@given(any_line(), st.sampled_from(IDS))
def test_a_changed_query_changes_its_field_alone(line, answer):
    query = build_query("q", line, POOL)
    more = replace(query, relevant={**query.relevant, answer: 1})
    try:
        written = json.loads(write_line(more, json.dumps(line).encode(), POOL))
    except ValueError:
        return  # says twice the same of one product, or shows another's picture in its tag
    assert build_query("q", written, POOL).relevant == more.relevant
    changed = {k for k in line if json.dumps(written.get(k)) != json.dumps(line[k])}
    assert changed <= {"pos_candidate"} and [k for k in written if k in line] == list(line)


@st.composite
def published_line(draw) -> dict:
    """A line as the published files have it."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    key, value = st.sampled_from(["color", "สี"]), st.text("aก1-", min_size=1, max_size=4)
    special = [{"product style": "as product image"}, {"others": "others"}, {}]
    wanted = st.dictionaries(key, value, min_size=1) | st.sampled_from(special)
    asked = {p: draw(wanted) for p in ids}
    tags = [f"<Product {n}> <image>\n{POOL[p].title} </Product {n}>" for n, p in enumerate(ids, 1)]
    numbers = [int(p) if p.isdecimal() and p[0] != "0" else p for p in IDS]
    chosen = st.lists(st.sampled_from(numbers), unique=True, max_size=3)
    return {
        "query": asked,
        "pos_candidate": draw(chosen.filter(bool)),
        "hard_negative": draw(chosen),
        "query instruction": f"Find a bag like {' and like '.join(tags)} please.",
    }


@settings(max_examples=150, deadline=None)
@given(published_line())
def test_a_published_line_is_the_same_json_without_having_been_kept(line):
    query = build_query("q", line, POOL)
    assert write_line(query, None, POOL) == json.dumps(line).encode()


def test_key_order_is_the_order_of_the_products():
    line = merit_queries()[0] | {"query": {"2": {"a": "x"}, "17": {"b": "y"}}}
    assert build_query("q", line | {"pos_candidate": [2]}, POOL).references == ("2", "17")


def test_a_reference_shown_twice_is_written_as_a_list_and_read_back():
    photo = POOL["17"].photo
    query = Query(
        "q",
        Item("q", ("<Product 1> ", photo, "\na </Product 1> <Product 2> ", photo, "\na </Product 2>")),
        relevant={"2": 1},
        conditions=(Condition("color", "red", 1, "17"), Condition("style", "round", 3, "17")),
        references=("17", "17"),
    )  # fmt: skip
    cells = write_cells(query)
    assert cells["query"] == ["17", "17"]
    assert cells["conditions"] == [{"color": "red"}, {"style": "round"}]
    read = build_query("q", cells, POOL)
    assert (read.references, read.conditions, read.item) == (
        query.references,
        query.conditions,
        query.item,
    )


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"where": parse_filter("price < 3")}, "has a filter"),
        ({"relevant": {"2": 0}}, "no relevant product"),
        ({"conditions": (Condition("color", "red", relation="different"),)}, "'the same as'"),
        ({"conditions": (Condition("color", "red", weight=-1.0),)}, "'the same as'"),
        ({"item": Item("q", ("a title with <image> in it",))}, "stands for a picture"),
        ({"references": (), "conditions": ()}, "of product 1, and the query names 0"),
        (
            {"conditions": tuple(Condition("color", v, 1, "17") for v in ("red", "blue"))},
            "asks twice for the 'color'",
        ),
        (
            {"references": ("2", "17"), "conditions": (Condition("color", "red", 1, "17"),)},
            "does not stand in the tag of product '17'",
        ),
    ],
)
def test_what_merit_cannot_say_is_refused(change, reason):
    query = Query(
        "q",
        Item("q", ("Find <Product 1> ", POOL["17"].photo, "\na </Product 1>")),
        relevant={"2": 1},
        conditions=(Condition("color", "red", 1, "17"),),
        references=("17",),
    )
    write_line(query, None, POOL)
    with pytest.raises(ValueError, match=reason):
        write_line(replace(query, **change), None, POOL)


def test_a_reference_without_a_picture_cannot_be_shown():
    bare = {**POOL, "17": replace(POOL["17"], photo=None)}
    query = build_query("q", {"query": {"17": {}}, "pos_candidate": [2]}, POOL)
    with pytest.raises(ValueError, match="'17' has no photo"):
        write_line(query, None, bare)


def test_judged_negatives_and_hard_ones_stand_together():
    query = build_query("q", {"query": {}, "pos_candidate": [2], "query instruction": "x"}, POOL)
    query = replace(query, relevant={"2": 1, "17": 0, "0042": 0}, hard_negatives=("0042", "sku-ก"))
    assert write_cells(query)["hard_negative"] == ["0042", "sku-ก", 17]


def test_a_composed_line_without_a_text_gets_one():
    line = {"query": {"17": {"color": "red", "style": "x"}, "2": {}}, "pos_candidate": ["0042"]}
    query = build_query("q", line | {"pos_rate": 0.01}, POOL)
    assert [p for p in query.item.parts if isinstance(p, str)] == [
        "Find a product with the same color and style as <Product 1> ",
        f"\n{THAI} </Product 1> and like <Product 2> ",
        f"\n{DECOMPOSED} </Product 2>",
    ]
    assert [(c.key, c.part) for c in query.conditions] == [("color", 1), ("style", 1)]


def test_a_cold_start_line_asks_for_its_difference_in_words():
    line = {
        "query": {"17": {"others": "others"}},
        "raw_query": "x",
        "pos_candidate": [2],
        "query instruction": "as <Product 1> <image>\na </Product 1> with <Product 2>color: blue"
        "</Product 2>",
        "diff_attribute": {"color": "blue"},
        "choice_candidate": [42],
    }
    query = build_query("q", line, POOL)
    assert query.conditions == (
        Condition("others", None, 1, "17"),
        Condition("color", "blue"),
    )
    assert query.tags["n_conditions"] == "1"
    shown = line | {"query": line["query"] | {"2": {"color": "blue"}}}
    assert [c.product for c in build_query("q", shown, POOL).conditions] == ["17", "2"]


def test_instructions_of_the_composer_read_back_as_they_were():
    """The form of `compose.words`: pictures inside tags, titles behind them."""
    parts = (
        "Find a chair with the same color as <Product 1> ",
        Image(path="a"),
        f"\n{THAI} </Product 1> and the same shape as <Product 2> ",
        Image(path="b"),
        f"\n{DECOMPOSED} </Product 2>",
    )
    text = "".join(p if isinstance(p, str) else "<image>" for p in parts)
    photos = {"1": Image(path="a"), "2": Image(path="b")}
    assert interleave(text, ("1", "2"), photos).parts == parts


@pytest.mark.parametrize("profile", ["sound", "merit"])
def test_composed_queries_read_back_from_merits_files_as_they_were(tmp_path, profile):
    """Texts, conditions with the places of their pictures, references, answers."""
    said = CliRunner().invoke(
        skulens,
        ["curate", "compose", str(varied_chairs(tmp_path / "c")), "--out", str(tmp_path / "q")]
        + ["--quota", "2=25,3=5", "--profile", profile, "--allow-outside"],
    )
    assert said.exit_code == 0, said.output
    source = open_catalog(str(tmp_path / "q"), allow_outside=True)
    export_catalog(source, "merit", tmp_path / "m")
    found = list(open_catalog(str(tmp_path / "m")).queries("composed"))
    wanted = list(source.queries("composed"))
    assert len(found) == len(wanted) > 20
    assert [*map(said_by, found)] == [*map(said_by, wanted)]


def varied_chairs(folder):
    rng = np.random.default_rng(3)
    keys = {"color": "red blue green", "material": "oak pine steel", "style": "round plain old"}
    products = [
        Product(
            f"p{n}",
            title=f"chair {n}",
            spu=f"s{n // 3}",
            category=("chair",),
            images=(Image(data=jpeg(n, (8, 8))),),
            attributes=tuple(
                Attribute(k, str(rng.choice(v.split())))
                for k, v in keys.items()
                if rng.random() < 0.8
            ),
            language="en",
        )
        for n in range(120)
    ]
    return write_catalog(folder, products)


def said_by(query: Query):
    conditions = [
        (c.key, c.value, c.part, c.product, c.relation) for c in query.conditions if c.product
    ]
    texts = [p for p in query.item.parts if isinstance(p, str)]
    return texts, conditions, query.references, set(query.answers)


def test_of_two_pictures_of_a_product_the_condition_refers_to_the_first():
    text = "<Product 1> <image> <image> </Product 1>"
    assert interleave(text, ("1",), {"1": Image(path="a")}).places == (1,)


def test_what_no_file_takes_is_rejected_or_left_out_of_the_extras(tmp_path):
    rows = [{"idx": n, "title": "t", "image": "a.jpg", "weight": 1e999, "note": "\ud800", "x": [1]} for n in (1, 2)]  # fmt: skip
    put(tmp_path / "a.jpg", jpeg(1))
    put(tmp_path / "products-test.jsonl", lines(rows))
    good = {"query": {"1": {"color": "red"}}, "pos_candidate": [2]}
    odd = {"query instruction": "<Product 1> \ud800 <image>"}
    put(tmp_path / "queries-test.json", lines([good, good | odd, good | {"more": "\ud800"}]))
    catalog = open_catalog(f"merit:{tmp_path}")
    assert [dict(p.extras) for p in catalog.products()] == [{"x": [1]}] * 2
    assert sum("cannot be written as JSON" in r.reason for r in catalog.rejects) == 4
    assert [q.id for q in catalog.queries("test")] == ["test-1", "test-3"]
    assert "half a character" in catalog.rejects[-1].reason
    export_catalog(catalog, "skulens", tmp_path / "s", ["test"])
    export_catalog(open_catalog(str(tmp_path / "s")), "merit", tmp_path / "b")
    written = (tmp_path / "b/queries-test.json").read_bytes().splitlines()
    assert written == [
        (tmp_path / "queries-test.json").read_bytes().splitlines()[i] for i in (0, 2)
    ]


def merit_folder(folder, raw: bytes):
    make_merit(folder)
    for split in ("train", "test"):
        put(folder / f"queries-{split}.json", raw)
    return folder


def test_merit_through_our_folder_and_back_is_the_same_bytes(tmp_path):
    good = merit_queries()
    odd = [
        good[0] | {"pos_rate": 0.00012, "pos_candidate": [30, 999]},
        {"query": [["17", {"color": "x"}], [17, {}]], "pos_candidate": [1], "hard_negative": [2, 2, 888]},
        {"query": {"3": {}, "4": {"color": THAI}}, "pos_candidate": ["5"]},
    ]  # fmt: skip
    raw = (lines([*good, *odd[:2]]) + json.dumps(odd[2], ensure_ascii=False) + "\n").encode()
    folder = merit_folder(tmp_path / "m", raw)
    stored = export_catalog(open_catalog(str(folder)), "skulens", tmp_path / "s")
    assert (stored.products, stored.queries, stored.rejects) == (40, 10, ())
    back = export_catalog(open_catalog(str(tmp_path / "s")), "merit", tmp_path / "b")
    for split in ("train", "test"):
        assert (tmp_path / "b" / f"queries-{split}.json").read_bytes() == raw
    assert {r.reason for r in back.rejects} == {"no product '888'"}
    direct = export_catalog(open_catalog(str(folder)), "merit", tmp_path / "d", ["test"])
    assert (tmp_path / "d" / "queries-test.json").read_bytes() == raw
    assert direct.queries == 5 and not (tmp_path / "d" / "queries-train.json").exists()


def test_a_damaged_table_of_lines_is_named(tmp_path):
    composed(tmp_path)
    put(tmp_path / "c" / "lines.parquet", "no parquet")
    with pytest.raises(DataError, match="the kept lines cannot be read"):
        export_catalog(open_catalog(str(tmp_path / "c")), "merit", tmp_path / "out")


def facts(p: Product):
    kept = (p.id, p.spu, p.title, dict(p.texts), p.category, p.language, p.country, dict(p.extras))
    return *kept, [(a.key, a.value) for a in p.attributes], [i.sha256() for i in p.images]


@pytest.mark.parametrize("layout", ["merit", "merit-annotation"])
def test_products_come_back_in_either_form(tmp_path, layout):
    put(tmp_path / "m/images/1.jpg", jpeg(1))
    rows = [
        {
            "sku_id": 9_990_000_000_000_000_000 + n,
            "spu_id": 2**64 + n,
            "local_sku_image": "images/1.jpg",
            "sku_image": "https://shop.example/1.jpg",
            "property_item_list": {"ขนาด": ["L", "XL"]} if n else None,
            "title": (THAI, DECOMPOSED)[n],
            "spu_description": "x",
            "first_category_id": 3,
            "class": ("bag", "")[n],
            "language": "th",
            "attribute": {"สี": "red", "style": "y"},
        }
        for n in range(2)
    ]
    put(tmp_path / "m/products-test.jsonl", lines(rows))
    put(tmp_path / "m/queries-test.json", lines([{"query": {str(rows[0]["sku_id"]): {"สี": "red"}}, "pos_candidate": [rows[1]["sku_id"]]}]))  # fmt: skip
    source = open_catalog(f"merit:{tmp_path / 'm'}")
    export_catalog(source, layout, tmp_path / "out", ["test"])
    again = open_catalog(str(tmp_path / "out"))
    assert type(again).__name__ == "Merit"
    found, wanted = [*map(facts, again.products())], [*map(facts, source.products())]
    if layout == "merit":  # has one class, the innermost category
        wanted[1] = (*wanted[1][:4], ("3",), *wanted[1][5:])
    assert found == wanted and not again.rejects
    assert [q.references for q in again.queries("test")] == [(str(rows[0]["sku_id"]),)]
    if layout == "merit-annotation":
        text = (tmp_path / "out" / "products-test.jsonl").read_text()
        first = json.loads(text.splitlines()[0])
        assert first["sku_id"] == rows[0]["sku_id"] and first["spu_id"] == rows[0]["spu_id"]
        assert first["sku_image"] == rows[0]["sku_image"] and text.isascii()


def composed(tmp_path):
    """A catalogue of ours with one composed query."""
    photos = [Image(data=jpeg(n)) for n in range(4)]
    products = [
        Product(
            f"p{n}",
            title=f"{THAI} {n}",
            images=(photos[n],),
            category=("home", "chair"),
            attributes=(
                Attribute("color", "red"),
                Attribute("color", "blue"),
                Attribute("size", "L"),
            ),
            language="th",
            price=3.0,
        )
        for n in range(4)
    ]
    parts = ("Find a chair with the same color as <Product 1> ", photos[0], "\nx </Product 1> and the same size as <Product 2> ", photos[1], "\ny </Product 2>")  # fmt: skip
    query = Query(
        "q1",
        Item("q1", parts),
        relevant={"p2": 1, "p3": 0},
        conditions=(
            Condition("color", "red", 1, "p0", modality="visual"),
            Condition("size", "L", 3, "p1"),
            Condition("class", "chair", modality="both"),
        ),
        references=("p0", "p1"),
        tags={"language": "th"},
    )
    odd = replace(query, id="q2", where=parse_filter("price < 3"))
    folder = write_catalog(tmp_path / "c", products, {"composed": [query, odd]})
    return open_catalog(str(folder))


def test_composed_queries_of_any_catalogue_become_merits_files(tmp_path):
    found = export_catalog(composed(tmp_path), "merit", tmp_path / "out")
    assert (found.products, found.queries) == (4, 1)
    assert +found.notes == {"further values of an attribute left out": 4}
    assert [(r.item, r.reason) for r in found.rejects] == [
        ("q2", "has a filter, which MERIT's files cannot hold")
    ]
    line = json.loads((tmp_path / "out" / "queries-composed.json").read_text())
    assert line == {
        "query": {"p0": {"color": "red"}, "p1": {"size": "L"}},
        "pos_candidate": ["p2"],
        "hard_negative": ["p3"],
        "query instruction": "Find a chair with the same color as <Product 1> <image>\nx </Product "
        "1> and the same size as <Product 2> <image>\ny </Product 2>",
    }
    again = open_catalog(f"merit:{tmp_path / 'out'}", pool="composed")
    assert again.info.splits == ("train", "test", "composed")
    [query] = again.queries("composed")
    assert query.answers == ("p2",) and [c.part for c in query.conditions] == [1, 3]
    table = pq.read_table(tmp_path / "out" / "data" / "composed-00000-of-00001.parquet")
    assert table.column("attribute").to_pylist()[0] == {"color": "red", "size": "L"}


def test_the_products_open_with_datasets(tmp_path):
    datasets = pytest.importorskip("datasets", reason="needs the package datasets")
    export_catalog(composed(tmp_path), "merit", tmp_path / "out")
    files = {"test": str(tmp_path / "out" / "data" / "composed-*.parquet")}
    found = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "x"))[
        "test"
    ]
    assert found[1]["image"].size == (72, 72) and found[1]["idx"] == "p1"


def test_another_picture_of_a_reference_is_counted(tmp_path):
    catalog = composed(tmp_path)
    products, [query, _] = list(catalog.products()), list(catalog.queries("composed"))
    probe = Image(data=jpeg(9))
    parts = tuple(probe if i == 1 else p for i, p in enumerate(query.item.parts))
    write_catalog(tmp_path / "p", products, {"test": [replace(query, item=Item("q1", parts))]})
    found = export_catalog(open_catalog(str(tmp_path / "p")), "merit", tmp_path / "out")
    assert found.notes["reference pictures replaced by the product's first"] == 1


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(any_line(), min_size=1, max_size=4))
def test_any_lines_survive_the_way_through_our_folder(tmp_path_factory, found):
    folder = tmp_path_factory.mktemp("m")
    put(folder / "a.jpg", jpeg(1))
    rows = [{"idx": p, "title": s.title, "image": "a.jpg"} for p, s in POOL.items()]
    put(folder / "products-test.jsonl", lines(rows))
    raw = lines(found).encode()
    put(folder / "queries-test.json", raw)
    catalog = open_catalog(f"merit:{folder}")
    stored = export_catalog(catalog, "skulens", folder / "s", ["test"])
    assert stored.rejects == ()
    export_catalog(open_catalog(str(folder / "s")), "merit", folder / "b")
    assert (folder / "b" / "queries-test.json").read_bytes() == raw
