"""Probes a person would want to see: misses and hits, with thumbnails.

A probe of one photo is shown as that photo; a query of several parts as all of them, texts and
pictures in their order.
"""

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from skulens import pictures
from skulens.errors import PictureError
from skulens.records import Image, Item, Part, Product, Query, Run
from skulens.thumbnails import shrink

THUMBNAIL_PX, QUALITY = 128, 70
MISSES, HITS = 12, 4
"""Probes shown of each; always the same ones."""
CONFUSIONS = 20
"""Confused pairs kept."""
PAIRS = 10
"""Confusions whose products are shown with a thumbnail."""
ANSWERS = 10
"""Right products named with an example."""
WORDS = 200
"""Characters of a product's title or text beside its id; a page cuts them at a word."""


def describe_errors(
    run: Run,
    queries: Sequence[Query],
    parts: Mapping[str, Sequence[Part]],
    products: Sequence[Product],
    roles: Sequence[str],
) -> dict:
    """What a report shows beside the numbers: examples, and confusions with their products.

    Args:
        parts: query id -> its texts and pictures in order.
        roles: text roles that represent a product.
    """
    shown = {p.id: p.images[0] for p in products if p.images}
    words = {
        p.id: p.title or next((text for role in roles if (text := p.text(role))), "")
        for p in products
    }
    wrong = count_confusions(run, queries)
    return {
        "examples": make_examples(run, queries, parts, shown, words),
        "confusions": wrong,
        **picture_confusions(wrong, shown, words),
    }


def keep_parts(item: Item) -> tuple[Part, ...]:
    """Parts of a query that cost no memory until they are shown: texts and pictures on disk."""
    return tuple(part for part in item.parts if isinstance(part, str) or part.path)


def show_parts(parts: Sequence[Part]) -> list[dict]:
    """Texts and thumbnails of a query, in their order: [{"text"} or {"picture"}]; a picture that
    cannot be read is None."""
    return [
        {"text": part} if isinstance(part, str) else {"picture": thumbnail(part)} for part in parts
    ]


@lru_cache(maxsize=4096)
def thumbnail(image: Image, upright: bool = True, side_px: int = THUMBNAIL_PX) -> str | None:
    """A small WebP as a data: address, or None where the picture cannot be read.

    Remembered, because results of one run show the same pictures: 1 to 2 kB each, less than half of
    a JPEG's.

    Args:
        side_px: longest side.
    """
    try:
        picture = shrink(pictures.load(image, upright), side_px)
    except PictureError:
        return None
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def first_of(run: Run, row: int) -> str | None:
    """The product that a query was answered with; None where it found nothing."""
    return next((p for p, _ in run.candidates(row)), None)


def sample_rows(run: Run, queries: Sequence[Query]) -> list[int]:
    """Rows of a seeded sample of misses, then of hits, at rank 1."""
    right = np.array([first_of(run, i) in q.answers for i, q in enumerate(queries)], bool)
    draw = np.random.default_rng(0).permutation(len(queries))
    return [*draw[~right[draw]][:MISSES].tolist(), *draw[right[draw]][:HITS].tolist()]


def make_examples(
    run: Run,
    queries: Sequence[Query],
    parts: Mapping[str, Sequence[Part]],
    shown: Mapping[str, Image],
    words: Mapping[str, str],
) -> list[dict]:
    """The picked probes with their three best candidates and the right product.

    Args:
        parts: query id -> its parts; pictures of picked ones alone are read.
        shown: product id -> its gallery picture; only needed ones are read.
        words: product id -> a text that tells a person what it is.
    """
    rows = []
    for i in sample_rows(run, queries):
        query = queries[i]
        found = list(run.candidates(i))[:3]
        if not found or not query.answers:
            continue
        right = query.answers[0]
        named = {right, *(p for p, _ in found)}
        mine = parts.get(query.id, ())
        photo = next((part for part in mine if isinstance(part, Image)), None)
        rows.append(
            {
                "query": query.id,
                "probe": thumbnail(photo) if photo else None,
                "parts": show_parts(mine) if len(mine) > 1 else [],
                "right": right,
                "answers": list(query.answers[:ANSWERS]),
                "hit": found[0][0] in query.answers,
                "candidates": [{"product": p, "score": round(s, 4)} for p, s in found],
                "pictures": {
                    p: t for p in sorted(named) if p in shown and (t := thumbnail(shown[p]))
                },
                "words": {p: words[p][:WORDS] for p in sorted(named) if words.get(p)},
            }
        )
    return rows


def count_confusions(run: Run, queries: Sequence[Query]) -> list[dict]:
    """The wrong product put first most often for another: right, found, probes, of how many."""
    wrong: Counter[tuple[str, str]] = Counter()
    asked: Counter[str] = Counter()
    for i, query in enumerate(queries):
        first, right = first_of(run, i), next(iter(query.answers), None)
        if right is None or first is None:
            continue
        asked[right] += 1
        if first not in query.answers:
            wrong[right, first] += 1
    return [
        {"right": r, "found": f, "probes": n, "of": asked[r]}
        for (r, f), n in wrong.most_common(CONFUSIONS)
    ]


def picture_confusions(
    wrong: Sequence[dict], shown: Mapping[str, Image], words: Mapping[str, str]
) -> dict[str, dict]:
    """{"pictures", "words"} of the products of the first confusions: thumbnails and texts by id."""
    named = dict.fromkeys(
        p for confusion in wrong[:PAIRS] for p in (confusion["right"], confusion["found"])
    )
    return {
        "pictures": {p: t for p in named if p in shown and (t := thumbnail(shown[p]))},
        "words": {p: words[p][:WORDS] for p in named if words.get(p)},
    }
