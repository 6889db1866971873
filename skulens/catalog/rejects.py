"""Rejects for a reader: grouped by what is wrong, with a count and one example of each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from skulens.records import Reject

OWN = re.compile(r"'[^']*'|\"[^\"]*\"|[\d.,]*\d|\S*/\S*")
"""What differs between rejects of one kind: quoted values, numbers, paths."""


@dataclass(frozen=True, slots=True)
class RejectGroup:
    """Rejects of one kind."""

    count: int
    example: Reject
    """The first of them."""

    def says(self) -> str:
        """ "17 x no such file: row 3 (p6)"; without a count for one."""
        times = f"{self.count:,} x " if self.count > 1 else ""
        of = ", such as " if self.count > 1 else ": "
        return f"{times}{self.example.reason}{of}{place_of(self.example)}"


def group_rejects(rejects: Iterable[Reject]) -> list[RejectGroup]:
    """The kinds of rejects, the most frequent first."""
    kinds: dict[tuple[str, str], list[Reject]] = {}
    for reject in rejects:
        key = OWN.sub("…", reject.reason), OWN.sub("…", reject.todo)
        kinds.setdefault(key, []).append(reject)
    return sorted((RejectGroup(len(g), g[0]) for g in kinds.values()), key=lambda g: -g.count)


def place_of(reject: Reject) -> str:
    """Where it stands: "own.csv:3 (p6)"; without brackets where it has no name."""
    return f"{reject.source} ({reject.item})" if reject.item else reject.source


def list_rejects(rejects: Iterable[Reject], most: int = 5) -> list[str]:
    """Lines for a terminal: each kind, and what to do on a line of its own."""
    groups, lines = group_rejects(rejects), []
    for group in groups[:most]:
        lines.append(f"  {group.says()}")
        if group.example.todo:
            lines.append(f"    -> {group.example.todo}")
    if len(groups) > most:
        lines.append(f"  and {len(groups) - most} more kinds")
    return lines
