"""The ground truth checked from the outside:
from the tables and pixels alone, with other people's tools where there are any.
"""

import collections
import io

import PIL.Image
import pyarrow.parquet as pq
import pytest

pytest.importorskip(
    "resvg_py", reason="the procedural shop needs resvg_py: pip install 'skulens[world]'"
)

from skulens.catalog.open import open_catalog
from skulens.world import World, WorldConfig
from skulens.world.config import VIEWS
from skulens.world.make import make
from skulens.world.tables import SCHEMAS
from tests.world.conftest import EVERYTHING

CONFIG = EVERYTHING


class Shop:
    """Tables as lists of rows."""

    def __init__(self, folder, made):
        self.folder, self.made = folder, made
        self.tables = {
            name: pq.read_table(folder / f"{name}.parquet").to_pylist() for name in SCHEMAS
        }

    def __getattr__(self, name):
        return self.tables[name]

    def values(self) -> dict[str, dict[str, str]]:
        """SKU -> key -> value, from the attributes table."""
        found = collections.defaultdict(dict)
        for row in self.attributes:
            found[row["id"]][row["key"]] = row["value"]
        return found


@pytest.fixture(scope="module")
def shop(everything) -> Shop:
    return Shop(*everything)


def test_every_view_of_every_sku_is_there_and_a_picture(shop):
    views = collections.defaultdict(collections.Counter)
    for row in shop.products:
        views[row["id"]][row["view"]] += 1
        with PIL.Image.open(shop.folder / row["image"]) as picture:
            assert picture.size == ((384, 384) if row["view"] == "label" else (96, 96))
    assert len(views) == CONFIG.skus
    for found in views.values():
        assert set(found) == {*VIEWS, "photo"} and 1 <= found["label"] <= 4
        assert all(found[view] == 1 for view in found if view != "label")
    assert sum(sum(v.values()) for v in views.values()) == shop.made.pictures


def test_views_of_a_product_are_different_pictures(shop):
    seen = collections.Counter((shop.folder / row["image"]).read_bytes() for row in shop.products)
    assert max(seen.values()) == 1


def test_siblings_differ_where_the_table_says_and_share_everything_else(shop):
    values = shop.values()
    assert sorted(sku for row in shop.siblings for sku in row["skus"]) == sorted(values)
    for row in shop.siblings:
        members = [values[sku] for sku in row["skus"]]
        keys = set().union(*members)
        differing = {key for key in keys if len({m.get(key) for m in members}) > 1}
        assert differing == set(row["varies"]) and 2 <= len(members) <= 6
        visible = {
            a["key"]
            for a in shop.attributes
            if a["id"] == row["skus"][0] and a["modality"] in ("visual", "both")
        }
        signatures = {tuple(m[key] for key in sorted(visible)) for m in members}
        assert len(signatures) == len(members), "siblings differ in something that can be seen"


def test_a_variant_that_lacks_a_key_differs_in_it(tmp_path):
    """Wired headphones have no battery life, their wireless siblings have one."""
    config = WorldConfig(skus=160, seed=5, classes=("headphone",), views=(), photos=0)
    shop = Shop(tmp_path, make(tmp_path, config, workers=1, progress=False))
    values, mixed = shop.values(), 0
    for row in shop.siblings:
        wired = {"battery life" not in values[sku] for sku in row["skus"]}
        assert ("battery life" in row["varies"]) == (len(wired) == 2)
        assert ("connectivity technology" in row["varies"]) == (len(wired) == 2)
        mixed += len(wired) == 2
    assert mixed > 1
    by_id = {p.id: p for p in open_catalog(str(tmp_path)).products()}
    for sku, known in values.items():
        assert {a.key: a.value for a in by_id[sku].attributes} == known
    gold = list(World(tmp_path).gold())
    lacking = {g.item for g in gold if g.field == "attributes.battery_life" and not g.values}
    assert lacking == {sku for sku, known in values.items() if "battery life" not in known}


def test_check_digits_are_valid_and_numbers_unique(shop):
    ean = pytest.importorskip(
        "stdnum.ean",
        reason="check digits are checked by python-stdnum: pip install 'skulens[vision]'",
    )
    numbers = [row["gtin"] for row in shop.products if row["gtin"]]
    assert len(numbers) == len(set(numbers)) == CONFIG.skus
    assert all(ean.is_valid(number) for number in numbers)
    printed = {row["id"]: row["text"] for row in shop.labels if row["field"] == "gtin"}
    assert printed == {row["id"]: row["gtin"] for row in shop.products if row["gtin"]}


def test_regions_lie_in_their_pictures_and_say_what_the_label_says(shop):
    said = {(row["id"], row["field"], row["text"]) for row in shop.labels}
    pictures = {row["image"]: row["view"] for row in shop.products}
    for row in shop.regions:
        side = 384 if pictures[row["image"]] == "label" else 96
        xs, ys = row["quad"][::2], row["quad"][1::2]
        assert min(xs) < side and max(xs) > 0 and min(ys) < side and max(ys) > 0
        assert row["legible"] in ("yes", "partly", "no") and bool(row["reason"]) == (
            row["legible"] != "yes"
        )
        if row["view"] == "label":
            assert (row["id"], row["field"], row["text"]) in said


def test_legibility_is_the_best_of_the_regions(shop):
    order = {"yes": 0, "partly": 1, "no": 2}
    found = collections.defaultdict(list)
    for row in shop.regions:
        found[row["id"], row["field"], row["text"]].append((order[row["legible"]], row["image"]))
    texts = {(row["id"], row["number"]): row["text"] for row in shop.labels}
    assert len(shop.legibility) == len(shop.labels)
    for row in shop.legibility:
        regions = found[row["id"], row["field"], texts[row["id"], row["number"]]]
        if not regions:
            assert row["legible"] == "not pictured" and row["images"] == []
            continue
        assert order[row["legible"]] == min(regions)[0]
        assert set(row["images"]) == {image for rank, image in regions if rank == 0}
    verdicts = collections.Counter(row["legible"] for row in shop.legibility)
    assert verdicts["yes"] > 100 and verdicts["no"] > 0, (
        "both answerable and unverifiable facts exist"
    )


def test_every_printed_fact_of_a_clean_close_up_is_pictured(shop):
    """A fact can be missing from a SKU's pictures only where a close-up was cropped."""
    cropped = {
        row["id"]
        for row in shop.products
        if row["view"] == "label" and row["image"].endswith(".jpg")
    }
    assert not [
        row
        for row in shop.legibility
        if row["legible"] == "not pictured" and row["id"] not in cropped
    ]


def test_listings_are_the_truth_but_for_the_noise_they_are_marked_with(shop):
    values, kinds = shop.values(), {row["id"]: row["kind"] for row in shop.attributes}
    noise = collections.defaultdict(list)
    for row in shop.noise:
        noise[row["id"]].append(row)
    assert {row["sku"] for row in shop.listings} == set(values) and 10 < len(noise) < CONFIG.skus
    for row in shop.listings:
        told = {a["key"]: a["value"] for a in row["attributes"]}
        wrong = {key for key in told if told[key] != values[row["sku"]][key]}
        marked = {
            n["field"]
            for n in noise[row["id"]]
            if n["noise"] == "wrong attribute" and "attributes" in n["places"]
        }
        assert wrong == marked
        elsewhere = {n["shown"] for n in noise[row["id"]] if n["noise"] == "wrong category"}
        assert row["category"] == [*(elsewhere or {kinds[row["sku"]]})]
        stolen = any(n["noise"] == "stolen picture" for n in noise[row["id"]])
        assert stolen == (f"{row['sku']}-front" not in row["image"][0])


def test_listings_open_as_a_catalogue(shop):
    listings = open_catalog(str(shop.folder / "listings.parquet"))
    assert len(list(listings.products())) == len(shop.listings) and not listings.rejects


def test_barcodes_of_clean_close_ups_are_read_back(shop):
    zxing = pytest.importorskip(
        "zxingcpp", reason="barcodes are read back by zxing-cpp: pip install 'skulens[vision]'"
    )
    clean = [
        r
        for r in shop.regions
        if r["field"] == "gtin" and r["view"] == "label" and r["legible"] == "yes"
    ]
    assert len(clean) > 15
    for row in clean:
        picture = PIL.Image.open(io.BytesIO((shop.folder / row["image"]).read_bytes())).convert("L")
        read = {code.text[-13:].zfill(13) for code in zxing.read_barcodes(picture)}
        assert row["text"].zfill(13) in read, row["image"]


def test_a_shop_without_pictures_has_the_same_records(tmp_path):
    bare = WorldConfig(skus=16, seed=5, views=(), photos=0)
    made = make(tmp_path / "bare", bare, workers=1, progress=False)
    assert made.pictures == 0 and not list((tmp_path / "bare").rglob("*.png"))
    catalog = open_catalog(str(tmp_path / "bare"))
    products = list(catalog.products())
    assert (
        len(products) == 16
        and not catalog.rejects
        and all(p.title and p.gtin and not p.images for p in products)
    )
    assert catalog.info.splits == () or all(
        not list(catalog.queries(s)) for s in catalog.info.splits
    )
