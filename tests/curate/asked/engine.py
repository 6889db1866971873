"""An engine of a few lines and a shop of a few products, for tests of steps that ask."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from skulens.encode.batching import Encoded
from skulens.encode.embed import Fused
from skulens.errors import ChatError
from skulens.protocols import Ask, ErrorClass, Reply
from skulens.records import Attribute, DatasetInfo, EncoderInfo, Image, Item, Product, SystemInfo

Said = str | dict | tuple[ErrorClass, str]


class Engine:
    """Answers with what `say` gives for a question: a text, a JSON object or (class, reason).

    Args:
        dies_after: questions after which it raises ChatError.
    """

    def __init__(self, say: Callable[[Ask], Said], dies_after: int = 0):
        self.say, self.dies_after = say, dies_after
        self.asked: list[Ask] = []
        self.info = SystemInfo(name="scripted", kind="chat", identity="scripted/1")

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        for ask in questions:
            if self.dies_after and len(self.asked) == self.dies_after:
                raise ChatError("the engine died")
            self.asked.append(ask)
            said = self.say(ask)
            if isinstance(said, tuple):
                yield Reply(ask.id, error=said[0], reason=said[1])
            elif isinstance(said, dict):
                yield Reply(ask.id, text=json.dumps(said), value=said)
            else:
                yield Reply(ask.id, text=said)


def text_of(ask: Ask) -> str:
    return f"{ask.system}\n" + "\n".join(p for p in ask.parts if isinstance(p, str))


class Vectors:
    """An embedder whose vectors are given: picture bytes -> vector; unknown ones cannot be read."""

    def __init__(self, known: Mapping[bytes, Sequence[float]]):
        self.known = known
        info = EncoderInfo(name="given", identity="given/1", dim=3, modalities=("image",))
        self.encoders = (type("Given", (), {"info": info})(),)

    def embed_items(self, items: Sequence[Item], role: str = "query") -> list[Fused]:
        rows = np.full((len(items), 3), np.nan, np.float32)
        hashes: list[tuple[str | None, ...]] = []
        for i, item in enumerate(items):
            data = item.parts[0].read()
            hashes.append((hashlib.sha256(data).hexdigest(),))
            if data in self.known:
                row = np.array(self.known[data], np.float32)
                rows[i] = row / np.linalg.norm(row)
        encoded = Encoded(hashes=[h[0] for h in hashes], vectors=rows)
        return [Fused(rows, hashes, encoded)]


VISIBLE = ("color", "pattern", "shape")


def product(name: str, kind: str = "chair", spu: str | None = None, language: str = "en", **values):
    """A product whose picture is its id."""
    return Product(
        name,
        title=str(values.pop("title", f"Title of {name}")),
        images=(Image(data=name.encode()),),
        spu=spu,
        category=(kind,),
        attributes=tuple(
            Attribute(k, v, "visual" if k in VISIBLE else "text") for k, v in values.items()
        ),
        language=language,
    )


class Shop:
    """A catalogue in memory."""

    def __init__(self, products, splits=None):
        self.listed, self.splits = list(products), dict(splits or {})
        self.info = DatasetInfo("shop", "Shop", splits=tuple(self.splits))
        self.rejects = []

    def products(self):
        return iter(self.listed)

    def queries(self, split):
        return iter(self.splits[split])
