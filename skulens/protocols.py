"""The verbs of the house: what a reader, an encoder and an index must do, on one page."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np

from skulens.records import DatasetInfo, EncoderInfo, Product, Query, Reject

if TYPE_CHECKING:
    import PIL.Image

Modality = Literal["image", "text"]


@runtime_checkable
class Catalog(Protocol):
    """Products and, where the data has them, queries with judgements. Streams; may be iterated again."""

    info: DatasetInfo
    rejects: list[Reject]
    """Rows left out by the latest iteration, with the reason; filled while iterating."""

    def products(self) -> Iterator[Product]:
        """Every SKU once, in the order of the data."""

    def queries(self, split: str) -> Iterator[Query]:
        """The queries of a split. Raises DataError, naming the splits there are, for another."""


@runtime_checkable
class Encoder(Protocol):
    """Makes vectors. A family writes this much; batching, caching and fusion live once, outside.

    `prepare_*` turn one part into what a batch is made of; they are pure, run in worker
    threads, and never see a task. `encode_batch` runs the forward pass of one modality.
    """

    info: EncoderInfo
    device: str
    """Where the forward pass runs: "cpu", "cuda", "cuda:1" ..."""

    def prepare_image(self, picture: "PIL.Image.Image") -> Any:
        """Preprocessed picture from decoded RGB; usually float32 (3, image_px, image_px)."""

    def prepare_text(self, text: str) -> Any:
        """Tokens of one text, cut to the context length."""

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special ones included, before any cut."""

    def encode_batch(self, modality: Modality, batch: Sequence[Any]) -> np.ndarray:
        """Vectors of prepared parts, same order: (batch, dim) float32, not normalised."""


@runtime_checkable
class Index(Protocol):
    """Holds vectors with ids and finds the nearest by inner product."""

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(order, scores) as in `records.Run`, each (queries, min(k, size))."""
