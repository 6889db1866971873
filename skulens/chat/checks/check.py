"""What a server must do before a bulk run, and a verdict on it: `skulens chat check`.

Each check asks a few questions through the engine that the run will use, so that in-process
engines can be checked, too.
"""

import random
import string
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skulens.chat.checks.canary import PAIRS, ROUNDS, Canary, Watch, make_canary
from skulens.chat.checks.guided import Recalls, compare_guided, mean
from skulens.chat.checks.verdict import Check
from skulens.errors import ChatError
from skulens.protocols import Ask, Chat, Reply
from skulens.records import Part, SystemInfo

Compare = Callable[[list[float], list[float]], tuple[float, float]]
"""Recalls free and guided -> ends of the 95 % interval of their mean difference."""

MOST_DROP = 0.02
"""Of recall under guided decoding."""
LEAST_JUDGED = 0.25
"""Of the documents; where fewer can be listed in free text, the model cannot do the task."""
LIMIT = 4
"""Tokens; few enough that twice as many, which engines try next, are too few as well."""
CODES = 20
LEVELS = (1, 4, 16)
"""Questions at once whose throughput is measured."""
COUNTS = (1, 2, 4, 8)
"""Pictures of one question that are tried."""
ODD_SCHEMA = {
    "type": "object",
    "properties": {
        "zorb": {"type": "string", "enum": ["quax", "plim"]},
        "weights": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3},
    },
    "required": ["zorb", "weights"],
    "additionalProperties": False,
}
"""What no model would write by itself, least of all when asked for a story."""


@dataclass(frozen=True)
class Settings:
    """How much is asked."""

    pairs: int = PAIRS
    rounds: int = ROUNDS
    documents: int = 20
    pictures: bool = True
    seed: int | None = None


def check_chat(
    chat: Chat,
    settings: Settings,
    compare: Compare,
    open_at: Callable[[int], Chat] | None = None,
    watch: Watch | None = None,
) -> Iterator[Check]:
    """All checks of one engine, as they are done.

    Args:
        compare: the interval of a paired difference; statistics live in another room.
        open_at: the same engine with another number of questions at once; None: it has only
            this one, whose throughput is measured one at a time.
    """
    counted = Counted(chat)
    show: Watch = watch or (lambda things, what, total: things)
    name = "plain answer"
    try:
        plain = check_plain(counted)
        yield plain
        name = "alive to the end"
        if plain.verdict == "fail":
            return
        yield check_usage(counted)
        yield check_length(counted)
        yield check_odd_schema(counted)
        yield check_codes(counted)
        yield check_steadiness(counted)
        yield check_guided(
            compare_guided(counted, settings.documents, settings.seed or 0, show), compare
        )
        if settings.pictures:
            seen = check_pictures(counted)
            yield seen
            if seen.verdict == "pass":
                yield check_canary(counted, settings, show)
        yield check_violations(counted)
        yield check_throughput(open_at or (lambda level: chat), show, LEVELS if open_at else (1,))
    except ChatError as e:
        yield Check(name, "fail", str(e))


class Counted:
    """A `Chat` that counts what its answers under a schema were worth."""

    def __init__(self, chat: Chat):
        self.chat = chat
        self.policy = getattr(chat, "policy", None)
        self.guided = 0
        """Answers under a schema."""
        self.broken = 0
        self.first: Reply | None = None
        """The first of them that is broken."""
        self.usage: Mapping[str, int] = {}
        """Of the latest answer."""

    @property
    def info(self) -> SystemInfo:
        return self.chat.info

    def ask(self, questions: Iterable[Ask]) -> Iterator[Reply]:
        under_schema: set[str] = set()

        def noted() -> Iterator[Ask]:
            for ask in questions:
                if ask.schema is not None:
                    under_schema.add(ask.id)
                yield ask

        for reply in self.chat.ask(noted()):
            if reply.id in under_schema and reply.error in (
                "",
                "truncated",
                "invalid_json",
                "schema_violation",
            ):
                self.guided += 1
                self.broken += bool(reply.error)
                self.first = self.first or (reply if reply.error else None)
            if not reply.error:
                self.usage = reply.usage
            yield reply


def ask_one(chat: Chat, text: str, system: str = "", schema: Any = None, **sampling: Any) -> Reply:
    """The reply to one question, temperature 0."""
    told = {"temperature": 0.0, "max_tokens": 64} | sampling
    for reply in chat.ask([Ask("check", (text,), system, schema, told, stage="check")]):
        return reply
    raise ChatError("the engine gave no reply to a question")


def check_plain(chat: Chat) -> Check:
    """An answer to a plain question, with text in it."""
    started = time.monotonic()
    reply = ask_one(chat, "Write the word apple and nothing else.", max_tokens=512)
    seconds = time.monotonic() - started
    facts = {"seconds": seconds, "text": reply.text[:200], "finish": reply.finish}
    if reply.error:
        return Check("plain answer", "fail", f"{reply.error}: {reply.reason}", facts=facts)
    if not reply.text.strip():
        spent = reply.usage.get("reasoning_tokens", 0) or reply.usage.get("output_tokens", 0)
        return Check(
            "plain answer",
            "fail",
            f"the content is empty after {spent} tokens: the reasoning went elsewhere. Turn "
            "reasoning off, or start the server with its reasoning parser",
            facts=facts,
        )
    thinks = "</think>" in reply.text or reply.usage.get("reasoning_tokens", 0) > 0
    also = "; the model reasons before it answers: turn that off for bulk runs" if thinks else ""
    return Check("plain answer", "pass", f"{seconds:.2f} s{also}", facts=facts)


def check_usage(chat: Counted) -> Check:
    """Tokens are reported, without which there is no ledger and no budget."""
    usage = chat.usage
    facts = {"usage": dict(usage)}
    if usage.get("input_tokens") and usage.get("output_tokens"):
        more = [k for k in ("cached_tokens", "reasoning_tokens", "image_tokens") if usage.get(k)]
        said = f"input and output tokens{', ' + ', '.join(more) if more else ''}"
        return Check("usage reported", "pass", said, "", facts)
    said = "no token counts: cost and budgets cannot be known"
    return Check("usage reported", "fail", said, "", facts)


def check_length(chat: Chat) -> Check:
    """An answer cut at its limit says so; else half an answer passes for a whole one."""
    reply = ask_one(chat, "Count from one to five hundred in words.", max_tokens=LIMIT)
    facts = {"error": reply.error, "finish": reply.finish, "chars": len(reply.text)}
    if reply.error == "truncated" or reply.finish == "length":
        return Check("limit of tokens told", "pass", "finish_reason length", facts=facts)
    if reply.error:
        return Check(
            "limit of tokens told", "unjudged", f"{reply.error}: {reply.reason}", "", facts
        )
    name = "limit of tokens told"
    if reply.usage.get("output_tokens", 0) > LIMIT or len(reply.text) > 200:
        said = f"max_tokens {LIMIT} is ignored: {len(reply.text):,} characters came"
        return Check(name, "fail", said, facts=facts)
    if reply.usage.get("output_tokens", 0) == LIMIT:
        said = f"cut after {LIMIT} tokens with finish_reason {reply.finish!r}: half an answer looks whole"
        return Check(name, "fail", said, facts=facts)
    said = f"the model stopped by itself after {reply.text[:40]!r}"
    return Check(name, "unjudged", said, "", facts)


def check_odd_schema(chat: Chat, times: int = 3) -> Check:
    """response_format is followed although the question asks for something else."""
    said = "Tell a short story about a lighthouse, in prose, no JSON. Story number {}."
    replies = [
        ask_one(chat, said.format(i), schema=ODD_SCHEMA, max_tokens=256) for i in range(times)
    ]
    bad = [r for r in replies if r.error]
    facts = {"asked": times, "valid": times - len(bad)}
    if not bad:
        return Check("json_schema honoured", "pass", f"{times} of {times} valid", facts=facts)
    first = f"{bad[0].error}: {bad[0].reason}"
    if all(r.error in ("invalid_json", "schema_violation") for r in bad):
        said = (
            f"{len(bad)} of {times} answers break the schema, so the server ignores response_format "
            f"({first}). Start it with a backend for structured output"
        )
        return Check("json_schema honoured", "fail", said, facts=facts)
    return Check("json_schema honoured", "unjudged", first, facts=facts)


def check_codes(chat: Chat, codes: int = CODES) -> Check:
    """Answers belong to their questions: each repeats a code, many at once."""
    rng = random.SystemRandom()
    letters = string.ascii_uppercase + string.digits
    wanted = {f"code-{i}": "".join(rng.choices(letters, k=6)) for i in range(codes)}
    told = {"temperature": 0.0, "max_tokens": 32}
    system = "Repeat the code that you are given, and nothing else."
    asks = (
        Ask(id_, (f"The code is {code}.",), system, None, told, stage="check")
        for id_, code in wanted.items()
    )
    got: dict[str, str] = {}
    twice, failed = 0, 0
    for reply in chat.ask(asks):
        twice += reply.id in got or reply.id not in wanted
        failed += bool(reply.error)
        got[reply.id] = reply.text
    own = sum(code in got.get(id_, "") for id_, code in wanted.items())
    others = sum(
        any(other in said for k, other in wanted.items() if k != id_) for id_, said in got.items()
    )
    missing = codes - len(got)
    facts = {"asked": codes, "own": own, "others": others, "missing": missing, "failed": failed}
    name = "answers belong to questions"
    if others or twice or missing:
        said = (
            f"{others} of {codes} answers carry another question's code, {twice} came twice, "
            f"{missing} never: do not use this server with more than one question at once"
        )
        return Check(name, "fail", said, facts=facts)
    if own == codes:
        return Check(name, "pass", f"{own} of {codes} repeat their own code", facts=facts)
    said = f"{own} of {codes} repeat their code, no other carries a foreign one: a weak model"
    return Check(name, "unjudged", said, facts=facts)


def check_steadiness(chat: Chat, times: int = 3) -> Check:
    """The same question gives the same answer at temperature 0; of interest only."""
    said = "Describe a red cotton shirt in two sentences."
    replies = [ask_one(chat, said, max_tokens=80, seed=0) for _ in range(times)]
    texts = {r.text for r in replies if not r.error or r.error == "truncated"}
    facts = {"asked": times, "different": len(texts)}
    name = "same answer at temperature 0"
    if len(texts) == 1:
        return Check(name, "pass", f"{times} of {times} equal", "", facts)
    if not texts:
        return Check(name, "unjudged", f"{replies[0].error}: {replies[0].reason}", "", facts)
    said = f"{len(texts)} different answers to {times} equal questions: numbers will vary by run"
    return Check(name, "fail", said, "", facts)


def check_guided(found: Recalls, compare: Compare) -> Check:
    """Guided decoding loses no items: fails where recall drops by more than MOST_DROP and the
    interval excludes that it does not drop at all."""
    name, n = "guided beside free", len(found.free)
    facts = {
        "n": n, "failed": found.failed, "too_hard": found.too_hard, "unusable": found.unusable,
        "guided": mean(found.guided), "free": mean(found.free), "drop": found.drop,
        "items": mean(found.counts),
    }  # fmt: skip
    if n < max(2, LEAST_JUDGED * (n + found.too_hard)):
        said = (
            f"{found.failed} documents got no answer, and the model cannot list the items of "
            f"{found.too_hard} in free text either"
        )
        return Check(name, "unjudged", said, facts=facts)
    low, high = compare(found.free, found.guided)
    facts |= {"low": low, "high": high}
    seen = (
        f"recall {mean(found.guided):.1%} guided, {mean(found.free):.1%} free, drop "
        f"{100 * found.drop:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}] on {n} documents"
    )
    if found.drop <= MOST_DROP:
        return Check(name, "pass", seen, facts=facts)
    if low > 0:
        said = f"{seen}: ask for free text, or for fewer items per question"
        return Check(name, "fail", said, facts=facts)
    return Check(name, "unjudged", f"{seen}: too few to decide, use --items 200", facts=facts)


def check_pictures(chat: Chat) -> Check:
    """How many pictures of one question are taken."""
    most, reason = 0, ""
    limit = getattr(getattr(chat, "policy", None), "most", max(COUNTS))
    tried = [n for n in COUNTS if n <= limit] or [limit]
    for n in tried:
        shown = tuple(make_canary(7, i).image for i in range(n))
        parts: tuple[Part, ...] = (*shown, "Which colours do you see?")
        ask = Ask("check", parts, "", None, {"temperature": 0.0, "max_tokens": 32}, stage="check")
        [reply] = chat.ask([ask])
        if reply.error not in ("", "truncated"):
            reason = f"{reply.error}: {reply.reason}"
            break
        most = n
    facts = {"most": most, "tried": tried}
    if not most:
        return Check("pictures", "fail", f"none is taken ({reason})", "pictures", facts)
    if reason:
        said = f"{most} in one question, {n} are refused ({reason})"
        return Check("pictures", "pass", said, "pictures", facts)
    return Check("pictures", "pass", f"{most} in one question", "pictures", facts)


def check_canary(chat: Chat, settings: Settings, watch: Watch) -> Check:
    """Pictures are not mixed up."""
    report = Canary(chat, settings.pairs, settings.rounds, settings.seed, watch).run()
    facts = report.to_dict()
    misses = ", ".join(f"{p:.1g} at {rate:.0%}" for rate, p in report.power.items())
    if report.verdict == "pass":
        said = (
            f"{report.answered} answers equal those alone, {report.distinct} different ones; "
            f"chance to miss mix-ups: {misses}"
        )
        return Check("pictures not mixed up", "pass", said, "all", facts)
    return Check("pictures not mixed up", report.verdict, report.why, "all", facts)


def check_violations(chat: Counted) -> Check:
    """How many answers under a schema were unusable, over all checks before."""
    bad, name = chat.broken, "answers valid"
    facts = {"asked": chat.guided, "broken": bad}
    if not chat.guided:
        return Check(name, "unjudged", "none came", facts=facts)
    seen = f"{chat.guided - bad} of {chat.guided}"
    if chat.first is None:
        return Check(name, "pass", seen, "", facts)
    return Check(name, "fail", f"{seen}; {chat.first.error}: {chat.first.reason}", "", facts)


def check_throughput(
    open_at: Callable[[int], Chat], watch: Watch, levels: Sequence[int] = LEVELS
) -> Check:
    """Answers per second at several numbers of questions at once; of interest only."""
    rates: dict[str, float] = {}
    for level in levels:
        chat, n = open_at(level), max(4, 3 * level)
        told = {"temperature": 0.0, "max_tokens": 32}
        asks = (
            Ask(f"speed-{i}", (f"Name {i + 3} animals.",), "", None, told, stage="check")
            for i in range(n)
        )
        started = time.monotonic()
        good = sum(
            r.error in ("", "truncated") for r in watch(chat.ask(asks), f"{level} at once", n)
        )
        rates[str(level)] = good / (time.monotonic() - started)
    said = ", ".join(f"{rate:.1f}/s at {level}" for level, rate in rates.items())
    good_ = all(rates.values())
    return Check("throughput", "pass" if good_ else "fail", said, "", {"per_second": rates})
