"""Captions that are equal or nearly equal, and captions that an encoder truncates."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz

from skulens.catalog.audit.finding import Finding, Tokens, pick_examples

SIMILAR = 90.0
"""Near-duplicates share at least this much by rapidfuzz's ratio, 0 to 100."""
PIECE = 4
"""Letters of the pieces whose sets MinHash compares."""
BANDS, ROWS = 24, 4
"""A pair whose pieces overlap by Jaccard J is found with probability 1 - (1 - J^ROWS)^BANDS:
0.99995 at 0.75, 0.997 at 0.68, 0.78 at 0.5; Broder 1997, Leskovec et al. 2014, section 3.4."""
LARGE_BUCKET = 64
"""Texts of a bucket that are all compared; of larger ones, neighbours in sorted order."""


def findings(
    captions: Mapping[str, str],
    encoders: Mapping[str, tuple[Tokens, int | None]],
    progress: Callable[[Iterable, str, int], Iterable],
) -> list[Finding]:
    """Equal, nearly equal and cut captions. `captions`: product id -> text."""
    found = [*equal_captions(captions), near_captions(captions, progress)]
    for name, (count_tokens, context) in encoders.items():
        found += cut_captions(captions, name, count_tokens, context, progress)
    return found


def normalise(text: str) -> str:
    """Lower case, no punctuation, single blanks; letters and digits of every script stay."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w\s]|_", " ", text).split())


def equal_captions(captions: Mapping[str, str]) -> list[Finding]:
    """Captions that several products share, as written, or but for case and punctuation."""
    exact, folded = defaultdict(list), defaultdict(list)
    for product, text in captions.items():
        exact[text].append(product)
        folded[normalise(text)].append(product)
    same = [group for group in exact.values() if len(group) > 1]
    close = [
        group
        for group in folded.values()
        if len(group) > 1 and len({captions[p] for p in group}) > 1
    ]
    n = len(captions)
    return [
        Finding(
            "equal_captions",
            "error",
            "products whose caption another product has too",
            sum(map(len, same)),
            n,
            pick_examples(f"{', '.join(g[:4])}: {captions[g[0]][:80]!r}" for g in same),
            "rewrite them or merge the products: the order among equals decides who is found",
        ),
        Finding(
            "equal_but_for_case",
            "warning",
            "products whose caption equals another's but for case or punctuation",
            sum(map(len, close)),
            n,
            pick_examples(f"{', '.join(g[:4])}: {captions[g[0]][:80]!r}" for g in close),
            "rewrite them: lower-casing tokenizers see the same text",
        ),
    ]


def near_captions(captions: Mapping[str, str], progress: Callable) -> Finding:
    """Pairs of different captions that are at least SIMILAR percent the same."""
    owners: dict[str, str] = {}
    for product, text in captions.items():
        owners.setdefault(normalise(text), product)
    texts = sorted(owners)
    pairs = [(ratio, texts[a], texts[b]) for a, b, ratio in similar_pairs(texts, progress)]
    pairs.sort(reverse=True)
    examples = pick_examples(
        f"{ratio:.0f} %: {owners[a]} {captions[owners[a]][:70]!r} / "
        f"{owners[b]} {captions[owners[b]][:70]!r}"
        for ratio, a, b in pairs
    )
    affected = len({text for _, a, b in pairs for text in (a, b)})
    return Finding(
        "near_captions",
        "warning",
        f"captions at least {SIMILAR:.0f} % the same as another (pairs: {len(pairs):,})",
        affected,
        len(texts),
        examples,
        "say in the text what distinguishes them: size, flavour, colour",
    )


def similar_pairs(
    texts: Sequence[str], progress: Callable = lambda rows, *_: rows
) -> Iterator[tuple[int, int, float]]:
    """(i, j, ratio) of different sorted texts, i < j, ratio >= SIMILAR.

    Candidates come from MinHash; each is then checked exactly.
    """
    signatures = (
        np.stack([minhash(t) for t in progress(texts, "captions", len(texts))])
        if texts
        else np.zeros((0, BANDS * ROWS))
    )
    seen: set[tuple[int, int]] = set()
    for band in range(BANDS):
        keys = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        for group in equal_rows(keys):
            for pair in pairs_of(group):
                if pair in seen:
                    continue
                seen.add(pair)
                ratio = fuzz.ratio(texts[pair[0]], texts[pair[1]], score_cutoff=SIMILAR)
                if ratio:
                    yield *pair, ratio


_random = np.random.default_rng(0)
_A = _random.integers(1, 2**31, (BANDS * ROWS, 1), np.uint64) * np.uint64(2) + np.uint64(1)
_B = _random.integers(0, 2**63, (BANDS * ROWS, 1), np.uint64)


def minhash(text: str) -> np.ndarray:
    """Smallest multiply-shift hash of the text's pieces, per function: (BANDS * ROWS,) uint32."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le"), np.uint32).astype(np.uint64)
    codes = np.pad(codes, (0, max(PIECE - len(codes), 0)))
    windows = np.lib.stride_tricks.sliding_window_view(codes, PIECE)  # (pieces, PIECE)
    pieces = np.unique(windows @ np.array([1, 1_000_003, 1_000_003**2, 1_000_003**3], np.uint64))
    pieces ^= pieces >> np.uint64(29)
    return ((_A * pieces + _B) >> np.uint64(32)).min(axis=1).astype(np.uint32)


def equal_rows(keys: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of rows that are equal, group by group, for groups of two and more."""
    if not len(keys):
        return
    _, inverse, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.cumsum(counts)
    for group in np.flatnonzero(counts > 1):
        yield order[ends[group] - counts[group] : ends[group]]


def pairs_of(group: np.ndarray) -> Iterator[tuple[int, int]]:
    """All pairs of a small group; neighbours (the texts are sorted) of a large one."""
    rows = [int(i) for i in group]
    if len(rows) > LARGE_BUCKET:
        yield from zip(rows, rows[1:], strict=False)
        return
    for position, a in enumerate(rows):
        yield from ((a, b) for b in rows[position + 1 :])


def cut_captions(
    captions: Mapping[str, str],
    name: str,
    count_tokens: Tokens,
    context: int | None,
    progress: Callable,
) -> list[Finding]:
    """Captions longer than an encoder's context, and those that become equal by the cut."""
    if context is None or not captions:
        return []
    lengths = {
        p: count_tokens(text)
        for p, text in progress(captions.items(), f"tokens of {name}", len(captions))
    }
    cut = sorted((p for p, n in lengths.items() if n > context), key=lambda p: -lengths[p])
    same = same_after_cut([(captions[p], p) for p in cut], count_tokens, context)
    return [
        Finding(
            "cut_captions",
            "note",
            f"captions cut by {name} at {context} tokens",
            len(cut),
            len(captions),
            pick_examples(f"{p}: {lengths[p]} tokens" for p in cut),
            "put what distinguishes products first, or shorten",
        ),
        Finding(
            "equal_after_cut",
            "error",
            f"captions that {name} no longer distinguishes after its cut at {context} tokens",
            sum(map(len, same)),
            len(captions),
            pick_examples(", ".join(g[:4]) for g in same),
            "shorten them so that the difference comes before the cut",
        ),
    ]


def same_after_cut(
    cut: Sequence[tuple[str, str]], count_tokens: Tokens, context: int
) -> list[list[str]]:
    """Groups of products whose (text, product) agree as far as the encoder reads.

    Two texts agree there if the whole words they share at their beginning already fill the context;
    in sorted order it is enough to compare neighbours. Case is ignored, as CLIP's tokenizer does.
    """
    rows = sorted((text.casefold(), product) for text, product in cut)
    groups: list[list[str]] = []
    for (before, previous), (text, product) in zip(rows, rows[1:], strict=False):
        if before == text or count_tokens(shared_words(before, text)) >= context:
            if groups and groups[-1][-1] == previous:
                groups[-1].append(product)
            else:
                groups.append([previous, product])
    return groups


def shared_words(a: str, b: str) -> str:
    """The whole words at the beginning that two texts have in common."""
    end = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    prefix = a[:end]
    whole = all(end == len(t) or t[end].isspace() for t in (a, b))
    return prefix if whole else prefix.rpartition(" ")[0]
