"""Where OpenMPR's published results lie: found like any dataset, or fetched at a pinned commit."""

import gzip
import json
import shutil
from pathlib import Path

from skulens.catalog.fetch.sources import fetch, forget
from skulens.catalog.names import cache_folder, data_folders, is_unfinished
from skulens.errors import DataError
from skulens.files import write_whole

SUMMARY, HITS = "benchmark_summary.csv", "per_sku_hits.json.gz"
SKIPPED = "openclip_skipped_models.json"
"""Checkpoints that the paper left out, with the error of each."""
KS = (1, 3, 5)
"""Cut-offs of OpenMPR's files."""


def openmpr_folder() -> Path:
    """The folder with benchmark_summary.csv and per_sku_hits.json.gz.

    Looked for as `openmpr` in the folders of $SKULENS_DATA and in the user's cache, there also as an
    unpacked copy of the paper's repository; else that repository is fetched at the commit of
    `SOURCES["openmpr"]` ($SKULENS_URL_OPENMPR replaces the address).

    Raises:
        MissingFile: neither here nor reachable; says what to put where.
        DataError, StoreError: see `catalog.fetch.sources.fetch`.
    """
    places = [folder / "openmpr" for folder in data_folders()]
    packed = cache_folder() / "openmpr_results"
    for place in (*places, packed):
        if (place / SUMMARY).is_file() and (place / HITS).is_file():
            return place
    whole = (p for p in places if (p / "results" / SUMMARY).is_file() and not is_unfinished(p))
    repository = next(whole, None) or fetch("openmpr", cache_folder() / "openmpr")
    packed.mkdir(parents=True, exist_ok=True)
    pack_results(repository, packed)
    forget("openmpr", repository)
    return packed


def pack_results(repository: Path, folder: Path) -> None:
    """Write per_sku_hits.json.gz and copy benchmark_summary.csv from an unpacked repository.

    Upstream keeps recalls per SKU, one JSON file per model, and the manifest of photos; hits are
    recall x photos, whole numbers by construction.

    Raises:
        DataError: a file is missing or not as expected, or a recall is not a whole number of
            photos.
    """
    summary = next(repository.rglob(SUMMARY), None)
    manifest = next(repository.rglob("barcode_to_images_map.json"), None)
    if summary is None or manifest is None:
        raise DataError(
            f"{repository} has no {SUMMARY} or no barcode_to_images_map.json; "
            "is it OpenMPR's repository?"
        )
    try:
        counts = {
            sku: len(entry["image_paths"])
            for sku, entry in json.loads(manifest.read_text()).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        raise DataError(
            f"{manifest} is not a manifest, expected barcode -> image_paths: "
            f"{type(e).__name__}: {e}"
        ) from None
    skus = sorted(counts)
    models = [
        pack_model(path, skus, counts)
        for path in sorted((summary.parent / "macro_cmc").glob("*.json"))
    ]
    packed = {"skus": skus, "num_images": [counts[s] for s in skus], "models": models}
    if (summary.parent / SKIPPED).is_file():
        shutil.copyfile(summary.parent / SKIPPED, folder / SKIPPED)
    shutil.copyfile(summary, folder / SUMMARY)
    hits = gzip.compress(json.dumps(packed).encode(), mtime=0)
    write_whole(folder / HITS, lambda f: f.write(hits))  # last: where it is, all of it is


def pack_model(path: Path, skus: list[str], counts: dict[str, int]) -> dict:
    """One model's hits from its file macro_cmc/ARCHITECTURE--TAG.json."""
    model, _, tag = path.stem.partition("--")
    try:
        recalls = json.loads(path.read_text())
        if set(recalls) != set(skus):
            raise DataError(
                f"{path.name} has {len(recalls)} SKUs where the manifest has {len(skus)}"
            )
        products = {k: [recalls[s][f"@k={k}"] * counts[s] for s in skus] for k in KS}
    except (ValueError, TypeError, KeyError) as e:
        raise DataError(
            f"{path.name}: expected barcode -> @k=1, @k=3, @k=5: {type(e).__name__}: {e}"
        ) from None
    hits = {}
    for k, exact in products.items():
        hits[str(k)] = [round(x) for x in exact]
        if any(abs(x - n) > 1e-6 for x, n in zip(exact, hits[str(k)], strict=True)):
            raise DataError(
                f"{path.name}: a recall@{k} is not a whole number of photos; "
                "the manifest does not fit it"
            )
    return {
        "vision_model": model,
        "pretrained_on": tag,
        "sku_hits": hits,
        "total_hits": {k: sum(h) for k, h in hits.items()},
    }
