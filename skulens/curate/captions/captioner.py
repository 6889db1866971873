"""Products -> captions short enough for an encoder, each checked against its source.

OpenMPR (ICPR 2026, section 4.1, figure 2) lets a language model compress what a catalogue says of
a product into a caption of at most 77 tokens that keeps colour, shape, brand and size. Here every
caption is checked (`curate.captions.checks`); one that fails is asked for again with the reasons, as a
question of its own; the attempt that fails least is kept and marked.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from skulens.chat.key import make_key
from skulens.chat.parse import strip_reasoning
from skulens.curate.captions.checks import Check, Rules, Source, check_caption, failures
from skulens.curate.captions.sources import Settings, answer_key, inputs_of
from skulens.errors import ChatError, DataError
from skulens.prompts.load import Prompt, load_prompt
from skulens.protocols import Ask, Chat, ErrorClass, Reply

PROMPT = "openmpr_caption"
"""The paper's."""
STAGE = "caption"
AGAIN = "caption_again.v1"
SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {"label": {"type": "string"}},
    "required": ["label"],
    "additionalProperties": False,
}
CORRECTABLE: Mapping[ErrorClass, str] = {
    "invalid_json": 'the answer has to be a JSON object with the key "label" and nothing else',
    "schema_violation": 'the answer has to be a JSON object with the one key "label", a text',
    "truncated": "the answer is far too long; write one or two short sentences",
}
"""Failures that another question may mend, with what it says; the others would fail again."""
CHUNK = 1000
"""Products whose attempts are held at a time."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to a question about a product."""

    caption: str
    """Empty where there is none."""
    checks: tuple[Check, ...] = ()
    error: ErrorClass = ""
    reason: str = ""
    key: str = ""
    """Of the question, in the reply store."""
    cached: bool = False

    @property
    def failed(self) -> list[Check]:
        return failures(self.checks)

    @property
    def passes(self) -> bool:
        return not self.error and not self.failed

    @property
    def order(self) -> tuple[bool, bool, int]:
        """Smaller is better: an answer that can be used, that fits, with few failures."""
        unfit = any(c.name.startswith("tokens") for c in self.failed)
        return (bool(self.error), unfit, len(self.failed))

    def problems(self) -> list[str]:
        """What to correct, for the model."""
        if self.error:
            return [CORRECTABLE.get(self.error, self.reason)]
        return [c.reason for c in self.failed]


@dataclass(frozen=True)
class Captioned:
    """A product with the attempts at its caption."""

    source: Source
    attempts: tuple[Attempt, ...] = ()
    """In the order made; none where the source was left as it is (`Settings.only_long`)."""
    before: Mapping[str, int] = field(default_factory=dict)
    """Encoder -> tokens of the source text that the caption stands in for."""
    after: Mapping[str, int] = field(default_factory=dict)

    @property
    def best(self) -> Attempt | None:
        """The attempt that fails least, the first of equals."""
        return min(self.attempts, key=lambda a: a.order, default=None)

    @property
    def state(self) -> str:
        """ "pass", "marked" (a check fails), "failed" (no caption) or "short" (not asked)."""
        best = self.best
        if best is None:
            return "short"
        if best.error:
            return "failed"
        return "pass" if best.passes else "marked"

    @property
    def caption(self) -> str:
        """Of the best attempt; the source where it was short enough; empty without either."""
        best = self.best
        if best is None:
            return self.source.text
        return "" if best.error else best.caption


class Counted(Iterator[Ask]):
    """Questions that say how many there are (`operator.length_hint`), for progress."""

    def __init__(self, questions: Iterator[Ask], total: int):
        self.questions, self.left = questions, total

    def __next__(self) -> Ask:
        ask = next(self.questions)
        self.left -= 1
        return ask

    def __length_hint__(self) -> int:
        return self.left


class Captioner:
    """Asks for captions, checks them, asks again.

    Args:
        chat: for bulk work a `chat.bulk.remember.Remembered`, so that a rerun asks nothing twice.
    Raises:
        DataError: the prompt asks for something that we cannot give.
    """

    def __init__(
        self,
        chat: Chat,
        prompt: Prompt,
        rules: Rules,
        settings: Settings = Settings(),
    ):
        self.chat, self.prompt, self.rules, self.settings = chat, prompt, rules, settings
        self.again = load_prompt(AGAIN)
        self.key = answer_key(prompt)
        inputs_of(Source("", ""), prompt, rules.tokens)

    def caption(self, sources: Iterable[Source]) -> Iterator[Captioned]:
        """One for each source, in their order; at most `CHUNK` are held at a time.

        Raises:
            ChatError: the engine died or the budget is spent; what was answered is in the store.
        """
        waiting = iter(sources)
        while chunk := list(islice(waiting, CHUNK)):
            yield from self._caption_chunk(chunk)

    def count_open(self, sources: Iterable[Source]) -> int:
        """How many products still need an answer, where the engine gives only what it has: for
        batch files, which are written now and answered later."""
        waiting, missing = iter(sources), 0
        while chunk := list(islice(waiting, CHUNK)):
            missing += self._ask_chunk(chunk, {s.id: [] for s in chunk}, wait=False)
        return missing

    def _caption_chunk(self, chunk: Sequence[Source]) -> Iterator[Captioned]:
        attempts: dict[str, list[Attempt]] = {s.id: [] for s in chunk}
        if len(attempts) < len(chunk):
            raise DataError("two sources of one id; ids of products must be unique")
        self._ask_chunk(chunk, attempts)
        for source in chunk:
            done = Captioned(source, tuple(attempts[source.id]), self._count(source.text))
            yield replace(done, after=self._count(done.caption))

    def _ask_chunk(
        self, chunk: Sequence[Source], attempts: Mapping[str, list[Attempt]], wait: bool = True
    ) -> int:
        """All first questions, then the second ones of those that failed, and so on.

        Args:
            wait: raise where a question stays without an answer; False counts it.
        Returns:
            How many did.
        """
        missing = 0
        open_ = [s for s in chunk if not self._is_short(s)]
        for number in range(self.settings.retries + 1):
            for source, attempt in self._ask(open_, attempts):
                attempts[source.id].append(attempt)
            answered = [s for s in open_ if len(attempts[s.id]) > number]
            if len(answered) < len(open_) and wait:
                lost = next(s for s in open_ if len(attempts[s.id]) == number)
                raise ChatError(
                    f"{self.chat.info.name} left {len(open_) - len(answered)} questions without an "
                    f"answer, such as that about {lost.id!r}; run the same command again to resume"
                )
            missing += len(open_) - len(answered)
            open_ = [s for s in answered if self._try_again(attempts[s.id])]
        return missing

    def _ask(
        self, sources: Sequence[Source], attempts: Mapping[str, Sequence[Attempt]]
    ) -> Iterator[tuple[Source, Attempt]]:
        """The next attempt at each source, as answers come in."""
        asked: dict[str, tuple[Source, str]] = {}
        system = self.chat.info.identity

        def questions() -> Iterator[Ask]:
            for source in sources:
                ask = self.make_question(source, attempts[source.id])
                asked[source.id] = (source, make_key(ask, system, []))
                yield ask

        if not sources:
            return
        for reply in self.chat.ask(Counted(questions(), len(sources))):
            if reply.id not in asked:
                raise ChatError(
                    f"{self.chat.info.name} answered a question about {reply.id!r}, which was not "
                    "asked, or answered twice; run `skulens chat check`"
                )
            source, key = asked.pop(reply.id)
            yield source, self.judge(source, reply, key)

    def make_question(self, source: Source, before: Sequence[Attempt] = ()) -> Ask:
        """The first question about a product, or the one after these attempts: a retry holds the
        latest answer and what is wrong with it."""
        schema = SCHEMA if self.prompt.head.answer.kind == "given" else None
        inputs: dict[str, Any] = dict(inputs_of(source, self.prompt, self.rules.tokens))
        sampling = self.settings.sampling(self.rules.tokens, len(before))
        first = self.prompt.ask(source.id, schema=schema, sampling=sampling, stage=STAGE, **inputs)
        if not before:
            return first
        again = self.again.render(
            question="\n".join(p for p in first.parts if isinstance(p, str)),
            said=self._write_answer(before[-1]),
            problems=before[-1].problems(),
        )
        template = hashlib.sha256((first.template + self.again.sha256).encode()).hexdigest()
        return replace(
            first,
            parts=(again.user,),
            system=f"{first.system}\n\n{again.system}".strip(),
            template=template,
        )

    def _write_answer(self, attempt: Attempt) -> str:
        """An answer as the model gave it."""
        if attempt.error:
            return "(it could not be read)"
        if self.key is None:
            return attempt.caption or "(nothing)"
        return json.dumps({self.key: attempt.caption}, ensure_ascii=False)

    def judge(self, source: Source, reply: Reply, key: str = "") -> Attempt:
        """What a reply is worth."""
        if reply.error:
            return Attempt("", error=reply.error, reason=reply.reason, key=key, cached=reply.cached)
        value: Any = reply.value  # the schema was validated
        said = strip_reasoning(reply.text) if self.key is None else value.get(self.key) or ""
        caption = clean(said)
        checks = check_caption(caption, source, self.rules)
        return Attempt(caption, checks, key=key, cached=reply.cached)

    def _try_again(self, made: Sequence[Attempt]) -> bool:
        last = made[-1]
        return not last.passes and (not last.error or last.error in CORRECTABLE)

    def _is_short(self, source: Source) -> bool:
        if not self.settings.only_long:
            return False
        return all(count(source.text) <= n for count, n in self.rules.counters.values())

    def _count(self, text: str) -> dict[str, int]:
        return {name: count(text) for name, (count, _) in self.rules.counters.items()}


def clean(caption: str) -> str:
    """A caption on one line."""
    return " ".join(caption.split())
