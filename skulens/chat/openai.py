"""Any server that speaks OpenAI's chat completions: vLLM, SGLang, llama.cpp, hosted models."""

from collections.abc import Iterable, Iterator

from skulens.chat.pictures import PicturePolicy
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo


class OpenAIChat:
    """openai:MODEL"""

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
