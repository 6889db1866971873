"""Products -> what their pictures show: each picture decoded once, bars and text read, kept.

    looker = Looker(open_text_reader(), cache=Path("cache"))
    for product, seen, rejects in looker.look(products): ...

Pictures are decoded one ahead of the one that is read, so that memory holds three at most, however
many products there are and however many pictures a product has.
"""

import hashlib
import warnings
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import PIL.Image

from skulens import pictures
from skulens.claims import Code, Line, Quad, Seen
from skulens.errors import PictureError
from skulens.protocols import TextReader
from skulens.records import Image, Product, Reject
from skulens.verify.bars import ladder
from skulens.verify.cache import ReadingCache, pack_codes, pack_lines, unpack_codes, unpack_lines
from skulens.verify.second import SecondReader

AHEAD = 1
"""Pictures read from disk and decoded while another is being read: decoding takes a tenth of it."""
RECENT = 256
"""Pictures whose readings are remembered, for those that several products share."""
REPLACE = "replace or remove the picture"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one picture shows."""

    size: tuple[int, int]
    codes: list[Code]
    lines: list[Line]
    problem: str = ""
    """Why a part of it could not be read; empty: all was."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A picture's bytes, hashed; decoded where something has still to be read in it."""

    sha256: str
    known: _Shown | None = None
    picture: PIL.Image.Image | None = None
    problem: str = ""


@dataclass(slots=True)
class _Work:
    """A product on its way: its pictures are loaded one by one, in order."""

    product: Product
    languages: tuple[str, ...]
    shown: dict[str, _Shown] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


class _Step(NamedTuple):
    """A picture on its way."""

    work: _Work
    image: Image | None = None
    """None: the product has no more."""
    loading: "Future[_Loaded]" = Future()


class Looker:
    """Reads the pictures of products.

    Args:
        text: reads the text; None: bars only.
        bars: whether bar codes are decoded.
        cache: folder in which readings are kept; None keeps nothing.
        second: reads single boxes once more, for `reread`; None: nobody does.
    """

    def __init__(
        self,
        text: TextReader | None,
        bars: bool = True,
        cache: Path | None = None,
        second: SecondReader | None = None,
    ):
        self.text, self.bars, self.second = text, bars, second
        parts = [ladder.NAME] * bars + ([text.info.identity] if text else [])
        self.identity = " + ".join(parts)
        self._codes = ReadingCache(cache, ladder.NAME) if cache and bars else None
        self._lines = ReadingCache(cache, text.info.identity) if cache and text else None
        self._boxes = ReadingCache(cache, second.identity) if cache and second else None
        self._recent: OrderedDict[str, _Shown] = OrderedDict()

    def look(self, products: Iterable[Product]) -> Iterator[tuple[Product, Seen, list[Reject]]]:
        """Every product in order, with what its pictures show and the pictures left out."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="decode")
        try:
            for step in self._ahead(pool, products):
                if step.image is None:
                    yield step.work.product, seen_of(step.work), step.work.rejects
                else:
                    self._add(step.work, step.image, step.loading.result())
        finally:
            pool.shutdown(cancel_futures=True)

    def look_at(self, product: Product) -> tuple[Seen, list[Reject]]:
        """One product."""
        _, seen, rejects = next(self.look([product]))
        return seen, rejects

    def reread(self, seen: Seen, boxes: Mapping[str, Sequence[Quad]]) -> Seen:
        """The same with `Line.second` of the lines in these boxes, by sha256 of the picture.

        A line that has a second reading keeps it. Returns `seen` itself where nothing is asked, or
        nobody is there to read it.
        """
        lines = dict(seen.lines)
        for image in seen.pictures if self.second and any(boxes.values()) else ():
            try:
                data = pictures.read_bytes(image)
            except PictureError:
                continue  # it was there a moment ago; the first reading stands alone
            sha256 = hashlib.sha256(data).hexdigest()
            if boxes.get(sha256) and sha256 in lines:
                asked = set(boxes[sha256])
                lines[sha256] = self._read_second(
                    sha256, data, lines[sha256], asked, seen.languages
                )
        changed = any(lines[sha] is not seen.lines[sha] for sha in lines)
        return replace(seen, lines=lines) if changed else seen

    # ----- pictures on their way --------------------------------------------------------------

    def _ahead(self, pool: ThreadPoolExecutor, products: Iterable[Product]) -> Iterator[_Step]:
        """Pictures in order, AHEAD of them on their way beyond the one handed out."""
        waiting: deque[_Step] = deque()
        for product in products:
            work = _Work(product, tuple(languages_of(product)))
            for image in product.images:
                waiting.append(_Step(work, image, pool.submit(self._load, image, work.languages)))
                yield from _take(waiting, AHEAD)
            waiting.append(_Step(work))
            yield from _take(waiting, AHEAD)
        yield from waiting

    def _load(self, image: Image, languages: Sequence[str]) -> _Loaded:
        try:
            data = pictures.read_bytes(image)
            sha256 = hashlib.sha256(data).hexdigest()
            if known := self._known(sha256, languages):
                return _Loaded(sha256, known)
            return _Loaded(sha256, picture=pictures.decode(data))
        except PictureError as e:
            return _Loaded("", problem=str(e))

    def _add(self, work: _Work, image: Image, loaded: _Loaded) -> None:
        """What a picture shows, or why it shows nothing, to its product."""
        where, item = image.path or work.product.id, work.product.id
        if loaded.problem:
            work.rejects.append(Reject(where, item, loaded.problem, REPLACE))
            return
        shown = self._shown(loaded, work.languages)
        work.shown[loaded.sha256] = shown
        if shown.problem:
            work.rejects.append(Reject(where, item, shown.problem, REPLACE))

    # ----- reading ----------------------------------------------------------------------------

    def _shown(self, loaded: _Loaded, languages: Sequence[str]) -> _Shown:
        """What a loaded picture shows: known, or read now and kept."""
        sha256 = loaded.sha256
        shown = loaded.known or self._known(sha256, languages)  # read since it was loaded
        if shown is None:
            assert loaded.picture is not None
            shown = self._read(sha256, loaded.picture, languages)
        self._recent[key_of(sha256, languages)] = shown
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return shown

    def _known(self, sha256: str, languages: Sequence[str]) -> _Shown | None:
        """What was read in the picture before, all of it."""
        key = key_of(sha256, languages)
        if shown := self._recent.get(key):
            return shown
        codes = _unpack(self._codes, sha256, "codes") if self.bars else ((0, 0), [])
        lines = _unpack(self._lines, key, "lines") if self.text else ((0, 0), [])
        if codes is None or lines is None:
            return None
        return _Shown(codes[0] if self.bars else lines[0], codes[1], lines[1])

    def _read(self, sha256: str, picture: PIL.Image.Image, languages: Sequence[str]) -> _Shown:
        """Read what is not kept; whatever a reader raises costs its part of this picture alone."""
        codes: list[Code] | None = []
        lines: list[Line] | None = []
        problems: list[str] = []
        if self.bars:
            kept = _unpack(self._codes, sha256, "codes")
            codes = kept[1] if kept else _try(ladder.decode_bars, (picture,), "bars", problems)
            if self._codes and not kept and codes is not None:
                self._codes.put(sha256, {"size": picture.size, "codes": pack_codes(codes)})
        if self.text:
            key = key_of(sha256, languages)
            kept = _unpack(self._lines, key, "lines")
            lines = (
                kept[1] if kept else _try(self.text.read, (picture, languages), "text", problems)
            )
            if self._lines and not kept and lines is not None:
                self._lines.put(key, {"size": picture.size, "lines": pack_lines(lines)})
        return _Shown(picture.size, codes or [], lines or [], "; ".join(problems))

    def _read_second(
        self,
        sha256: str,
        data: bytes,
        lines: Sequence[Line],
        asked: Collection[Quad],
        languages: Sequence[str],
    ) -> Sequence[Line]:
        """The lines, those asked for with their second reading."""
        assert self.second is not None
        wanted = [line for line in lines if line.quad in asked and not line.second]
        keys = [f"{key_of(sha256, languages)} {line.reader} {line.quad}" for line in wanted]
        told = [self._boxes.get(key) if self._boxes else None for key in keys]
        missing = [i for i, text in enumerate(told) if not isinstance(text, str)]
        if missing:
            try:
                picture = pictures.decode(data)
                read = self.second.read(picture, [wanted[i] for i in missing], languages)
            except Exception as e:  # any engine's; the first reading then stands alone
                warnings.warn(f"a second reading failed ({type(e).__name__}: {e})", stacklevel=2)
                return lines
            for i, text in zip(missing, read, strict=True):
                told[i] = text
                if self._boxes:
                    self._boxes.put(keys[i], text)
        seconds = {line.quad: text for line, text in zip(wanted, told, strict=True) if text}
        return (
            [
                replace(line, second=str(seconds[line.quad]))
                if line.quad in seconds and not line.second
                else line
                for line in lines
            ]
            if seconds
            else lines
        )


def _take(waiting: deque[_Step], ahead: int) -> Iterator[_Step]:
    """Steps that need not wait: products that are done, and pictures beyond so many."""
    while waiting and (
        waiting[0].image is None or sum(step.image is not None for step in waiting) > ahead
    ):
        yield waiting.popleft()


def _unpack(cache: ReadingCache | None, key: str, what: str) -> tuple[tuple[int, int], list] | None:
    """(size of the picture, codes or lines) from a cache; None where it holds nothing whole."""
    kept = cache.get(key) if cache else None
    try:
        width, height = kept["size"]  # type: ignore[index]
        unpack = unpack_codes if what == "codes" else unpack_lines
        return (int(width), int(height)), unpack(kept[what])  # type: ignore[index]
    except (TypeError, ValueError, KeyError, IndexError):
        return None


def _try(read: Callable[..., list], given: tuple, what: str, problems: list[str]) -> list | None:
    """What a reader reads; None, and a problem more, where it fails."""
    try:
        return list(read(*given))
    except Exception as e:  # engines raise anything; one picture must not end the job
        problems.append(f"{what} cannot be read, {type(e).__name__}: {e}")
        return None


def seen_of(work: _Work) -> Seen:
    """All pictures of a product; adds a reject where it has none."""
    product, shown = work.product, work.shown
    if not product.images:
        work.rejects.append(Reject(product.id, product.id, "has no picture", "add one"))
    return Seen(
        product.id,
        product.images,
        bars={sha: one.codes for sha, one in shown.items()},
        lines={sha: one.lines for sha, one in shown.items()},
        sizes={sha: one.size for sha, one in shown.items()},
        languages=work.languages,
    )


def key_of(sha256: str, languages: Sequence[str]) -> str:
    return f"{sha256} {' '.join(languages)}"


def languages_of(product: Product) -> list[str]:
    """All that the listing says of its languages."""
    more = product.extras.get("languages")
    told = [product.language, *(more if isinstance(more, list | tuple) else ())]
    return list(dict.fromkeys(code for code in told if isinstance(code, str) and code))
