"""How many accepted queries of which kind: what a composition is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skulens.errors import DataError

CONDITIONS = (0, 2, 3, 4)
"""Of a quota; 0: as many as the sampler draws."""
EXAMPLE = "2=1000,3=500/language=th,4=100/language=en/class=chair"


@dataclass(frozen=True)
class Quota:
    """So many accepted queries of a number of conditions, of a language, of a class.

    Attributes:
        conditions: 2 to 4; 0: drawn by the law of MERIT's released code.
        language, kind: of the references, and the class of the answers; None: any.
    """

    count: int
    conditions: int
    language: str | None = None
    kind: str | None = None

    def __post_init__(self):
        if self.conditions not in CONDITIONS or self.count < 0:
            raise DataError(
                f"a quota needs 2 to 4 conditions (0: drawn) and a count from 0 on; got "
                f"{self.conditions} conditions and {self.count} queries"
            )

    def __str__(self) -> str:
        """ "n_conditions=3 language=th class=chair"."""
        parts = {"n_conditions": str(self.conditions), "language": self.language}
        parts["class"] = self.kind
        return " ".join(f"{name}={value}" for name, value in parts.items() if value is not None)


def read_quotas(text: str) -> tuple[Quota, ...]:
    """ "2=1000,3=500/language=th" -> quotas.

    Raises:
        DataError: anything else; says what was expected.
    """
    return tuple(read_quota(part) for part in text.split(","))


def read_quota(text: str) -> Quota:
    head, *slices = (part.strip() for part in text.split("/"))
    conditions, _, count = (word.strip() for word in head.partition("="))
    named = [part.partition("=")[::2] for part in slices]
    good = conditions.isdecimal() and count.isdecimal() and len(dict(named)) == len(named)
    if not good or not all(name in ("language", "class") and value for name, value in named):
        raise DataError(
            f"expected CONDITIONS=QUERIES with /language=NAME or /class=NAME behind, such as "
            f"{EXAMPLE}; got {text!r}"
        )
    wanted = dict(named)
    return Quota(int(count), int(conditions), wanted.get("language"), wanted.get("class"))


def as_quotas(wanted: "Mapping[int, int] | Sequence[Quota]") -> tuple[Quota, ...]:
    """Quotas from conditions -> queries, or as they are.

    Raises:
        DataError: two quotas of the same name, or one of drawn conditions beside others.
    """
    if isinstance(wanted, Mapping):
        wanted = [Quota(count, conditions) for conditions, count in wanted.items()]
    names = [str(quota) for quota in wanted]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DataError(f"two quotas of {twice}; add their counts up")
    if len({bool(quota.conditions) for quota in wanted}) > 1:
        raise DataError("quotas of 0 conditions, which are drawn, stand beside no others; got both")
    return tuple(wanted)
