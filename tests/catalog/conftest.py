"""Small datasets in every format, and the real ones where they lie on this machine."""

import io
import json
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skulens.catalog.open import open_catalog


def real_data(name: str) -> Path:
    """The folder of a real dataset, or a skip that says where it was looked for."""
    folders = [Path(f) for f in os.environ.get("SKULENS_DATA", "").split(os.pathsep) if f]
    found = next((f / name for f in folders if (f / name).is_dir()), None)
    if found is None:
        pytest.skip(
            f"the dataset {name} is not in {', '.join(map(str, folders)) or 'any folder'}; "
            "set SKULENS_DATA"
        )
    return found


def jpeg(seed: int, size: tuple[int, int] = (72, 72)) -> bytes:
    """A picture of smooth random blobs; another one for each seed."""
    grid = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    out = io.BytesIO()
    PIL.Image.fromarray(grid).resize(size, PIL.Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=90
    )
    return out.getvalue()


def read(path, **options):
    """(products by id, rejects as (where, item, reason))."""
    catalog = open_catalog(str(path), **options)
    products = {p.id: p for p in catalog.products()}
    return products, [(r.source, r.item, r.reason) for r in catalog.rejects]


def put(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def csv_file(tmp_path, text, name="t.csv", pictures=("a.jpg", "b.jpg", "c.jpg")):
    for n, picture in enumerate(pictures):
        put(tmp_path / picture, jpeg(n))
    return put(tmp_path / name, text)


def lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def make_own(folder: Path) -> Path:
    rows = ["id,title,image,split"]
    for sku in ("007", "8"):
        for n, split in enumerate(("gallery", "train", "test")):
            put(folder / f"{sku}_{n}.jpg", jpeg(hash_of(sku, n)))
            rows.append(f"{sku},Tea {sku},{sku}_{n}.jpg,{split}")
    put(folder / "products.csv", "\n".join(rows) + "\n")
    return folder


def make_groceries(folder: Path) -> Path:
    rows = [
        "Class Name (str), Class ID (int),Coarse Class Name (str),"
        "Coarse Class ID (int),Iconic,Description"
    ]
    for n, name in enumerate(("Fuji", "Oat-Milk")):
        kind = ("Fruit/Apple", "Packages/Milk")[n]
        base = f"/iconic-images-and-descriptions/{kind}/{name}/{name}"
        rows.append(f"{name},{n},{kind.split('/')[1]},{n},{base}_Iconic.jpg,{base}_Description.txt")
        put(folder / f"{base[1:]}_Iconic.jpg", jpeg(n))
        put(folder / f"{base[1:]}_Description.txt", f"A fine {name}.\nGood cold.\n")
        put(
            folder / f"{base[1:]}_Information.txt",
            f"\ufeffTitle: {name} Class 1 \nCountry: Italy\nNutrition values per 100 gram: \n"
            f"   fat 1 g\n   salt 2 g\nURL: https://shop.example/{n}",
        )
        for split in ("train", "val", "test"):
            put(folder / split / kind / name / f"{name}_1.jpg", jpeg(hash_of(split, n)))
    put(folder / "classes.csv", "\n".join(rows) + "\n")
    for split in ("train", "val", "test"):
        put(
            folder / f"{split}.txt",
            f"{split}/Fruit/Apple/Fuji/Fuji_1.jpg, 0, 0\n"
            f"{split}/Packages/Milk/Oat-Milk/Oat-Milk_1.jpg, 1, 1\n",
        )
    return folder


def make_openmpr(folder: Path, photos: bool = True) -> Path:
    put(
        folder / "synthetic_captions.json",
        json.dumps([{"product_id": p, "label": f"The product is {p}."} for p in ("012", "34")]),
    )
    if photos:
        manifest = {}
        for p in ("012", "34"):
            paths = [f"downloads/GV/{p}/single_frame_front_view/{p}_{n}.jpg" for n in range(2)]
            manifest[p] = {"image_paths": paths, "label": f"The product is {p}."}
            for n, path in enumerate(paths):
                put(folder / path.removeprefix("downloads/"), jpeg(hash_of(p, n)))
        put(folder / "eval_manifest.json", json.dumps(manifest))
    return folder


def merit_products() -> list[dict]:
    return [
        {
            "idx": n,
            "title": f"bag {n}",
            "class": "handbag",
            "country": "SG",
            "language": "en",
            "attribute": {"color": "red", "brand": None},
            "image": {"bytes": jpeg(n), "path": None},
        }
        for n in range(40)
    ]


def merit_queries() -> list[dict]:
    return [
        {
            "query": {"17": {"product style": "as product image"}, "2": {"color": "blue"}},
            "pos_candidate": [30],
            "hard_negative": [31],
            "query instruction": "Find a bag with the style of <Product 1> <image>\n"
            "bag 17 </Product 1> and the colour of <Product 2> <image>\n"
            "bag 2 </Product 2>.",
        },
        {
            "query": {"3": {"color": "red"}, "4": {"material": "silk"}},
            "pos_candidate": ["5", "6"],
            "hard_negative": [],
            "query instruction": "<Product 1>a product with color: red</Product 1> "
            "and <Product 2> <image>\nbag 4 </Product 2>",
        },
    ]


def make_merit(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        products = merit_products()
        for shard in range(2):
            table = pa.Table.from_pylist(products[shard * 20 : shard * 20 + 20])
            pq.write_table(
                table, folder / "data" / f"{split}-0000{shard}-of-00002.parquet", row_group_size=7
            )
        put(folder / f"queries-{split}.json", lines(merit_queries()))
    return folder


def make_clothing(folder: Path) -> Path:
    rows = ["image,label,kids,contributor,split"]
    for n, split in enumerate(("train", "val", "test", "test")):
        put(folder / "images" / f"{n}.jpg", jpeg(n))
        rows.append(f"images/{n}.jpg,{('Hat', 'Shoes')[n % 2]},False,{n},{split}")
    put(folder / "products.csv", "\n".join(rows) + "\n")
    return folder


def make_apparel_catalogue(folder: Path) -> Path:
    put(folder / "images/tee-front.jpg", jpeg(1))
    put(folder / "images/tee-back.jpg", jpeg(2))
    variants = [
        {
            "sku": "T-S",
            "name": "S",
            "attributes": {"Size": ["S"]},
            "price": {"USD": "12.50", "PLN": "40"},
        },
        {"sku": None, "name": "L", "attributes": {"Size": ["L"]}, "price": {"USD": "13.00"}},
    ]
    put(
        folder / "products.jsonl",
        lines(
            [
                {
                    "id": 1,
                    "name": "Tee",
                    "slug": "tee",
                    "product_type": "Top",
                    "category": ["Apparel", "Tops"],
                    "description": "A tee.",
                    "attributes": {"Brand": ["Acme"]},
                    "images": ["images/tee-front.jpg", "images/tee-back.jpg"],
                    "variants": variants,
                }
            ]
        ),
    )
    return folder


def hash_of(name: str, n: int) -> int:
    return sum(map(ord, name)) * 10 + n


def make_world(folder: Path) -> Path:
    pytest.importorskip("resvg_py")
    from skulens.world.config import WorldConfig
    from skulens.world.make import make

    make(folder, WorldConfig(views=("front",), skus=4, px=64, photos=1))
    return folder


def photo(name: str, fields: dict, legible: dict | None = None, **more) -> dict:
    return {
        "image": f"images/{name}.jpg",
        "fields": fields,
        "legible": legible or {},
        "language": ["en"],
        "lines": ["Tea"],
        "kind": "back",
        "licence": "MIT",
        "source": "a/b",
        **more,
    }


def make_packaging(folder: Path) -> Path:
    tea = {
        "id": "tea",
        "images": ["images/tea_front.jpg", "images/tea_back.jpg"],
        "language": "en",
        "brand": "Acme",
        "product": "Tea",
        "variant": "Mint",
        "ingredients_text": "Ingredients: Tea 90%, Mint (Mentha, oil), Sugar 1,5 %.",
        "net_weight": None,
        "nutrition_per_100g": {"energy_kj": 10, "energy_kcal": 2, "fat_g": 0.1},
        "nutrition_per_serving": {"fat_g": 0.01},
        "warnings": [{"heading": "CAUTION", "text": None}],
        "barcode": {"printed_digits_visible": "07241713616", "complete": False},
    }
    small = "images/tea_front_small.jpg"
    put(folder / "answers.json", json.dumps({"products": [tea], "unreadable": [small]}))
    for n, path in enumerate((*tea["images"], small)):
        put(folder / path, jpeg(n))
    return folder


def make_packages(folder: Path) -> Path:
    fields = {
        "brand": "Acme",
        "product": None,
        "net_content": None,
        "marks": ["EAC", "12 M"],
        "contact": "tel. 1 2, www.acme.example",
        "gtin": None,
        "nutrition_per_100g": None,
        "nutrition_per_serving": {"serving": "20 g", "sodium_mg": 95},
    }
    legible = {"brand": "partly", "net_content": "no", "marks": "yes", "gtin": "partly"}
    entry = photo("tea", fields, legible, size=[72, 72], accept_gtin="077043358023")
    put(folder / "answers.json", json.dumps({"photos": [entry]}))
    put(folder / "images" / "tea.jpg", jpeg(1))
    return folder


def make_product_labels(folder: Path) -> Path:
    def label(name, fields, same=(), **more):
        return photo(name, fields, subkind="plate", same_object=list(same), **more)

    both = [{"brand": "Acme", "legible": "yes"}, {"brand": "Emca", "legible": "partly"}]
    photos = [
        label("a", {"brand": "Acme", "rating": {"voltage": "12 V", "current": "1 A"}}, ["x"]),
        label("b", {"brand": None, "rating": None, "price": "9.90"}, ["y", "x"]),
        label("c", {"brand": None}, products=both),
        label("d", {"gtin": "034000442959"}, ["y"]),
    ]
    put(folder / "answers.json", json.dumps({"photos": photos}))
    for n, name in enumerate("abcd"):
        put(folder / "images" / f"{name}.jpg", jpeg(n))
    return folder


def make_barcodes(folder: Path) -> Path:
    rows = ["image,symbology,text,group,width,height"]
    for n, (symbology, text, group) in enumerate(
        [
            ("EAN-13", "8413000065504", "ean13-1"),
            ("UPC-A", "036602301467", "upca-6"),
            ("UPC-E", "04963406", "upce-2"),
            ("none", "", "falsepositives"),
        ]
    ):
        put(folder / "images" / group / f"{n}.jpg", jpeg(n))
        rows.append(f"images/{group}/{n}.jpg,{symbology},{text},{group},72,72")
    put(folder / "labels.csv", "\n".join(rows) + "\n")
    return folder


def cirr_entries() -> list[dict]:
    names = ["a", "b", "c", "d"]
    return [
        {
            "pairid": 7 + n,
            "reference": "a",
            "target_hard": target,
            "target_soft": {target: 1.0, "d": -1.0},
            "caption": f"shows {target}",
            "img_set": {"id": 3, "members": names, "reference_rank": 0, "target_rank": 1},
        }
        for n, target in enumerate(("b", "c"))
    ]


def make_cirr(folder: Path) -> Path:
    names = {name: f"./dev/{name}.png" for name in "abcd"}
    for split in ("train", "val"):
        put(folder / f"image_splits/split.rc2.{split}.json", json.dumps(names))
        put(folder / f"captions/cap.rc2.{split}.json", json.dumps(cirr_entries()))
    for n, path in enumerate(names.values()):
        put(folder / "img_raw" / path, jpeg(n))
    return folder


def make_fashioniq(folder: Path) -> Path:
    for n, kind in enumerate(("dress", "shirt")):
        names = [f"B{n}{i}" for i in range(3)] + ["BOTH"]
        entry = {"target": names[1], "candidate": names[0], "captions": ["is red", "is longer"]}
        for split in ("train", "val"):
            put(folder / f"image_splits/split.{kind}.{split}.json", json.dumps(names))
            put(folder / f"captions/cap.{kind}.{split}.json", json.dumps([entry]))
        for i, name in enumerate(names):
            put(folder / "images" / f"{name}.{('jpg', 'png')[n]}", jpeg(4 * n + i))
    return folder


def make_class_folders(folder: Path) -> Path:
    for n, name in enumerate(("Green_Tea", "Mint Tea", "Café")):
        for i in range(4):
            put(folder / name / f"{i}.jpg", jpeg(10 * n + i))
    return folder


def make_photo_folder(folder: Path) -> Path:
    for n in range(3):
        put(folder / f"{n}.jpg", jpeg(n))
    return folder


def make_imagefolder(folder: Path) -> Path:
    for split in ("train", "test"):
        rows = ["file_name,label,price"]
        for n in range(4):
            put(folder / split / f"{n}.jpg", jpeg(hash_of(split, n)))
            rows.append(f"{n}.jpg,{('Tea', 'Cup')[n % 2]},2.50")
        put(folder / split / "metadata.csv", "\n".join(rows) + "\n")
    return folder


def hub_table(seed: int, names=("Tea", "Cup"), rows: int = 4) -> pa.Table:
    """Photos and labels as `datasets` writes them, the names of the labels in the schema."""
    features = {
        "image": {"_type": "Image"},
        "label": {"names": list(names), "_type": "ClassLabel"},
    }
    table = pa.table(
        {
            "image": [{"bytes": jpeg(seed + n), "path": f"{n}.jpg"} for n in range(rows)],
            "label": [n % len(names) for n in range(rows)],
        }
    )
    said = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({"huggingface": said})


def make_hub_parquet(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    for n, name in enumerate(
        ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")
    ):
        pq.write_table(hub_table(10 * n), folder / "data" / f"{name}.parquet")
    return folder


def make_exported(layout: str):
    """Writes a small MERIT with our own writer of a layout."""

    def make(folder: Path) -> Path:
        from skulens.catalog.layouts.export import export_catalog

        source = open_catalog(str(make_merit(folder.parent / f"source-{layout}")))
        export_catalog(source, layout, folder, tile=lambda images: images[0].read())
        return folder

    return make


MAKE = {
    "cirr": make_cirr,
    "fashioniq": make_fashioniq,
    "m-beir": make_exported("m-beir"),
    "vlm2vec": make_exported("vlm2vec-eval"),
    "own": make_own,
    "groceries": make_groceries,
    "openmpr": make_openmpr,
    "merit": make_merit,
    "clothing": make_clothing,
    "apparel_catalogue": make_apparel_catalogue,
    "packaging": make_packaging,
    "packages": make_packages,
    "product_labels": make_product_labels,
    "barcodes": make_barcodes,
    "world": make_world,
    "class-folders": make_class_folders,
    "photo-folder": make_photo_folder,
    "imagefolder": make_imagefolder,
    "hub-parquet": make_hub_parquet,
}
"""Reader -> what writes a small dataset of its format; a new reader adds a line."""


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """Nothing comes from or goes to the user's cache, and nothing is fetched."""
    monkeypatch.setenv("SKULENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SKULENS_OFFLINE", "1")
