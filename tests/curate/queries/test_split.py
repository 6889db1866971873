"""Splits: whole groups, kept proportions, every query on one side; what is written and refused."""

import json
import random
from collections import Counter
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skulens.catalog.folder import read_manifest, write_catalog
from skulens.catalog.own import OwnCatalog
from skulens.curate.queries.holdout import read_holdout
from skulens.curate.queries.overlap import find_overlap
from skulens.curate.queries.split import (
    AMBIGUOUS,
    HOLDOUT,
    REVIEW,
    Plan,
    draw_sides,
    split_catalog,
    split_queries,
    write_splits,
)
from skulens.curate.queries.stratify import Unit, allocate
from skulens.errors import DataError, StoreError
from skulens.files import locked, sha256_of_file
from skulens.records import Item, Product, Query
from tests.curate.queries.asked import make_world, write_world

units = st.lists(
    st.tuples(st.integers(0, 15), st.sampled_from("ab"), st.sampled_from("xyz")),
    min_size=1,
    max_size=60,
)


def units_of(rows):
    return [Unit(f"u{i}", f"g{g}", {"one": a, "two": b}) for i, (g, a, b) in enumerate(rows)]


@given(units, st.integers(0, 100), st.integers(0, 50), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_groups_stay_whole_and_sizes_fit_within_the_largest(rows, test, val, seed):
    found = units_of(rows)
    n = len(found)
    sizes = {"test": n * test // 150, "val": n * val // 150}
    sizes["train"] = n - sum(sizes.values())
    side_of = allocate(found, sizes, ("one", "two"), seed)
    assert set(side_of) == {u.id for u in found}
    sides = {u.group: side_of[u.id] for u in found}
    assert all(sides[u.group] == side_of[u.id] for u in found)
    largest = max(Counter(u.group for u in found).values())
    for side, size in sizes.items():
        assert abs(sum(s == side for s in side_of.values()) - size) <= largest
    shuffled = random.Random(seed).sample(found, n)
    assert allocate(shuffled, sizes, ("one", "two"), seed) == side_of


def test_strata_too_small_for_a_share_do_not_starve_the_small_side():
    """Every query alone in all of its strata: each would rather join the large side."""
    found = [Unit(f"u{i}", f"g{i}", {k: f"{k}{i}" for k in "abcd"}) for i in range(200)]
    side_of = allocate(found, {"train": 180, "test": 20}, tuple("abcd"))
    assert Counter(side_of.values()) == {"train": 180, "test": 20}


def test_a_seed_gives_another_split():
    found = units_of([(i, "a", "x") for i in range(40)])
    sizes = {"train": 30, "test": 10}
    first, second = (allocate(found, sizes, ("one",), seed) for seed in (0, 1))
    assert first != second
    assert Counter(first.values()) == Counter(second.values()) == Counter(sizes)


def test_sizes_that_do_not_add_up_and_equal_ids_are_errors():
    found = units_of([(0, "a", "x"), (1, "a", "x")])
    with pytest.raises(DataError, match="do not add up to 2"):
        allocate(found, {"train": 1}, ())
    with pytest.raises(DataError, match="same id"):
        allocate([found[0], found[0]], {"train": 2}, ())


@pytest.mark.parametrize("seed", range(4))
def test_every_stratum_keeps_its_share_within_a_group(seed):
    """2,000 queries of 5 languages, 16 classes, 3 counts and 2 methods, up to 4 in a group."""
    draw = random.Random(seed)
    found = []
    for g in range(800):
        kind = f"k{min(int(draw.expovariate(0.3)), 15)}"
        for _ in range(draw.randint(1, 4)):
            tags = {
                "language": draw.choice("eeetimv"),
                "class": kind,
                "n_conditions": draw.choice("234"),
                "method": draw.choice("ab"),
            }
            found.append(Unit(f"u{len(found)}", f"g{g}", tags))
    n = len(found)
    sizes = {"test": round(0.1 * n), "val": round(0.05 * n)}
    sizes["train"] = n - sum(sizes.values())
    keys = ("language", "class", "n_conditions", "method")
    side_of = allocate(found, sizes, keys, seed)
    for key in keys:
        whole = Counter(u.tags[key] for u in found)
        for side, size in sizes.items():
            mine = Counter(u.tags[key] for u in found if side_of[u.id] == side)
            for value, count in whole.items():
                assert abs(mine[value] - count * size / n) <= 4, (key, value, side)


def bare_query(n, group, **tags):
    return Query(f"q{n}", Item(f"q{n}", ("words",)), relevant={"p": 1}, tags=tags, group=group)


def test_the_second_draw_is_in_proportion_to_the_source():
    """Sources that differ in size inside every class: the second draw follows their volume."""
    asked = [
        bare_query(i, f"g{i}", language="en", method="big" if i % 10 else "small", **{"class": "c"})
        for i in range(1000)
    ]
    side_of = draw_sides(asked, Plan(test=200, val=50, second=1.0))
    test = [q for q in asked if side_of[q.id] == "test"]
    assert Counter(q.tags["method"] for q in test) == {"big": 180, "small": 20}
    half = draw_sides(asked, Plan(test=200, val=50, second=0.5))
    assert Counter(half.values()) == {"train": 750, "test": 200, "val": 50}
    assert half == draw_sides(asked[::-1], Plan(test=200, val=50, second=0.5))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def test_all_queries_are_accounted_for_and_groups_whole(world):
    products, asked = world
    asked = [replace(q, tags={**q.tags, REVIEW: AMBIGUOUS}) if q.id == "q5" else q for q in asked]
    splits, _ = split_queries(asked, {p.id: p for p in products}, Plan(0.2, 0.1))
    assert sorted(sum(splits.values(), ())) == sorted(q.id for q in asked)
    assert splits[AMBIGUOUS] == ("q5",)
    side = {i: name for name, found in splits.items() for i in found}
    of: dict = {}
    for query in asked:
        if query.id != "q5":
            of.setdefault(query.group, set()).add(side[query.id])
    assert all(len(sides) == 1 for sides in of.values())


def test_a_query_without_group_is_one_of_its_own():
    asked = [bare_query(i, None) for i in range(10)]
    assert Counter(draw_sides(asked, Plan(test=3)).values()) == {"train": 7, "test": 3}


def test_more_than_there_is_and_odd_sizes_are_errors():
    asked = [bare_query(i, None) for i in range(10)]
    with pytest.raises(DataError, match="more than the 10 queries"):
        draw_sides(asked, Plan(test=8, val=3))
    for wrong in ({"test": 1.5}, {"test": -1}, {"second": 2}):
        with pytest.raises(DataError, match="expected a"):
            Plan(**wrong)
    with pytest.raises(DataError, match="same name"):
        Plan(holdouts=(read_holdout("key=a/b"), read_holdout("key=a b")))


# ----- overlap --------------------------------------------------------------------------------


def test_overlap_by_hand(tmp_path):
    products = {
        name: Product(name, spu=spu, images=())
        for name, spu in (("a", "s1"), ("b", "s1"), ("c", "s2"), ("d", "s3"))
    }
    left = Query("l", Item("l", ("x",)), {"a": 1}, references=("c",), hard_negatives=("d",))
    right = Query("r", Item("r", ("x",)), {"b": 1, "d": 1, "x": 0}, references=("c",))
    rows = find_overlap("train", "test", {"train": [left], "test": [right]}, products)
    found = {(r.kind, r.role, r.other_role): (r.both, r.of, r.queries) for r in rows}
    assert found["product", "answer", "answer"] == (0, 2, 0)
    assert found["SPU", "answer", "answer"] == (1, 2, 1)  # a and b are of s1
    assert found["product", "hard negative", "answer"] == (1, 2, 1)
    assert found["product", "reference", "reference"] == (1, 1, 1)
    assert found["product", "any", "any"] == (2, 3, 1)
    assert len(rows) == 3 * 16


def test_overlap_of_pictures(world):
    products, asked = world
    by_id = {p.id: p for p in products}
    rows = find_overlap("a", "b", {"a": asked[:1], "b": asked[:1]}, by_id)
    same = [r for r in rows if r.role == r.other_role]
    assert all(r.both == r.of for r in same)
    [shown] = [r for r in same if (r.kind, r.role) == ("picture", "reference")]
    assert shown.of == len(asked[0].references)


# ----- folder ---------------------------------------------------------------------------------


def test_what_a_folder_holds_afterwards(tmp_path):
    folder = write_world(tmp_path / "shop")
    made = split_catalog(folder, Plan(0.2, 0.1, holdouts=(read_holdout("language=th"),)))
    assert made.rejects == [] and made.empty == []
    catalog = OwnCatalog(folder)
    assert set(catalog.info.splits) == set(made.splits)
    for name, ids in made.splits.items():
        assert sorted(q.id for q in catalog.queries(name)) == list(ids)
    assert catalog.rejects == []
    manifest = read_manifest(folder)
    for name, digest in manifest["sha256"].items():
        assert sha256_of_file(folder / name) == digest
        assert manifest["rows"][name] == pq.read_metadata(folder / name).num_rows
    record = json.loads((folder / "split.json").read_text())
    assert record["splits"] == {name: len(ids) for name, ids in made.splits.items()}
    assert record["plan"]["holdouts"] == ["language-th"]
    assert not list(folder.glob(".*"))


def test_another_run_replaces_the_last(tmp_path):
    folder = write_world(tmp_path / "shop")
    before = {q.id: q for q in OwnCatalog(folder).queries("composed")}
    split_catalog(folder, Plan(0.2, 0.1, holdouts=(read_holdout("key=brand"),)))
    tagged = {q.id: q for q in OwnCatalog(folder).queries("train")}
    assert {q.tags.get(HOLDOUT) for q in tagged.values()} == {None, "key-brand"}
    once = split_catalog(folder, Plan(0.3))
    catalog = OwnCatalog(folder)
    assert set(catalog.info.splits) == {"train", "test"}
    left = {q.id: q for name in ("train", "test") for q in catalog.queries(name)}
    strip = lambda q: (q.tags, q.conditions, q.relevant, q.references, q.group)  # noqa: E731
    assert {i: strip(q) for i, q in left.items()} == {i: strip(q) for i, q in before.items()}
    table = (folder / "splits.parquet").read_bytes()
    assert split_catalog(folder, Plan(0.3)).splits == once.splits
    assert (folder / "splits.parquet").read_bytes() == table


def test_two_at_once_are_refused(tmp_path):
    folder = write_world(tmp_path / "shop", queries=6)
    with locked(folder / ".split.lock", "busy"), pytest.raises(StoreError, match="is splitting"):
        split_catalog(folder, Plan())


def test_unknown_ids_are_refused_and_nothing_is_written(tmp_path):
    folder = write_world(tmp_path / "shop", queries=6)
    before = (folder / "splits.parquet").read_bytes()
    with pytest.raises(DataError, match="of no query of .*'q99'"):
        write_splits(folder, {"train": ["q1", "q99"]}, {"q1"})
    assert (folder / "splits.parquet").read_bytes() == before


def test_bad_queries_are_rejects_in_no_split(tmp_path):
    folder = write_world(tmp_path / "shop", queries=12)
    shown = next(p for p in OwnCatalog(folder).products() if p.id == "p14")
    gone = {
        q.id
        for q in OwnCatalog(folder).queries("composed")
        if any(getattr(part, "path", None) == shown.images[0].path for part in q.item.parts)
    }
    assert gone
    (folder / "images" / shown.images[0].path.rsplit("/", 1)[1]).unlink()
    made = split_catalog(folder, Plan(0.5))
    assert {r.item for r in made.rejects if r.item.startswith("q")} >= gone
    assert len(sum(made.splits.values(), ())) == 12 - len(gone)


def test_queries_by_hand_can_be_split_but_not_tagged(tmp_path):
    folder = tmp_path / "hand"
    folder.mkdir()
    (folder / "products.csv").write_text("id,title\na,A\nb,B\n")
    asked = {"text": "one like it", "conditions": [{"key": "x", "value": "y"}]}
    rows = [{"query_id": f"q{i}", **asked} for i in range(10)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    judged = [{"query_id": f"q{i}", "product_id": "a", "grade": 1} for i in range(10)]
    (folder / "judgments.jsonl").write_text("".join(json.dumps(r) + "\n" for r in judged))
    assert len(split_catalog(folder, Plan(0.3)).splits["test"]) == 3
    assert len(list(OwnCatalog(folder).queries("test"))) == 3
    assert not (folder / "manifest.json").exists()  # it is not a folder of ours
    with pytest.raises(DataError, match="needs queries.parquet"):
        split_catalog(folder, Plan(0.3, holdouts=(read_holdout("key=x"),)))


def test_a_folder_without_queries_is_an_error(tmp_path):
    products, _ = make_world(tmp_path / "source", queries=0, skus=3)
    folder = write_catalog(tmp_path / "shop", products)
    with pytest.raises(DataError, match="has no queries"):
        split_catalog(folder, Plan())
