"""No probe and no product leaves a measurement without a reject of its own."""

import io
import json
from dataclasses import asdict

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skulens.bench.retrieval import measure
from skulens.bench.suites.mpr import Mpr, MprSettings
from skulens.bench.task import Task, Tools
from skulens.catalog.open import open_catalog
from skulens.encode.batching import Batching
from skulens.encode.cache import VectorCache
from skulens.encode.embed import Embedder
from skulens.encode.gallery import Gallery
from skulens.records import Image, Item, Query
from tests.encode.fake import FakeEncoder

QUIET = Batching(batch=4, threads=2, progress=False)
PAGE = b"<html><title>404</title></html>" * 9


def png(colour) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (9, 7), colour).save(out, "PNG")
    return out.getvalue()


def photos(folder, kind: str) -> str:
    """A catalogue of two SKUs, one good probe, and 40 probes that are all the same saved page."""
    rows = [("a", png("red"), "gallery"), ("b", png("blue"), "gallery"), ("a", png("tan"), "test")]
    rows += [("b", PAGE, "test")] * 40
    if kind == "in a table":
        ids, pictures, splits = (list(column) for column in zip(*rows, strict=True))
        table = pa.table({"id": ids, "title": ids, "image": pictures, "split": splits})
        pq.write_table(table, folder / "shop.parquet")
        return str(folder / "shop.parquet")
    lines = []
    for i, (sku, data, split) in enumerate(rows):
        (folder / f"{i}.png").write_bytes(data)
        row = {"id": sku, "title": sku, "image": f"{i}.png", "split": split}
        lines.append(json.dumps(row))
    (folder / "shop.jsonl").write_text("\n".join(lines))
    return str(folder / "shop.jsonl")


@pytest.mark.parametrize("kind", ["on disk", "in a table"])
def test_forty_copies_of_a_broken_picture_are_forty_rejects(tmp_path, kind):
    catalog = open_catalog(photos(tmp_path, kind))
    settings = MprSettings(split="test", gallery="image", texts=("title",))
    [result] = Mpr(catalog, settings, tools=Tools(batching=QUIET)).run([FakeEncoder()])
    assert result.counts["units"] == 1 and result.counts["rejects"] == len(result.rejects) == 40
    assert len({str(asdict(reject)) for reject in result.rejects}) == 40
    assert len({reject.item for reject in result.rejects}) == 40
    assert all("web page" in reject.reason for reject in result.rejects)


def test_every_part_of_an_item_has_its_reject(tmp_path):
    bad = Image(data=PAGE)
    gone = Image(path=str(tmp_path / "gone.png"))
    items = [
        Item("fine", (Image(data=png("red")), "tea")),
        Item("two", (bad, bad)),
        Item("mixed", ("tea", gone, bad)),
        Item("empty", ()),
    ]
    for cache in (None, VectorCache(tmp_path, FakeEncoder().info)):
        [fused] = Embedder([FakeEncoder()], [cache], None, QUIET).embed_items(items)
        found = [(r.item, r.reason[:9]) for r in fused.encoded.rejects]
        assert found == [
            ("two", "not a pic"),
            ("two", "not a pic"),
            ("mixed", "there is "),
            ("mixed", "not a pic"),
            ("empty", "it has no"),
        ]
        assert np.isnan(fused.vectors).any(axis=1).tolist() == [False, True, True, True]


class Odd(FakeEncoder):
    """A zero vector for the text "zero"."""

    def encode_batch(self, modality, batch):
        rows = super().encode_batch(modality, batch)
        rows[[bool((b == self.prepare_text("zero")).all()) for b in batch]] = 0
        return rows


def test_a_vector_without_direction_is_a_reject():
    items = [Item("q", ("tea",)), Item("z", ("zero",))]
    [fused] = Embedder([Odd()], None, None, QUIET).embed_items(items)
    assert [(r.item, r.reason) for r in fused.encoded.rejects] == [("z", "its vector has length 0")]


def test_queries_and_products_without_a_vector_are_both_counted():
    def queries():
        for i in range(6):
            yield Query(f"q{i}", Item(f"q{i}", ("zero" if i % 2 else f"tea {i}",)), {"a": 1})

    items = (Item("a", ("tea",)), Item("b", ("zero",)))
    gallery = Gallery("text", items, np.arange(2), ("a", "b"), ())
    task = Task(
        suite="mpr",
        data="d",
        dataset="d",
        split="test",
        queries=queries,
        galleries={"text": gallery},
        products=(),
        settings={},
    )
    [result] = measure(task, [(Odd(), "text")], Tools(batching=QUIET, time_probes=False))
    assert result.counts["units"] == 3 and result.counts["rejects"] == 4
    assert {r.item for r in result.rejects} == {"q1", "q3", "q5", "b"}
