"""Questions as a model's own chat template writes them: instructions, pictures, texts.

What a model cannot do (no role for instructions, no template at all) is found once, when it is
opened, by writing a question with known words and looking where they went.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from skulens.errors import ChatError
from skulens.protocols import Ask

SYSTEM, USER = "skulensinstructions", "skulensquestion"
"""Words that no template has."""


@dataclass(frozen=True)
class Turns:
    """How a model wants to be asked. Made by `learn_turns`.

    Special tokens that stand in a text, such as `<|im_end|>` in a product's title, are broken up by
    a space: they would end the turn, or stand for a picture that is not there.
    """

    writer: Any
    """A tokenizer or processor: what has `apply_chat_template`."""
    content: Literal["text", "list"]
    """A turn's content is a text, or a list of pictures and texts."""
    instructions: Literal["system", "user"]
    """The turn that the instructions stand in; "user": before its texts."""
    template: bool
    """False: the model has no template, and gets instructions, an empty line, the texts and the
    end of a line."""
    special: tuple[str, ...] = ()
    """Tokens that mean something to the model, longest first."""

    def write(self, ask: Ask) -> str:
        """The text that the tokenizer gets, a token standing for each picture.

        Pictures come first, whatever their place among the parts; texts are joined by a line end.
        """
        system = self._harmless(ask.system)
        text = self._harmless("\n".join(p for p in ask.parts if isinstance(p, str)))
        pictures = sum(not isinstance(p, str) for p in ask.parts)
        return self.write_parts(system, text, pictures)

    def write_parts(self, system: str, text: str, pictures: int = 0) -> str:
        if not self.template:
            return f"{system}\n\n{text}\n" if system else f"{text}\n"
        turns = []
        if system and self.instructions == "system":
            turns.append({"role": "system", "content": self._content(system)})
        elif system:
            text = f"{system}\n\n{text}"
        turns.append({"role": "user", "content": self._content(text, pictures)})
        # Reasoning is off where a template knows it: the answer is all that is parsed.
        known = {"enable_thinking": False} if "enable_thinking" in self._source() else {}
        return self.writer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, **known
        )

    def _source(self) -> str:
        return str(self.writer.chat_template)

    def _content(self, text: str, pictures: int = 0) -> str | list[dict[str, str]]:
        if self.content == "text":
            return text
        return [*({"type": "image"} for _ in range(pictures)), {"type": "text", "text": text}]

    def _harmless(self, text: str) -> str:
        if not self.special:
            return text
        found = re.compile("|".join(map(re.escape, self.special)))
        return found.sub(lambda token: f"{token[0][0]} {token[0][1:]}", text)


def learn_turns(writer: Any, special: Sequence[str], pictures: bool, name: str) -> Turns:
    """How to write questions for a model.

    Args:
        special: its special tokens.
        pictures: whether it reads pictures.
    Raises:
        ChatError: a model of pictures without a chat template, or a template that loses the text
            or cannot be run.
    """
    tokens = tuple(sorted({t for t in special if len(t) > 1}, key=lambda t: (-len(t), t)))
    if not getattr(writer, "chat_template", None):
        if pictures:
            raise ChatError(
                f"{name} has no chat template, so nobody knows where its pictures go; "
                "put a chat_template.jinja into its folder"
            )
        return Turns(writer, "text", "user", False, tokens)
    kinds: tuple[Literal["list", "text"], ...] = ("list", "text") if pictures else ("text", "list")
    problem = "it leaves the question out"
    for content in kinds[: 1 if pictures else 2]:
        for instructions in ("system", "user"):
            turns = Turns(writer, content, instructions, True, tokens)
            try:
                written = turns.write_parts(SYSTEM, USER, int(pictures))
            except Exception as e:  # templates raise what they like, and jinja on broken ones
                problem = f"{type(e).__name__}: {str(e)[:200]}"
                continue
            if SYSTEM in written and USER in written and "'type'" not in written:
                return turns
    raise ChatError(f"the chat template of {name} cannot be used: {problem}")
