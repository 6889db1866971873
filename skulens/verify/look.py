"""Products -> what their pictures show: each picture decoded once, bars and text read, kept.

looker = Looker(open_text_reader(), cache=Path("cache"))
for product, seen, rejects in looker.look(products): ...
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import PIL.Image

from skulens import pictures
from skulens.claims import Code, Line, Seen
from skulens.errors import PictureError
from skulens.protocols import TextReader
from skulens.records import Image, Product, Reject
from skulens.verify.bars import ladder
from skulens.verify.cache import ReadingCache, pack_codes, pack_lines, unpack_codes, unpack_lines

AHEAD = 2
"""Pictures read from disk and decoded while another is being read."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one picture shows."""

    sha256: str
    size: tuple[int, int]
    codes: list[Code]
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A picture's bytes, hashed; decoded where something has still to be read in it."""

    sha256: str
    picture: PIL.Image.Image | None
    problem: str = ""


class Looker:
    """Reads the pictures of products.

    Args:
        text: reads the text; None: bars only.
        bars: whether bar codes are decoded.
        cache: folder in which readings are kept; None keeps nothing.
    """

    def __init__(self, text: TextReader | None, bars: bool = True, cache: Path | None = None):
        self.text, self.bars = text, bars
        parts = [ladder.NAME] * bars + ([text.info.identity] if text else [])
        self.identity = " + ".join(parts)
        self._codes = ReadingCache(cache, ladder.NAME) if cache and bars else None
        self._lines = ReadingCache(cache, text.info.identity) if cache and text else None

    def look(self, products: Iterable[Product]) -> Iterator[tuple[Product, Seen, list[Reject]]]:
        """Every product in order, with what its pictures show and the pictures left out.

        Memory holds AHEAD + 1 decoded pictures, whatever the number of products.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="decode") as pool:
            for product, loading in self._ahead(pool, products):
                yield self._look_at(product, loading)
        for cache in (self._codes, self._lines):
            if cache:
                cache.commit()

    def look_at(self, product: Product) -> tuple[Seen, list[Reject]]:
        """One product."""
        _, seen, rejects = next(self.look([product]))
        return seen, rejects

    def _ahead(
        self, pool: ThreadPoolExecutor, products: Iterable[Product]
    ) -> Iterator[tuple[Product, list["Future[_Loaded]"]]]:
        """Products whose pictures are on their way, AHEAD products beyond the one handed out."""
        stream, waiting = iter(products), []
        for product in stream:
            waiting.append((product, self._submit(pool, product)))
            for later in islice(stream, AHEAD - len(waiting) + 1):
                waiting.append((later, self._submit(pool, later)))
            yield waiting.pop(0)
        yield from waiting

    def _submit(self, pool: ThreadPoolExecutor, product: Product) -> list["Future[_Loaded]"]:
        languages = languages_of(product)
        return [pool.submit(self._load, image, languages) for image in product.images]

    def _load(self, image: Image, languages: Sequence[str]) -> _Loaded:
        try:
            data = pictures.read_bytes(image)
            sha256 = hashlib.sha256(data).hexdigest()
            if self._known(sha256, languages) is not None:
                return _Loaded(sha256, None)
            return _Loaded(sha256, pictures.decode(data))
        except PictureError as e:
            return _Loaded("", None, str(e))

    def _look_at(
        self, product: Product, loading: list["Future[_Loaded]"]
    ) -> tuple[Product, Seen, list[Reject]]:
        languages, shown, rejects = languages_of(product), {}, []
        for image, future in zip(product.images, loading, strict=True):
            loaded = future.result()
            if loaded.problem:
                where = image.path or product.id
                rejects.append(
                    Reject(where, product.id, loaded.problem, "replace or remove the picture")
                )
                continue
            shown[loaded.sha256] = self._read(loaded, languages)
        seen = Seen(
            product.id,
            product.images,
            bars={sha: one.codes for sha, one in shown.items()},
            lines={sha: one.lines for sha, one in shown.items()},
            sizes={sha: one.size for sha, one in shown.items()},
            languages=tuple(languages),
        )
        if not product.images:
            rejects.append(Reject(product.id, product.id, "has no picture", "add one"))
        return product, seen, rejects

    def _known(self, sha256: str, languages: Sequence[str]) -> _Shown | None:
        """What an earlier run read in the picture."""
        codes = self._codes.get(sha256) if self._codes else None
        lines = self._lines.get(key_of(sha256, languages)) if self._lines else None
        if (self.bars and codes is None) or (self.text and lines is None):
            return None
        kept = codes or lines
        return _Shown(
            sha256,
            tuple(kept["size"]),  # type: ignore[index]
            unpack_codes(codes["codes"]) if codes else [],  # type: ignore[index]
            unpack_lines(lines["lines"]) if lines else [],  # type: ignore[index]
        )

    def _read(self, loaded: _Loaded, languages: Sequence[str]) -> _Shown:
        if loaded.picture is None:
            known = self._known(loaded.sha256, languages)
            assert known is not None
            return known
        picture, size = loaded.picture, loaded.picture.size
        codes = ladder.decode_bars(picture) if self.bars else []
        lines = self.text.read(picture, languages) if self.text else []
        if self._codes:
            self._codes.put(loaded.sha256, {"size": size, "codes": pack_codes(codes)})
        if self._lines:
            key = key_of(loaded.sha256, languages)
            self._lines.put(key, {"size": size, "lines": pack_lines(lines)})
        return _Shown(loaded.sha256, size, codes, lines)


def key_of(sha256: str, languages: Sequence[str]) -> str:
    return f"{sha256} {' '.join(languages)}"


def languages_of(product: Product) -> list[str]:
    """All that the listing says of its languages."""
    more = product.extras.get("languages")
    known = [product.language] if product.language else []
    return list(dict.fromkeys([*known, *(more if isinstance(more, list | tuple) else ())]))
