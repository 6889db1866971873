"""A store as a system: its numbers are those of the encoder alone, and what its index costs is said."""

from dataclasses import replace

import numpy as np
import pytest

from skulens.analysis.pairing import pair_up
from skulens.bench.index_loss import compare_with_exact, overlap
from skulens.bench.run import open_system
from skulens.bench.store import read_run
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Tools
from skulens.documents import Document, FieldColumn, Hits, Schema, VectorColumn
from skulens.encode import open_encoder
from skulens.encode.embed import Embedder
from skulens.errors import DataError, UnknownName
from skulens.filters import parse_filter
from skulens.index.stores.engines.memory import Memory
from skulens.index.stores.fields import PICTURES
from skulens.protocols import Numerics
from skulens.records import Condition, Image, Item, Product, Query, Run
from skulens.report.tables import print_index
from skulens.search.shop import Shop
from skulens.search.systems.store import StoreSystem, never_rising, parse_options
from tests.bench.test_mpr import COLOURS, QUIET, png
from tests.bench.test_mpr import Shop as Colours

ENCODER = "histogram"
TOOLS = Tools(batching=QUIET, time_probes=False)
PRICES = {name: float(i) for i, name in enumerate(COLOURS)}


class Lossy(Memory):
    """An index that overlooks the nearest product of all, unless it is told to compare with all."""

    def search(self, probe):
        found = super().search(replace(probe, k=probe.k + 1))
        first = slice(0, probe.k) if probe.exact else slice(1, probe.k + 1)
        return Hits(found.ids[first], found.scores[first], "exact" if probe.exact else "lossy")


def products_of(catalog) -> list[Product]:
    """Those of the catalogue with their first picture, as a gallery of single items shows it."""
    return [replace(p, images=p.images[:1], price=PRICES.get(p.id)) for p in catalog.products()]


def shop_of(products, kind=Memory) -> Shop:
    """A shop whose products were embedded by `ENCODER`, with prices and titles."""
    encoder = open_encoder(ENCODER)
    column = VectorColumn(
        "picture", encoder.info.dim, encoder.info.identity, ENCODER, encoder.info.modalities
    )
    schema = Schema((column,), (FieldColumn("price", "number"), PICTURES))
    items = [Item(p.id, p.images) for p in products]
    [fused] = Embedder([encoder], batching=QUIET).embed_items(items, "document")
    store = kind("", schema)
    store.upsert(
        Document(
            p.id,
            {"picture": vector},
            {"pictures": tuple(i.sha256() for i in p.images)}
            | ({} if p.price is None else {"price": p.price}),
            p.title,
            digest=p.title,
        )
        for p, vector in zip(products, fused.vectors, strict=True)
    )
    return Shop(store)


def system_of(catalog, kind=Memory, **options) -> StoreSystem:
    return StoreSystem(shop_of(products_of(catalog), kind), progress=False, **options)


def measure(catalog, *systems, **settings):
    return list(Mpr(catalog, MprSettings(**settings), tools=TOOLS).run(systems))


def ranking(result) -> dict:
    run = read_run(result)
    return {q: [p for p, _ in run.candidates(i)] for i, q in enumerate(run.queries)}


def queries_of(catalog) -> list[Query]:
    return list(catalog.queries("test"))


def gallery_of(products) -> list[Item]:
    return [Item(p.id, p.images) for p in products]


def test_numbers_are_those_of_the_encoder_alone_and_can_be_compared():
    catalog = Colours()
    [mine] = measure(catalog, system_of(catalog))
    [alone] = measure(catalog, open_encoder(ENCODER), gallery="image", shots="single")
    assert ranking(mine) == ranking(alone) and mine.metrics["hit_rate@1"].value < 1
    for metric in ("hit_rate@1", "macro_hit_rate@1", "mrr"):
        assert mine.metrics[metric] == alone.metrics[metric]
    assert mine.variant["gallery"] == "image" and mine.data.fingerprint == alone.data.fingerprint
    assert pair_up([alone], [mine]) == [(alone, mine)]
    assert mine.metrics["index_overlap"].value == 1
    assert compare_with_exact(mine)[1].value == 0
    assert "index_overlap" not in alone.metrics


def test_what_a_bad_index_loses_is_seen_and_printed(capsys):
    catalog = Colours()
    [good] = measure(catalog, system_of(catalog))
    [bad] = measure(catalog, system_of(catalog, Lossy), ks=(1, 3))
    assert bad.metrics["hit_rate@1"].value < 0.2 < good.metrics["hit_rate@1"].value
    assert bad.metrics["exact_hit_rate@1"].value == good.metrics["hit_rate@1"].value
    assert bad.metrics["index_overlap"].value == pytest.approx(3 / 4)
    metric, found = compare_with_exact(bad)
    drop = bad.metrics["hit_rate@1"].value - good.metrics["hit_rate@1"].value
    assert metric == "hit_rate@1" and found.value == pytest.approx(drop) and found.high < 0
    print_index([bad])
    said = capsys.readouterr().out
    assert "finds 0.750" in said and f"{drop:+.3f}" in said


def test_overlap_is_counted_by_hand():
    def run(*rows):
        order = np.array(rows, np.int32)
        return Run(tuple(map(str, range(len(rows)))), tuple("abcde"), order, -order.astype("f4"))

    exact = run([0, 1, 2], [0, 1, -1], [-1, -1, -1])
    mine = run([2, 3, 4], [1, -1, -1], [0, 1, 2])
    assert overlap(mine, exact)[:2].tolist() == pytest.approx([1 / 3, 1 / 2])
    assert np.isnan(overlap(mine, exact)[2])
    assert overlap(mine, exact, first=1)[:2].tolist() == [0, 0]


def test_products_that_the_store_lacks_are_an_error_that_says_what_to_do():
    catalog = Colours()
    system = StoreSystem(shop_of(products_of(catalog)[1:]), progress=False)
    with pytest.raises(DataError, match=r"store lacks 1 of 4 .* red; .*skulens index build"):
        measure(catalog, system)


def test_a_store_of_other_pictures_is_an_error():
    catalog = Colours()
    [first, *rest] = products_of(catalog)
    other = replace(first, images=(Image(data=png((1, 2, 3))),))
    system = StoreSystem(shop_of([other, *rest]), progress=False)
    with pytest.raises(DataError, match=r"other pictures of 1 of 4 .* red: bring it up to date"):
        measure(catalog, system)


def test_products_that_only_the_store_has_are_not_ranked():
    products = products_of(Colours())
    system = StoreSystem(shop_of([*products, replace(products[0], id="same as red")]))
    run = system.rank(queries_of(Colours()), gallery_of(products), 9)
    assert set(run.products) == set(COLOURS) and (run.order >= 0).all() and run.depth == 4


def test_probes_that_the_store_was_built_from_are_taken_out():
    catalog = Colours(wrong=0)
    photo = queries_of(catalog)[0].item.parts[0]
    [first, *rest] = products_of(catalog)
    first = replace(first, images=(*first.images, photo))
    [result] = measure(catalog, StoreSystem(shop_of([first, *rest]), progress=False))
    assert result.counts["probe_is_gallery_picture"] == 1 and result.counts["units"] == 11


def test_a_photo_that_cannot_be_read_is_a_reject_and_the_others_go_on():
    catalog = Colours(broken=2)
    [result] = measure(catalog, system_of(catalog))
    assert result.counts["units"] == 10 and result.counts["rejects"] == 2
    assert {r.item for r in result.rejects} == {"green-0", "green-1"}


def test_the_filter_of_a_query_holds():
    products = products_of(Colours(wrong=0))
    asked = [replace(q, where=parse_filter("price < 2")) for q in queries_of(Colours(wrong=0))]
    run = StoreSystem(shop_of(products)).rank(asked, gallery_of(products), 4)
    cheap = {name for name, price in PRICES.items() if price < 2}
    assert all({p for p, _ in run.candidates(i)} == cheap for i in range(len(asked)))


def test_a_shop_is_asked_with_the_fusion_of_the_suite_and_nothing_that_a_person_does_not_say():
    system, asked = system_of(Colours()), []
    answers = system.shop.answers

    def listen(requests):
        asked.extend(requests)
        return answers(requests)

    system.shop.answers = listen
    measure(Colours(), system, fusion="cat")
    assert len(asked) == 12 and {r.fusion for r in asked} == {"cat"}
    composed = replace(
        queries_of(Colours())[0],
        conditions=(Condition("color", "red", part=0, product="red"),),
        references=("red",),
    )
    system.rank([composed], gallery_of(products_of(Colours())), 4)
    assert asked[-1].query.conditions == (Condition("color", part=0),)
    assert asked[-1].query.references == () and asked[-1].codes is False


def test_the_gallery_is_what_the_store_was_built_from():
    catalog = Colours()
    with pytest.raises(DataError, match="gallery image; got text: leave --gallery out"):
        measure(catalog, system_of(catalog), gallery="text")


def test_options_change_how_it_is_asked_and_the_identity():
    legs = ["picture", "words"]
    assert parse_options("", legs) == {}
    assert parse_options("words=0&codes=on&facts=prefer", legs) == {
        "weights": {"words": 0.0},
        "codes": True,
        "facts": "prefer",
    }
    with pytest.raises(UnknownName, match="'wrods'; did you mean 'words'"):
        parse_options("wrods=0", legs)
    for written, said in (("words=no", "expected a weight"), ("codes=yes", "expected on or off")):
        with pytest.raises(DataError, match=said):
            parse_options(written, legs)


def test_the_identity_covers_options_and_products_and_not_the_place():
    catalog = Colours()
    one, same = system_of(catalog), system_of(catalog)
    assert one.info.kind == "pipeline" and one.info.identity == same.info.identity
    assert one.info.parts[0].name == ENCODER and one.info.about["asked"]["codes"] is False
    others = [one.with_fusion("cat"), one.without_index()]
    titled = [replace(p, title="new") for p in products_of(catalog)]
    others.append(StoreSystem(shop_of(titled)))
    assert len({s.info.identity for s in (one, *others)}) == 4
    assert one.info.identity == same.info.identity, "the copies left it as it was"


def test_without_an_address_the_need_is_named():
    with pytest.raises(DataError, match="'store' needs .* store:DIR or ADDRESS"):
        open_system("store", Numerics(), "cpu", TOOLS)


def test_what_stands_first_for_another_reason_scores_no_less():
    assert never_rising([0.2, 0.9, 0.5]).tolist() == pytest.approx([0.9, 0.9, 0.5])
    assert never_rising([]).tolist() == []
