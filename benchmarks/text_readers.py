"""How many printed lines does each text reader find, how rightly, and at what speed?

Lines are those that a person reads without doubt in photos of packages and plates. A line is found
where `similarity` is at least 0.85. Each reader reads every photo twice: told its languages, and
told nothing, which is what users of `read-labels` do. Readings are kept in `--cache`, so that a
killed run goes on; the milliseconds are those of the photos read in this run.

`--speed N` reads N photos of each set with the bare engine of rapidocr and with `routed` through
`Looker` (decoding and an empty cache included), in turns, and compares words per second. What
limits it is the recogniser; on Cyrillic photos also tesseract.

    python -m benchmarks.text_readers $SKULENS_DATA --speed 12 --save
"""

import argparse
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL.Image
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from benchmarks.common import report
from skulens import pictures
from skulens.catalog.answers import AnsweredPhotos
from skulens.claims import Line
from skulens.evaluate.intervals import Grouped, intervals
from skulens.files import cache_folder
from skulens.protocols import TextReader
from skulens.records import Product
from skulens.registry import resolve
from skulens.verify.layout import Print
from skulens.verify.look import Looker
from skulens.verify.text import open_text_reader

SETS = ("packages", "product_labels")
READERS = ("rapidocr", "tesseract", "routed")
FOUND = 0.85
"""Similarity from which a line counts as found."""


@dataclass(frozen=True)
class Score:
    """How one gold line was read."""

    dataset: str
    photo: str
    script: str
    language: str
    similarity: float
    alone: float
    """The same against single lines as they are, spaces included."""
    errors: float
    """Edits per character of the gold line, where it is found; else NaN."""


# ----- the measure ----------------------------------------------------------------------------


def runs_of_words(lines: Sequence[Line]) -> set[str]:
    """Every run of words that stand side by side on one row, folded: gold lines may join a row of
    a table, or be a part of what a reader takes for one line."""
    runs = {fold(line.text) for line in lines}
    for row in Print("", tuple(lines)).rows:
        words = [fold(word) for line in row for word in line.text.split()]
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                runs.add("".join(words[start:end]))
    return runs


def similarity(gold: str, runs: set[str]) -> tuple[float, str]:
    """Ratio of the most similar run, in [0, 1], and the run: rapidfuzz's ratio, 2 M / T over folded
    texts."""
    wanted = fold(gold)
    best = max(runs, key=lambda run: fuzz.ratio(wanted, run), default="")
    return fuzz.ratio(wanted, best) / 100, best


def fold(text: str) -> str:
    """NFKC, case-folded, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def script_of(text: str) -> str:
    names = [unicodedata.name(c, "?").split()[0] for c in text if c.isalpha()]
    return next((s for s in ("CYRILLIC", "CJK", "DEVANAGARI") if s in names), "LATIN").title()


def score_lines(dataset: str, product: Product, gold: Sequence[str], read: Sequence[Line]):
    """A Score per gold line of a photo."""
    runs = runs_of_words(read)
    languages = product.extras["languages"]
    for line in gold:
        alike, best = similarity(line, runs)
        wanted = fold(line)
        alone = [fuzz.ratio(line.casefold(), one.text.casefold()) / 100 for one in read]
        found = alike >= FOUND
        errors = Levenshtein.distance(wanted, best) / len(wanted) if found else float("nan")
        first = str(languages[0]) if languages else ""  # type: ignore[index]
        yield Score(
            dataset, product.id, script_of(line), first, alike, max(alone, default=0.0), errors
        )


# ----- reading --------------------------------------------------------------------------------


class Timed:
    """A reader whose calls are timed."""

    def __init__(self, reader: TextReader):
        self.reader, self.info, self.languages = reader, reader.info, reader.languages
        self.seconds: list[float] = []

    def read(self, picture: PIL.Image.Image, languages: Sequence[str] = ()) -> list[Line]:
        start = time.perf_counter()
        lines = self.reader.read(picture, languages)
        self.seconds.append(time.perf_counter() - start)
        return lines

    def read_boxes(self, picture, quads, languages=()):
        return self.reader.read_boxes(picture, quads, languages)


def open_photos(data: Path, name: str) -> AnsweredPhotos:
    return resolve("dataset", name)(data / name)


def without_languages(products: Iterator[Product]) -> Iterator[Product]:
    """The same, of unknown languages."""
    for product in products:
        yield replace(product, language=None, extras={**product.extras, "languages": []})


def measure(
    data: Path, name: str, told: bool, cache: Path, every: int
) -> tuple[list[Score], Timed]:
    """Scores of a reader on every so manyth photo."""
    reader = Timed(open_text_reader(name))
    looker = Looker(reader, bars=False, cache=cache)
    scores: list[Score] = []
    for dataset in SETS:
        photos = open_photos(data, dataset)
        gold = photos.lines()
        listed = {p.id: p for p in list(photos.products())[::every]}
        products = iter(listed.values()) if told else without_languages(iter(listed.values()))
        for product, seen, rejects in looker.look(products):
            assert not rejects, rejects
            read = [line for lines in seen.lines.values() for line in lines]
            wanted = gold.get(product.id, ())
            scores += score_lines(dataset, listed[product.id], wanted, read)
    return scores, reader


def row_of(name: str, told: bool, where: str, scores: Sequence[Score], ms: str) -> dict:
    photos = {photo: i for i, photo in enumerate(sorted({s.photo for s in scores}))}
    groups = np.array([photos[s.photo] for s in scores])
    values = np.array(
        [[s.similarity >= FOUND, s.alone >= FOUND, s.errors] for s in scores], np.float64
    )
    found, alone, errors = intervals(Grouped.of(values, groups).micro())
    return {
        "reader": name,
        "languages": "told" if told else "unknown",
        "lines": where,
        "n": found.n,
        "photos": found.groups,
        "found": round(found.value, 3),
        "low": round(found.low, 3),
        "high": round(found.high, 3),
        "as one line": round(alone.value, 3),
        "CER of found": round(errors.value, 4),
        "ms": ms,
    }


def rows_of(name: str, told: bool, scores: Sequence[Score], ms: str) -> Iterator[dict]:
    """By set and script, then by first language of the photo."""
    for dataset in SETS:
        mine = [s for s in scores if s.dataset == dataset]
        yield row_of(name, told, dataset, mine, ms)
        for script in sorted({s.script for s in mine}):
            chosen = [s for s in mine if s.script == script]
            yield row_of(name, told, f"{dataset}, {script}", chosen, ms)
    for language in sorted({s.language for s in scores}):
        chosen = [s for s in scores if s.language == language]
        yield row_of(name, told, f"photos in {language or 'no language'}", chosen, ms)


# ----- speed ----------------------------------------------------------------------------------


def words_in(texts: Sequence[str]) -> int:
    """Words with two letters or digits at least."""
    return sum(sum(c.isalnum() for c in word) > 1 for text in texts for word in text.split())


def compare_speed(data: Path, count: int) -> dict:
    """Words and seconds of the bare engine and of `routed`, in turns, over photos of each set."""
    import rapidocr

    from skulens.verify.text.rapidocr import threads

    bare = rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads(),
        }
    )
    totals = {"bare": [0, 0.0], "routed": [0, 0.0]}
    with tempfile.TemporaryDirectory() as folder:
        looker = Looker(open_text_reader("routed"), bars=False, cache=Path(folder))
        for dataset in SETS:
            products = list(without_languages(open_photos(data, dataset).products()))
            for i, product in enumerate(products[:: max(1, len(products) // count)]):
                both = [("bare", bare), ("routed", looker)]
                for name, reader in both if i % 2 else reversed(both):
                    start = time.perf_counter()
                    texts = read_texts(reader, product)
                    if i:  # the first warms up
                        totals[name][0] += words_in(texts)
                        totals[name][1] += time.perf_counter() - start
    speeds = {name: words / seconds for name, (words, seconds) in totals.items()}
    return {
        "words": {name: words for name, (words, _) in totals.items()},
        "seconds": {name: round(seconds, 2) for name, (_, seconds) in totals.items()},
        "words_per_second": {name: round(v, 2) for name, v in speeds.items()},
        "ratio": round(speeds["routed"] / speeds["bare"], 3),
    }


def read_texts(reader, product: Product) -> list[str]:
    if isinstance(reader, Looker):
        seen, _ = reader.look_at(product)
        return [line.text for lines in seen.lines.values() for line in lines]
    picture = pictures.load(product.images[0])
    return list(reader(np.asarray(picture)[:, :, ::-1]).txts or ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds packages and product_labels")
    parser.add_argument("--readers", nargs="+", default=list(READERS))
    parser.add_argument("--cache", type=Path, default=cache_folder())
    parser.add_argument("--speed", type=int, default=0, help="photos of each set; 0: none")
    parser.add_argument("--every", type=int, default=1, help="read every so manyth photo")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    rows = []
    for name in args.readers:
        for told in (False, True) if name != "rapidocr" else (False,):  # it knows one way to read
            scores, reader = measure(args.data, name, told, args.cache, args.every)
            seconds = reader.seconds
            ms = str(round(1000 * float(np.median(seconds)))) if seconds else "kept"
            rows += rows_of(name, told, scores, ms)
    settings = {"found": FOUND, "readers": args.readers, "every": args.every}
    if args.speed:
        settings["speed"] = compare_speed(args.data, args.speed)
        print(settings["speed"])
    name = "text_readers" if args.every == 1 else f"text_readers_every{args.every}"
    report(name, rows, settings, args.save)


if __name__ == "__main__":
    main()
