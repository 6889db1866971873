"""Names -> the classes behind them, imported on first use.

Adding something is one file and one row here. A name may carry an argument after a colon
("onnx:path/to/model", "open_clip:ViT-B-32/openai"); what stands before it is the row.
"""

import importlib
from dataclasses import dataclass
from typing import Any

from skulens.errors import MissingDependency, unknown


@dataclass(frozen=True, slots=True)
class Row:
    """One registered class."""

    target: str
    """ "module:Class" """
    about: str
    """One line for `skulens list`."""
    extra: str = ""
    """The extra of the package that brings what the module imports: skulens[extra]."""
    needs: str = ""
    """What has to stand after the colon of its name; empty for a name that stands alone."""


ENCODERS = {
    "mini": Row(
        "skulens.encode.open_clip:Mini",
        "small encoder that ships with skulens, trained on the procedural shop",
        "clip",
    ),
    "groceries": Row(
        "skulens.encode.open_clip:Groceries",
        "small encoder trained on photos of a grocery store",
        "clip",
    ),
    "open_clip": Row(
        "skulens.encode.open_clip:OpenClip",
        "any architecture/tag pair of open_clip: open_clip:ViT-B-32/openai",
        "clip",
        "ARCH/TAG",
    ),
    "local": Row(
        "skulens.encode.open_clip:LocalOpenClip",
        "a folder in open_clip's format, as `skulens train` writes it: local:DIR",
        "clip",
        "DIR",
    ),
    "hf": Row(
        "skulens.encode.transformers:DualEncoder",
        "CLIP, SigLIP or SigLIP 2 of transformers: hf:REPO or hf:DIR",
        "clip",
        "REPO or DIR",
    ),
    "st": Row(
        "skulens.encode.sentence_transformers:Sentence",
        "any sentence-transformers model: st:REPO or st:DIR",
        "mllm",
        "REPO or DIR",
    ),
    "mllm": Row(
        "skulens.encode.mllm:Mllm",
        "a multimodal language model that reads whole items: mllm:REPO or mllm:DIR",
        "mllm",
        "REPO or DIR",
    ),
    "onnx": Row(
        "skulens.encode.onnx:OnnxImage",
        "an ONNX image encoder on disk: onnx:FILE or onnx:DIR",
        "onnx",
        "FILE or DIR",
    ),
}
"""Encoder families."""

READERS = {
    "own": Row(
        "skulens.catalog.own:OwnCatalog",
        "your own CSV, JSONL or Parquet file, or a folder with one",
    ),
    "groceries": Row(
        "skulens.catalog.groceries:Groceries",
        "GroceryStoreDataset: 81 products, photos, iconic pictures, texts",
    ),
    "openmpr": Row(
        "skulens.catalog.openmpr:OpenMPR",
        "GroceryVision as OpenMPR uses it: 409 SKUs, 20,565 photos, captions",
    ),
    "merit": Row(
        "skulens.catalog.merit:Merit",
        "MERIT: products in five languages, interleaved multi-condition queries",
    ),
    "clothing": Row("skulens.catalog.clothing:Clothing", "photos of single garments in 18 classes"),
    "apparel_catalogue": Row(
        "skulens.catalog.apparel_catalogue:ApparelCatalogue",
        "a demo shop: several views, attributes, variants",
    ),
    "world": Row(
        "skulens.world.reader:World",
        "the procedural shop: seeded products with complete ground truth",
        "world",
    ),
}
"""Catalogue formats; the names are also dataset names."""

SUITES = {
    "mpr": Row(
        "skulens.bench.suites.mpr:Mpr",
        "photo -> SKU texts, iconic pictures or both (OpenMPR's protocol and ours)",
    ),
}
"""Benchmarks of `skulens bench`."""

KINDS = {"encoder": ENCODERS, "dataset": READERS, "suite": SUITES}


def resolve(kind: str, name: str) -> Any:
    """The class of a registered name.

    Raises:
        UnknownName: nobody is called so; names the nearest.
        MissingDependency: its module needs a package that is not installed; names the extra.
    """
    rows = KINDS[kind]
    if name not in rows:
        raise unknown(kind, name, rows, f"skulens list {kind}s")
    row = rows[name]
    module, _, attribute = row.target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as e:
        if (e.name or "").split(".")[0] == "skulens":
            raise
        extra = f"skulens[{row.extra}]" if row.extra else str(e.name)
        raise MissingDependency(f"{kind} {name!r} needs {e.name}: pip install '{extra}'") from e
