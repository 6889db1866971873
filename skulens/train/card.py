"""The README.md of a trained encoder: data, licence, recipe, numbers, limits."""

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

import yaml

from skulens.encode.towers import towers_params
from skulens.protocols import Catalog
from skulens.train.config import Contrastive, as_dict
from skulens.train.measure import format_metric

if TYPE_CHECKING:
    import open_clip

LIMITS = """\
A small encoder for a small world: it knows products like those it was trained on and little beyond
them. Print on packages is mostly too small to be read at this size. Words it never saw are encoded
by their bytes and mean little to it. Measure it on your own photos before relying on it.
"""


def model_card(
    catalogs: Sequence[Catalog], config: Contrastive, trained, model: "open_clip.CLIP", place: str
) -> str:
    """Markdown.

    Args:
        trained: a contrastive.Trained whose minutes and measurements are filled in.
        place: where it was measured.
    """
    image, text = towers_params(model)
    data = [
        f"- {i.title}: {' '.join(filter(None, (i.source or 'local', i.revision)))}, "
        f"licence {i.licence}. {i.citation}".rstrip()
        for i in (catalog.info for catalog in catalogs)
    ]
    start = (
        f"on frozen vectors of {config.frozen_image}"
        if config.frozen_image
        else "from random weights"
    )
    facts = (
        f"Trained {start} on {trained.n_pictures} pictures of {trained.n_products} products, "
        f"{config.epochs} epochs, seed {config.seed}, "
        f"{trained.minutes:.1f} minutes, {datetime.date.today()}. "
        f"{image / 1e6:.2f} M parameters in the vision tower, "
        f"{text / 1e6:.2f} M in the text tower; "
        f"{config.towers.image_px} px, {config.towers.context_length} tokens."
    )
    if config.sources:
        data.append(
            "- Every batch holds the catalogues in the shares "
            + ", ".join(f"{name} {weight:g}" for name, weight in config.sources.items())
            + "."
        )
    if config.views != ("none",):
        data.append(
            "- The catalogue's own pictures (iconic ones and the like) "
            "were trained on beside the photos, so\n"
            "  photo -> picture numbers on the same products say how well those are remembered."
        )
    recipe = yaml.safe_dump(as_dict(config), sort_keys=False)
    parts = [
        "# A skulens encoder",
        facts,
        "## Data",
        "\n".join(data),
        *list_measurements(trained.measured, place),
    ]
    return (
        "\n\n".join([*parts, "## Limits", LIMITS.strip(), "## Recipe", f"```yaml\n{recipe}```"])
        + "\n"
    )


def list_measurements(found: dict[str, dict], place: str) -> list[str]:
    """Heading and table of the measurements; 95 % intervals over products."""
    if not found:
        return []
    columns = ["gallery", "photos", "products", *next(iter(found.values()))["metrics"]]
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for gallery, row in found.items():
        cells = [format_metric(metric) for metric in row["metrics"].values()]
        rows.append(
            f"| {gallery} | {row['n_queries']} | {row['n_gallery']} | {' | '.join(cells)} |"
        )
    return [f"## Measured once, at the end: {place}", "\n".join(rows)]
