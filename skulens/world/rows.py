"""What the tables say about a SKU: the catalogue,
and the truth about what it is and what its pictures show.
"""

import itertools

from skulens.world.config import WorldConfig
from skulens.world.label.facts import Label, label_of
from skulens.world.render.regions import Region, best
from skulens.world.render.shots import Shot
from skulens.world.tables import Rows
from skulens.world.truth.listings import listings_of
from skulens.world.truth.products import Variant
from skulens.world.truth.texts import texts

Seen = list[tuple[Shot, tuple[Region, ...]]]
"""The pictures of a SKU, each with what is printed in it."""


def of_sku(config: WorldConfig, variant: Variant, seen: Seen) -> Rows:
    """Rows of every table but the siblings."""
    label, said = label_of(variant), texts(variant)
    listings, noise = listing_rows(config, variant, label)
    return {
        "products": product_rows(variant, label, said, [shot for shot, _ in seen]),
        "attributes": attribute_rows(variant),
        "labels": label_rows(variant, label),
        "regions": [
            region_row(variant, shot, region) for shot, regions in seen for region in regions
        ],
        "legibility": legibility_rows(variant, label, seen),
        "listings": listings,
        "noise": noise,
    }


def product_rows(
    variant: Variant, label: Label, said: dict[str, str], taken: list[Shot]
) -> list[dict]:
    """A row per picture, or one without:
    the first says everything, the others only whose picture it is.
    """
    everything = said | {
        "id": variant.id,
        "spu": variant.spu,
        "category": [variant.kind],
        "language": "en",
        "country": label.country,
        "gtin": label.gtin,
        "fold": variant.split,
        "attributes": [{"key": a.key, "value": a.value} for a in variant.attributes],
    }
    rows = [
        {"id": variant.id, "image": shot.path, "view": shot.view, "split": shot.split}
        for shot in taken
    ]
    return [everything | row for row in rows[:1]] + rows[1:] or [everything]


def attribute_rows(variant: Variant) -> list[dict]:
    same = {"id": variant.id, "spu": variant.spu, "kind": variant.kind, "fold": variant.split}
    rows = [
        same | {"key": a.key, "value": a.value, "modality": a.modality} for a in variant.attributes
    ]
    return [
        row | {"rgb": list(variant.look.base)} if row["key"] == "color" else row for row in rows
    ]


def siblings(found: list[Variant]) -> list[dict]:
    """Rows of the SPUs of consecutive SKUs, with the keys in which their variants differ."""
    rows = []
    for spu, group in itertools.groupby(found, key=lambda v: v.spu):
        members = list(group)
        values = [{a.key: a.value for a in v.attributes} for v in members]
        keys = dict.fromkeys(key for v in values for key in v)  # some may lack a key
        varies = [key for key in keys if len({v.get(key) for v in values}) > 1]
        rows.append(
            {
                "spu": spu,
                "kind": members[0].kind,
                "fold": members[0].split,
                "skus": [v.id for v in members],
                "varies": varies,
            }
        )
    return rows


def label_rows(variant: Variant, label: Label) -> list[dict]:
    same = {
        "id": variant.id,
        "kind": label.kind,
        "language": label.language,
        "country": label.country,
    }
    return [
        same
        | {
            "number": number,
            "field": f.field,
            "text": f.text,
            "value": f.value,
            "heading": f.heading,
        }
        for number, f in enumerate(label.facts)
    ]


def region_row(variant: Variant, shot: Shot, region: Region) -> dict:
    corners = [round(v, 1) for point in region.quad for v in point]
    return {
        "image": shot.path,
        "id": variant.id,
        "view": shot.view,
        "field": region.field,
        "text": region.text,
        "quad": corners,
        "size_px": round(region.size_px, 2),
        "legible": region.legible,
        "reason": region.reason,
    }


def legibility_rows(variant: Variant, label: Label, seen: Seen) -> list[dict]:
    """For each printed fact: can it be read in any of the SKU's pictures, and in which."""
    rows = []
    for number, fact in enumerate(label.facts):
        found = [
            (shot.path, r)
            for shot, regions in seen
            for r in regions
            if (r.field, r.text) == (fact.field, fact.text)
        ]
        verdict = best([r for _, r in found]) if found else "not pictured"
        images = sorted({path for path, r in found if r.legible == verdict == "yes"})
        rows.append(
            {
                "id": variant.id,
                "number": number,
                "field": fact.field,
                "value": fact.value,
                "legible": verdict,
                "images": images,
            }
        )
    return rows


def listing_rows(
    config: WorldConfig, variant: Variant, label: Label
) -> tuple[list[dict], list[dict]]:
    """What sellers say of the SKU, and what is wrong with it."""
    rows, noise = [], []
    for found in listings_of(config, variant):
        rows.append(
            {
                "id": found.id,
                "sku": found.sku,
                "title": found.title,
                "description": found.description,
                "language": found.language,
                "category": list(found.category),
                "image": list(found.images),
                "gtin": label.gtin,
                "attributes": [{"key": k, "value": v} for k, v in found.attributes.items()],
            }
        )
        noise += [
            {
                "id": found.id,
                "sku": found.sku,
                "noise": n.kind,
                "field": n.field,
                "true": n.true,
                "shown": n.shown,
                "places": list(n.places),
                "other": n.other,
            }
            for n in found.noise
        ]
    return rows, noise
