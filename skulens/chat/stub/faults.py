"""How the stub fails: one row per fault.

Which fault a question meets is decided by its content and the seed alone, so that two runs can be
compared. Transient faults spoil the first or the first two attempts of a question; the others
every attempt, but for a race, which is drawn at each.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from skulens.chat.stub import spoil
from skulens.chat.stub.question import Question
from skulens.errors import DataError, unknown
from skulens.protocols import ErrorClass

Needs = Literal["", "schema", "picture"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail."""

    name: str
    about: str
    error: ErrorClass
    """Of the reply that a client makes of it, for a transient one while it lasts; "": the answer
    can be used, or the run ends."""
    does: Callable[[spoil.Spoiled], None]
    transient: bool = False
    needs: Needs = ""
    """What a question must have to meet it: a JSON schema, a picture."""
    anew: bool = False
    """Drawn at every attempt: a race in the server, not a property of the question."""
    ends_run: bool = False
    """A client should stop the whole run, so "all" leaves it out."""


# fmt: off
ROWS = (
    Fault("429", "429 with Retry-After", "rate_limit", spoil.slow_down, transient=True),
    Fault("429_bare", "429 without Retry-After", "rate_limit", spoil.slow_down_bare, transient=True),
    Fault("500", "500, internal error", "engine", spoil.crash, transient=True),
    Fault("503", "503, overloaded", "engine", spoil.overload, transient=True),
    Fault("closed_before", "connection closed before a byte", "transport", spoil.wire("closed_before"), transient=True),
    Fault("closed_inside", "connection closed inside the body", "transport", spoil.wire("closed_inside"), transient=True),
    Fault("hang", "no answer until the client gives up", "transport", spoil.wire("hang"), transient=True),
    Fault("html", "a proxy's HTML error page with status 200", "engine", spoil.wire("html"), transient=True),
    Fault("empty", "status 200 with an empty body", "engine", spoil.wire("empty"), transient=True),
    Fault("cut_envelope", "the JSON of the completion is cut", "engine", spoil.wire("cut_envelope"), transient=True),
    Fault("no_choices", "a completion without choices", "engine", spoil.wire("no_choices"), transient=True),
    Fault("other_answer", "the answer and X-Request-Id of another request", "engine", spoil.swap_answer, transient=True),
    Fault("slow", "the right answer, late", "", spoil.delay, transient=True),
    Fault("cut_once", "cut off (finish_reason length) unless more tokens are allowed than at first", "", spoil.cut_once),
    Fault("cut_off", "cut off (finish_reason length), whatever is allowed", "truncated", spoil.cut_off),
    Fault("refusal", "the model declines in message.refusal", "refused", spoil.refuse),
    Fault("content_filter", "finish_reason content_filter", "refused", spoil.filter_content),
    Fault("reasoning_only", "content is null, all is in reasoning_content", "engine", spoil.only_reason),
    Fault("prose", "prose around the JSON", "invalid_json", spoil.add_prose, needs="schema"),
    Fault("trailing_comma", "a comma before the last brace", "invalid_json", spoil.add_comma, needs="schema"),
    Fault("nan", "NaN for a value", "invalid_json", spoil.put_nan, needs="schema"),
    Fault("ignores_format", "free text although a schema was given", "invalid_json", spoil.ignore_format, needs="schema"),
    Fault("fenced", "the JSON in a fence, which is no error", "", spoil.add_fence, needs="schema"),
    Fault("wrong_type", "a value of a wrong type", "schema_violation", spoil.put_wrong_type, needs="schema"),
    Fault("missing_key", "a required key is missing", "schema_violation", spoil.drop_key, needs="schema"),
    Fault("extra_key", "a key that the schema does not know", "schema_violation", spoil.add_key, needs="schema"),
    Fault("drop_lists", "lists have a fifth of their items, with a normal finish_reason", "", spoil.drop_items, needs="schema"),
    Fault("bad_picture", "400: the picture cannot be read", "image_corrupt", spoil.reject_picture, needs="picture"),
    Fault("too_many_pictures", "400: too many pictures", "too_many_images", spoil.reject_number, needs="picture"),
    Fault("usage_missing", "no usage", "", spoil.leave_out_usage),
    Fault("usage_null", "usage is null", "", spoil.null_usage),
    Fault("usage_odd", "usage with texts, negative numbers and nulls", "", spoil.put_odd_usage),
    Fault("wrong_picture", "the answer for the picture of an earlier question with the same beginning", "", spoil.swap_picture, needs="picture", anew=True, ends_run=True),
    Fault("wrong_key", "401: the key is wrong", "", spoil.reject_key, ends_run=True),
    Fault("unknown_model", "404: no such model", "", spoil.reject_model, ends_run=True),
)
# fmt: on
FAULTS = {row.name: row for row in ROWS}
ALL = "all"
"""Stands for every fault that ends no run."""


def check_shares(shares: Mapping[str, float]) -> None:
    """Raise UnknownName or DataError for faults that there are not and shares that cannot be."""
    for name, share in shares.items():
        if name != ALL and name not in FAULTS:
            raise unknown("fault", name, [*FAULTS, ALL], "skulens chat-stub --faults")
        if not 0 <= share <= 1:
            raise DataError(f"fault {name} has the share {share}, expected 0 to 1")
    if sum(shares.values()) > 1 + 1e-9:
        raise DataError(
            f"the shares of all faults sum to {sum(shares.values()):.3g}, expected at most 1"
        )


class Chooser:
    """Which fault a question meets."""

    def __init__(self, shares: Mapping[str, float]):
        self.tables = {
            (schema, picture): cumulate(shares, schema, picture)
            for schema, picture in itertools.product((False, True), repeat=2)
        }

    def choose(self, question: Question, attempt: int) -> Fault | None:
        """The fault that an attempt at a question meets; None for most."""
        table = self.tables[question.schema is not None, bool(question.pictures)]
        if not table:
            return None
        fault = find(table, question.content)
        if fault is None or fault.anew:
            fault = find(table, sha256(b"%d" % attempt + question.content).digest())
            return fault if fault is not None and fault.anew else None
        spoiled = 1 + (question.content[7] & 1) if fault.transient else attempt
        return fault if attempt <= spoiled else None


def find(table: Sequence[tuple[float, Fault]], digest: bytes) -> Fault | None:
    at = int.from_bytes(digest[:6], "big") / 2**48
    return next((fault for end, fault in table if at < end), None)


def cumulate(
    shares: Mapping[str, float], schema: bool, picture: bool
) -> Sequence[tuple[float, Fault]]:
    """(end of its interval of [0, 1), fault) for questions with or without schema and picture."""
    met = {"": True, "schema": schema, "picture": picture}
    own = {name: share for name, share in shares.items() if name != ALL}
    each = dict.fromkeys(own, 0.0) | {n: s for n, s in own.items() if met[FAULTS[n].needs]}
    if shares.get(ALL):
        spread = [f.name for f in ROWS if not f.ends_run and f.name not in own and met[f.needs]]
        each |= dict.fromkeys(spread, shares[ALL] / max(1, len(spread)))
    table, end = [], 0.0
    for name in (n for n in FAULTS if each.get(n)):
        end += each[name]
        table.append((end, FAULTS[name]))
    return table
