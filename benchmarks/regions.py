"""Does the region of a picture that an encoder's patches mark show what was asked for?

Truth comes from drawings of the procedural shop, so nothing is annotated by hand:

- attribute: "V-neck collar type" against the clean picture of a product; the place is that of the
  pixels that change when the value is exchanged for the others of its key.
- photo: a product's clean picture against a probe photo of it; the place is that of the pixels that
  the product covers.
- several, by photo, class, or class and visual values: four products of different classes in one
  picture; the place is the quarter in which the one that was asked for stands.

The best patch hits where its middle lies in the box of the true place. Beside it stand the middle of
the picture and a point at random; four quarters have no middle, and chance is 25 %. The patches of
the shipped encoders are a grid of 4 x 4.

    python -m benchmarks.regions --save
"""

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import mean

import click
import numpy as np
import PIL.Image

from benchmarks.common import report
from skulens.encode import open_encoder
from skulens.evaluate.intervals import Grouped, Interval, intervals
from skulens.search.regions import Box, Heat, embed_part, map_heats, region_of
from skulens.world.canvas.svg import Canvas, render
from skulens.world.config import Stream, WorldConfig
from skulens.world.render import photo
from skulens.world.truth.products import Variant, variants
from skulens.world.truth.vocabulary import vocabulary

PX = 256
CHANGED, COVERED = 24, 60
"""Grey levels by which a pixel differs where a value was exchanged, and where a product stands; its
soft shadow does not count."""
FEWEST = 0.002
"""Share of the pixels that a change of value changes at least."""
LARGEST = 0.5
"""Share of the picture that a place takes at most; larger ones cannot be missed."""


@dataclass(frozen=True)
class Case:
    """Something asked for, and where it is in a picture."""

    task: str
    group: str
    """SPU."""
    asked: "str | PIL.Image.Image"
    picture: PIL.Image.Image
    place: Box
    quarters: bool = False


def draw(canvas: Canvas) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(render(canvas.svg(), PX))).convert("RGB")


def differ(a: PIL.Image.Image, b: PIL.Image.Image, levels: int) -> np.ndarray:
    """(PX, PX) bool."""
    return np.abs(np.asarray(a).astype(int) - np.asarray(b).astype(int)).max(axis=2) > levels


def box_of(mask: np.ndarray) -> Box:
    """Of the middle 98 % of the pixels in each direction."""
    down, across = np.nonzero(mask)
    left, right = np.percentile(across, (1, 99)) / PX
    top, bottom = np.percentile(down, (1, 99)) / PX
    return float(left), float(top), float(right), float(bottom)


def area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def attribute_cases(variant: Variant, picture: PIL.Image.Image) -> Iterator[Case]:
    keys = vocabulary()["classes"][variant.kind]["keys"]
    for key, spec in keys.items():
        value = variant.value(key)
        if spec["modality"] == "text" or key == "color" or not value:
            continue
        changed = np.zeros((PX, PX), bool)
        for other in dict.fromkeys(spec["values"]):
            values = {**variant.look.values, key: other}
            changed |= differ(picture, clean(variant, values), CHANGED)
        if changed.mean() >= FEWEST and area(box_of(changed)) <= LARGEST:
            yield Case("attribute", variant.spu, f"{value} {key}", picture, box_of(changed))


def clean(variant: Variant, values: dict[str, str]) -> PIL.Image.Image:
    look = replace(variant.look, values=values)
    return draw(photo.clean_scene(replace(variant, look=look), PX))


def photo_case(variant: Variant, picture: PIL.Image.Image) -> Case:
    stream, canvas = Stream("photo", variant.id, 0), Canvas(PX)
    photo.background(canvas, stream)
    photo.clutter(canvas, stream)
    before = draw(canvas)
    photo._product(canvas, stream, variant)
    covered = differ(before, draw(canvas), COVERED)
    taken = PIL.Image.open(io.BytesIO(photo.photo(variant, 0, PX))).convert("RGB")
    return Case("photo", variant.spu, picture, taken, box_of(covered))


def several_cases(
    variant: Variant, pictures: dict[str, PIL.Image.Image], shop: list[Variant]
) -> Iterator[Case]:
    draws = np.random.default_rng(variant.index)
    others: dict[str, Variant] = {}
    for i in draws.permutation(len(shop)):
        if shop[i].kind != variant.kind:
            others.setdefault(shop[i].kind, shop[i])
    if len(others) < 3:
        return
    four = [variant, *list(others.values())[:3]]
    places, side = draws.permutation(4), PX // 2
    sheet = PIL.Image.new("RGB", (PX, PX), "white")
    for place, one in zip(places.tolist(), four, strict=True):
        corner = (place % 2 * side, place // 2 * side)
        sheet.paste(pictures[one.id].resize((side, side)), corner)
    left, top = places[0] % 2 / 2, places[0] // 2 / 2
    box = (left, top, left + 0.5, top + 0.5)
    seen = " ".join(a.value for a in variant.attributes if a.modality == "visual")
    asked = {
        "photo": pictures[variant.id],
        "class": variant.kind,
        "class and values": f"{seen} {variant.kind}",
    }
    for how, what in asked.items():
        yield Case(f"several, by {how}", variant.spu, what, sheet, box, quarters=True)


def make_cases(skus: int, seed: int) -> Iterator[Case]:
    shop = [v for v in variants(WorldConfig(skus=skus, seed=seed)) if v.split == "test"]
    pictures = {v.id: draw(photo.clean_scene(v, PX)) for v in shop}
    for variant in shop:
        yield from attribute_cases(variant, pictures[variant.id])
        yield photo_case(variant, pictures[variant.id])
        yield from several_cases(variant, pictures, shop)


def embed(encoder, asked) -> np.ndarray:
    if isinstance(asked, str):
        return embed_part(encoder, asked)
    [vector] = encoder.encode_batch("image", [encoder.prepare_image(asked)])
    return vector / np.linalg.norm(vector)


def inside(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def middle_of_best(heat: Heat) -> tuple[float, float]:
    rows, columns = heat.values.shape
    row, column = np.unravel_index(int(heat.values.argmax()), heat.values.shape)
    return (float(column) + 0.5) / columns, (float(row) + 0.5) / rows


def judge(case: Case, heat: Heat) -> list[float]:
    """Hit of the best patch, of the middle, of chance; whether a region is shown."""
    middle = np.nan if case.quarters else float(inside(case.place, 0.5, 0.5))
    hit = float(inside(case.place, *middle_of_best(heat)))
    return [hit, middle, area(case.place), float(region_of(heat) is not None)]


def write(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


@click.command()
@click.option("--encoder", "encoders", multiple=True, default=("mini", "groceries"))
@click.option("--skus", default=400, show_default=True)
@click.option("--seed", default=81, show_default=True)
@click.option("--save", is_flag=True)
def main(encoders, skus, seed, save) -> None:
    cases, rows = list(make_cases(skus, seed)), []
    for name in encoders:
        encoder = open_encoder(name)
        found: dict[str, list[list[float]]] = defaultdict(list)
        groups: dict[str, list[str]] = defaultdict(list)
        for case in cases:
            [[heat]] = map_heats(encoder, [case.picture], embed(encoder, case.asked)[None])
            found[case.task].append(judge(case, heat))
            groups[case.task].append(case.group)
        for task, judged in found.items():
            values = np.array(judged)
            where_shown = [row[0] for row in judged if row[3]]
            _, spus = np.unique(groups[task], return_inverse=True)
            hit, middle = intervals(Grouped.of(np.nan_to_num(values[:, :2]), spus).micro())
            rows.append(
                {
                    "encoder": name,
                    "asked": task,
                    "n": hit.n,
                    "SPUs": hit.groups,
                    "best patch": write(hit),
                    "middle": write(middle) if task in ("attribute", "photo") else None,
                    "chance": round(float(values[:, 2].mean()), 3),
                    "region shown": round(float(values[:, 3].mean()), 3),
                    "best patch where shown": round(mean(where_shown), 3) if where_shown else None,
                }
            )
    report("regions", rows, {"skus": skus, "seed": seed, "px": PX}, save)


if __name__ == "__main__":
    main()
