"""An engine that answers by a function and counts its calls; no server."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from skulens.chat.pictures import PicturePolicy
from skulens.protocols import Ask, Reply
from skulens.records import SystemInfo

USAGE = {
    "input_tokens": 100,
    "cached_tokens": 0,
    "output_tokens": 10,
    "reasoning_tokens": 0,
    "image_tokens": 0,
}


def about(ask: Ask) -> str:
    """The last word of a question. Its id is none to go by: behind a store it is the key."""
    return str(ask.parts[-1]).split()[-1]


def answer(ask: Ask) -> Reply:
    return Reply(ask.id, f"answer to {ask.parts[-1]}", finish="stop", usage=USAGE, latency_s=0.1)


class ScriptedChat:
    """scripted:MODEL"""

    calls: list[str] = []
    """Last words of the questions asked, by all engines of this class."""
    script: Callable[[Ask], Reply] = staticmethod(answer)

    def __init__(
        self,
        model: str = "gpt-4o-mini",
        url: str = "",
        key_env: str = "OPENAI_API_KEY",
        server: str = "",
        policy: PicturePolicy | None = None,
        sampling: Mapping[str, object] | None = None,
        concurrency: int = 16,
        timeout_s: float = 120.0,
        check: bool = True,
    ):
        self.model, self.policy = model, policy or PicturePolicy()
        self.sampling, self.given = sampling or {}, dict(locals())
        told = f"{server or url} {model} {self.policy} {sampling}"
        self.info = SystemInfo(
            name=f"openai:{model}",
            kind="chat",
            identity=hashlib.sha256(told.encode()).hexdigest(),
        )

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        for ask in questions:
            type(self).calls.append(about(ask))
            yield type(self).script(ask)


class PlainChat:
    """plain: an engine without options but two."""

    def __init__(self, batch: int = 8, dtype: str = "auto"):
        self.batch, self.dtype = batch, dtype
        self.info = SystemInfo(name="plain", kind="chat", identity="plain")

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        yield from map(answer, questions)
