"""What makes a query acceptable: MERIT's rules as published, and ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Rules of a composition; part of a dataset's provenance."""

    name: str
    samplers: tuple[str, ...]
    """Methods and, by order, which is asked first."""
    constraints: tuple[str, ...]
    """Of `constraints.CONSTRAINTS`, in this order."""
    most_share: float = 0.05
    """Answers as a share of the pool, exclusive."""
    most_answers: int = 0
    """Answers of a query; 0: no limit beside the share."""
    name_class: bool = True
    """The instruction names the class, which is then a condition with the key "class"."""
    near: int = 10
    """Verified hard negatives listed for each query."""


SOUND = Profile(
    name="sound",
    samplers=("target-first",),
    constraints=(
        "distinct-references",
        "distinct-keys",
        "references-pictured",
        "no-reference-satisfies-another",
    ),
)
PROFILES = {p.name: p for p in (SOUND,)}
