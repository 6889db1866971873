"""Items -> vectors of several encoders: batching, cache and fusion behind one object."""

from collections.abc import Sequence

from skulens.encode.batching import Batching, Encoded, encode_parts
from skulens.encode.cache import VectorCache
from skulens.encode.fusion import Fused, encode_items
from skulens.encode.memo import Memo
from skulens.protocols import Encoder
from skulens.records import Item


class Embedder:
    def __init__(
        self,
        encoders: Sequence[Encoder],
        caches: Sequence[VectorCache | None] | None = None,
        memo: Memo | None = None,
        batching: Batching = Batching(),
    ):
        self.encoders, self.caches, self.memo, self.batching = (
            list(encoders),
            caches,
            memo,
            batching,
        )

    def embed_parts(self, parts, role="query") -> list[Encoded]:
        return encode_parts(
            self.encoders, parts, role=role, caches=self.caches, memo=self.memo, how=self.batching
        )

    def embed_items(self, items: Sequence[Item], role="query", fusion="avg") -> list[Fused]:
        return encode_items(lambda parts: self.embed_parts(parts, role), items, fusion)
