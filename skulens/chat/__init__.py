"""Questions -> replies of a language or vision-language model. One file per engine.

    chat = open_chat("openai:Qwen/Qwen2.5-VL-7B-Instruct", url="http://localhost:8000/v1")
    with ReplyStore(folder) as store:
        for reply in Remembered(chat, store).ask(questions): ...

The engines are `openai` (with `http/`), `transformers` and `smollm2` (with `local/`). What they share
lives here once: how pictures are sent (`pictures`), what may go wrong (`failures`), how an answer is
parsed (`parse`), what makes two questions the same (`key`). Around any engine stand `bulk/`, which
asks nothing twice, `replies/`, `money/`, `batch/`, `schemas/`, `checks/` and, for trials, `stub/`.
"""

import inspect
from typing import Any

from skulens import registry
from skulens.errors import DataError
from skulens.protocols import Chat


def split_name(name: str) -> tuple[str, str]:
    """ "openai:gpt" -> ("openai", "gpt")."""
    family, _, argument = name.partition(":")
    return family, argument


def open_chat(name: str, **options: Any) -> Chat:
    """An engine by the name that `skulens list chats` shows.

    Args:
        name: "openai:MODEL", "transformers:DIR", "smollm2" ...
        options: what the engine's constructor takes by name (url, revision, concurrency ...).
    Raises:
        UnknownName: no such engine; names the nearest.
        MissingDependency: a package is missing; names the extra.
        DataError: an argument is missing or too many, or an option is not the engine's.
        ChatError: there is no such server, model or key.
    """
    family, argument = split_name(name)
    made = registry.resolve("chat", family)
    row = registry.rows("chat")[family]
    if row.needs and not argument:
        raise DataError(f"engine {name!r} lacks {row.needs}: write {family}:{row.needs}")
    if argument and not row.needs:
        raise DataError(f"engine {family!r} takes nothing after a colon, got {argument!r}")
    known = inspect.signature(made).parameters
    if strange := [o for o in options if o not in known]:
        raise DataError(
            f"engine {family!r} has no option {strange[0]!r}; it has {', '.join(known)}"
        )
    return made(argument, **options) if row.needs else made(**options)
