"""Nearest products are those of `bench mpr`: the same candidates, scores and order."""

import numpy as np
import pytest

import skulens
from skulens.bench.store import read_run
from skulens.errors import DataError
from skulens.records import Image, Product


@pytest.mark.parametrize("gallery", ["image", "text", "both"])
def test_candidates_and_scores_equal_those_of_bench(catalog, queries, gallery):
    [result] = skulens.bench(
        "groceries-sample",
        "groceries",
        gallery=gallery,
        limit=len(queries),
        progress=False,
        costs=False,
    )
    run = read_run(result)
    found = skulens.nearest(queries, catalog, "groceries", k=7, gallery=gallery)
    assert found.gallery == gallery and found.queries == run.queries
    for row, mine in enumerate(found):
        expected = list(run.candidates(row))[:7]
        assert [(n.id, np.float32(n.score)) for n in mine] == [
            (name, np.float32(score)) for name, score in expected
        ]
        assert [n.rank for n in mine] == list(range(1, 8))


@pytest.mark.parametrize("shots", ["auto", "single", "max", "mean"])
def test_several_pictures_of_a_product_are_joined_as_bench_joins_them(
    catalog, queries, photos, shots, tmp_path
):
    rows = ["id,title,image,split"]
    ids = [q.answers[0] for q in queries]
    for i, (name, photo) in enumerate(zip(ids, photos, strict=True)):
        rows.append(f"{name},{name},{photo},{'test' if i in (0, 4) else 'gallery'}")
    table = tmp_path / "own.csv"
    table.write_text("\n".join(rows))
    own = skulens.open_catalog(table, allow_outside=True)
    settings = {"gallery": "image", "shots": shots}
    [result] = skulens.bench(own, "groceries", progress=False, costs=False, **settings)
    run = read_run(result)
    found = skulens.nearest(own.queries("test"), own, "groceries", k=50, **settings)
    assert [[(n.id, np.float32(n.score)) for n in mine] for mine in found] == [
        [(name, np.float32(score)) for name, score in run.candidates(row)]
        for row in range(len(run.queries))
    ]


def test_pictures_by_default_and_texts_where_there_are_none(catalog, photos):
    assert skulens.nearest(photos[:1], catalog, "groceries").gallery == "image"
    written = [Product("a", "red apple"), Product("b", "oat milk")]
    found = skulens.nearest(photos[:1], written, "groceries", k=9)
    assert found.gallery == "text" and {n.id for n in found[0]} == {"a", "b"}


def test_a_picture_of_the_catalogue_finds_itself(catalog):
    products = list(catalog.products())[:5]
    found = skulens.nearest(products, products, "groceries", k=1)
    assert [mine[0].id for mine in found] == [p.id for p in products]
    assert all(mine[0].score > 0.999 for mine in found)


def test_texts_find_products_too(catalog):
    found = skulens.nearest(texts="oat milk", catalog=catalog, encoder="groceries", k=2)
    assert found.queries == ("oat milk",) and len(found[0]) == 2
    assert "oat milk" in str(found) and "oat milk" in found._repr_html_()


def test_what_cannot_be_read_finds_nothing_and_products_without_a_picture_are_counted(photos):
    products = [Product("a", "A", images=(Image(path=str(photos[0])),)), Product("b", "B")]
    broken = Product("c", "C", images=(Image(data=b"none"),))
    found = skulens.nearest([photos[1], b"none"], [*products, broken], "groceries")
    assert [n.id for n in found[0]] == ["a"] and found[1] == ()
    assert found.missing == ("b",)
    assert [r.item for r in found.rejects] == ["photos[1]", "c"]
    assert "1 product without a picture cannot be found" in str(found)
    nothing = skulens.nearest([b"none"], products, "groceries")
    assert nothing[0] == () and "could not be read" in str(nothing)


def test_rows_and_frames_hold_every_candidate(catalog, photos):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    found = skulens.nearest(photos[:2], catalog, "groceries", k=3)
    rows = found.rows()
    assert len(rows) == 6 and list(rows[0]) == ["query", "rank", "score", "id", "title"]
    pandas.testing.assert_frame_equal(found.to_pandas(), pandas.DataFrame(rows))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"k": 0}, "k is 0"),
        ({"gallery": "picture"}, "unknown gallery 'picture'"),
        ({"shots": "best"}, "unknown shots 'best'"),
        ({"catalog": None}, "needs a catalogue"),
        ({"catalog": ["a", "b"]}, "got str in the catalogue"),
        ({"catalog": 3}, "got int as the catalogue"),
    ],
)
def test_wrong_arguments_are_refused(catalog, photos, more, said):
    with pytest.raises(DataError, match=said):
        skulens.nearest(photos, **({"catalog": catalog, "encoder": "groceries"} | more))
