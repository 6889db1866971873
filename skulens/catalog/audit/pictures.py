"""Pictures that are unreadable, tiny, rotated by EXIF, or duplicated across products or splits."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import imagehash
import numpy as np

from skulens import pictures
from skulens.catalog.audit.finding import Finding, Shown, pick_examples
from skulens.errors import PictureError
from skulens.machine import count_cores

TINY_PX = 64
"""Short sides below this carry too little for the encoders (224 px and up) of today."""
HASH_BITS = 64
NEAR_BITS = 6
"""Bits of the perceptual hash in which two pictures of nearly the same content differ at most."""
THUMB_PX = 16
NEAR_COLOUR = 12.0
"""Mean difference, 0 to 255, of the RGB thumbnails of such a pair at most. The hash alone calls a
red and a blue shirt of one cut the same; with both, pairs in groceries and clothing that we looked
at were re-encodings, frames of one burst, or packages of one design."""
NEIGHBOURS = 512
"""Pictures with a band in common that are compared with each, nearest in brightness first. More
only occur where thousands look alike, such as blank ones; the pairs found are then a lower
bound."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What is kept of a picture."""

    shown: Shown
    sha256: str = ""
    size: tuple[int, int] = (0, 0)
    orientation: int = 1
    phash: int = 0
    thumb: bytes = b""
    """THUMB_PX x THUMB_PX RGB levels."""
    reason: str = ""
    """Why it could not be read."""


def findings(
    shown: Sequence[Shown], progress: Callable[[Iterable, str, int], Iterable]
) -> list[Finding]:
    """All checks of pictures; each file is read and decoded once."""
    seen = list(progress(look_at_all(shown), "pictures", len(shown)))
    good = [s for s in seen if not s.reason]
    return [*single_findings(seen, good), *same_findings(good), *near_findings(good)]


def look_at_all(shown: Sequence[Shown]) -> Iterator[Looked]:
    """`look_at` in threads (decoding releases the GIL), in order, with few pictures in memory."""
    workers = min(count_cores(), 16)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque = deque()
        for one in shown:
            waiting.append(pool.submit(look_at, one))
            if len(waiting) >= 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def look_at(shown: Shown) -> Looked:
    """Read, decode and hash one picture."""
    with pictures.one_big_at_a_time():
        return look_at_one(shown)


def look_at_one(shown: Shown) -> Looked:
    sha256 = ""
    try:
        data = pictures.read_bytes(shown.image)
        sha256 = hashlib.sha256(data).hexdigest()
        picture = pictures.decode(data)
    except PictureError as e:
        return Looked(shown, sha256, reason=str(e))
    phash = int(str(imagehash.phash(picture)), 16)
    thumb = picture.resize((THUMB_PX, THUMB_PX), reducing_gap=2.0).tobytes()
    return Looked(shown, sha256, picture.size, pictures.orientation(data), phash, thumb)


def single_findings(seen: Sequence[Looked], good: Sequence[Looked]) -> list[Finding]:
    """What is wrong with a picture by itself."""
    bad = [s for s in seen if s.reason]
    tiny = [s for s in good if min(s.size) < TINY_PX]
    turned = [s for s in good if s.orientation != 1]
    return [
        Finding(
            "unreadable",
            "error",
            "pictures that cannot be read",
            len(bad),
            len(seen),
            pick_examples(f"{s.shown.name}: {s.reason}" for s in bad),
            "replace or remove them",
        ),
        Finding(
            "tiny",
            "warning",
            f"pictures with a side under {TINY_PX} px",
            len(tiny),
            len(good),
            pick_examples(f"{s.shown.name}: {s.size[0]} x {s.size[1]}" for s in tiny),
            "find larger originals",
        ),
        Finding(
            "turned",
            "note",
            "pictures turned by their EXIF orientation",
            len(turned),
            len(good),
            pick_examples(f"{s.shown.name}: orientation {s.orientation}" for s in turned),
            "nothing for sound mode, which turns them; "
            "paper mode and other tools may see them lying",
        ),
    ]


def same_findings(good: Sequence[Looked]) -> list[Finding]:
    """Files that are the same byte for byte."""
    groups = defaultdict(list)
    for s in good:
        groups[s.sha256].append(s)
    several = [g for g in groups.values() if len(g) > 1]
    leaks = [g for g in several if len(places(g)) > 1]
    wrong = [g for g in several if len({s.shown.product for s in g}) > 1]
    again = [g for g in several if len(places(g)) == 1 and g not in wrong]
    n = len(good)
    return [
        Finding(
            "same_across_splits",
            "error",
            "pictures that are also in another split or in the gallery",
            sum(map(len, leaks)),
            n,
            pick_examples(describe(g) for g in leaks),
            "keep each picture in one place: such probes find themselves",
        ),
        Finding(
            "same_picture_other_product",
            "warning",
            "pictures shared by several products",
            sum(map(len, wrong)),
            n,
            pick_examples(describe(g) for g in wrong),
            "correct the product, or accept that pictures cannot distinguish these",
        ),
        Finding(
            "same_picture_again",
            "warning",
            "pictures that a product has several times in one place",
            sum(map(len, again)),
            n,
            pick_examples(describe(g) for g in again),
            "keep one of each: copies count double",
        ),
    ]


def near_findings(good: Sequence[Looked]) -> list[Finding]:
    """Pictures that look nearly the same: re-encoded, resized, or frames of one burst."""
    firsts = list({s.sha256: s for s in good}.values())
    pairs = [(firsts[a], firsts[b]) for a, b in near_pairs(firsts)]
    across = [p for p in pairs if len(places(p)) > 1]
    other = [p for p in pairs if len(places(p)) == 1 and p[0].shown.product != p[1].shown.product]
    burst = [p for p in pairs if len(places(p)) == 1 and p[0].shown.product == p[1].shown.product]
    n = len(firsts)
    return [
        Finding(
            "near_across_splits",
            "warning",
            "pictures nearly the same as one in another split or the gallery "
            f"(pairs: {len(across):,})",
            count_pictures(across),
            n,
            pick_examples(describe(p) for p in across),
            "look at them: leaked photos make scores too good",
        ),
        Finding(
            "near_other_product",
            "warning",
            f"pictures nearly the same as one of another product (pairs: {len(other):,})",
            count_pictures(other),
            n,
            pick_examples(describe(p) for p in other),
            "look at them: a wrong label, or products that pictures cannot distinguish",
        ),
        Finding(
            "near_again",
            "note",
            "pictures nearly the same as another of the product in the same place "
            f"(pairs: {len(burst):,})",
            count_pictures(burst),
            n,
            pick_examples(describe(p) for p in burst),
            "count them as one observation: resample products, not photos",
        ),
    ]


def near_pairs(seen: Sequence[Looked]) -> Iterator[tuple[int, int]]:
    """Positions (a < b) of all pictures whose hash AND thumbnail are near (but see NEIGHBOURS).

    Two hashes that differ in at most NEAR_BITS bits agree in one of NEAR_BITS + 1 bands entirely
    (pigeonhole), so only pictures that share a band are compared.
    """
    hashes = np.array([s.phash for s in seen], np.uint64)
    thumbs = np.frombuffer(b"".join(s.thumb for s in seen), np.uint8).reshape(-1, 3 * THUMB_PX**2)
    brightness = thumbs.mean(axis=1)
    edges = np.linspace(0, HASH_BITS, NEAR_BITS + 2).astype(int)
    bands = np.array(
        [(1 << int(high)) - (1 << int(low)) for low, high in zip(edges, edges[1:], strict=False)],
        np.uint64,
    )
    for position, band in enumerate(bands):
        keys = hashes & band
        order = np.lexsort((brightness, keys))
        for group in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
            yield from near_in_group(group, hashes, thumbs, bands[:position])


def near_in_group(
    group: np.ndarray, hashes: np.ndarray, thumbs: np.ndarray, earlier: np.ndarray
) -> Iterator[tuple[int, int]]:
    """Near pairs (smaller position first) that share this band, and none of the `earlier` ones.

    `group` is sorted by brightness.
    """
    for position, a in enumerate(group[:-1]):
        rest = group[position + 1 : position + 1 + NEIGHBOURS]
        apart = hashes[rest] ^ hashes[a]
        near = (np.bitwise_count(apart) <= NEAR_BITS) & (apart[:, None] & earlier).all(axis=1)
        rest = rest[near]
        if len(rest):
            colour = np.abs(thumbs[rest].astype(np.int16) - thumbs[a]).mean(axis=1)
            yield from ((int(min(a, b)), int(max(a, b))) for b in rest[colour <= NEAR_COLOUR])


def places(group: Iterable[Looked]) -> set[str]:
    return {s.shown.place for s in group}


def count_pictures(pairs: Iterable[tuple[Looked, Looked]]) -> int:
    return len({id(s) for pair in pairs for s in pair})


def describe(group: Iterable[Looked]) -> str:
    """ "test milk a.jpg = gallery juice b.jpg" """
    return " = ".join(f"{s.shown.place} {s.shown.product} {s.shown.name}" for s in list(group)[:3])
