"""Hits of a search in a terminal: a head line for each, what is known of it below."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from skulens.report.console import console
from skulens.report.names import count
from skulens.report.why import (
    describe_answer,
    describe_facet,
    explain_hit,
    write_price,
)
from skulens.search.answers import Answer, Hit
from skulens.search.notebook import cut, format_value, short_name

WIDEST = 110
"""Characters of a line, however wide the terminal is."""
NOTE = 500
"""Characters of a note."""
SCORE = 7
"""Characters of a score."""


def print_answer(
    answer: Answer, fields: Sequence[str], why: bool, empty: str = "", page: Path | None = None
) -> None:
    """Print hits, notes and facets, then what there is further.

    Args:
        fields: of the store, to print with each hit.
        why: whether to say why each was found.
        empty: why there are no hits, where there are none.
        page: where the page of hits is.
    """
    out = console()
    out.width = min(out.width, WIDEST)
    ranks = len(str(answer.hits[-1].rank)) if answer.hits else 0
    for hit in answer.hits:
        out.print(head_of(hit, ranks))
        below = Padding(tell(hit, answer, fields, why), (0, 0, 0, ranks + SCORE + 4), expand=False)
        out.print(below)
    if not answer.hits:
        out.print(Text(empty, "bold"))
    for note in answer.notes:
        out.print(Text(f"note: {cut(note.sentence, NOTE)}", "dim"))
    for field, values in answer.facets.items():
        out.print(Text.assemble((f"{cut(short_name(field))}: ", "bold"), describe_facet(values)))
    print_end(out, answer, why, page)


def head_of(hit: Hit, ranks: int) -> Table:
    """One line: place, score, title, price."""
    line = Table.grid(padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    line.add_column(justify="right", width=ranks)
    line.add_column(justify="right", width=SCORE)
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True)
    title = cut(str(hit.fields.get("title") or "untitled"), WIDEST)
    line.add_row(
        Text(str(hit.rank), "bold"),
        Text(write_score(hit.score), "dim"),
        Text(title, "bold"),
        Text(write_price(hit.fields), "green"),
    )
    return line


def write_score(score: float) -> str:
    """Four decimals, fewer of large numbers."""
    return f"{score:.4f}" if abs(score) < 100 else f"{score:.{SCORE - 2}g}"


def tell(hit: Hit, answer: Answer, fields: Sequence[str], why: bool) -> Text:
    """Id, chosen fields and reasons, a line each."""
    told = Text(cut(hit.id, WIDEST), "cyan")
    known = [(cut(short_name(name)), format_value(hit.fields.get(name))) for name in fields]
    shown = " · ".join(f"{name}: {value}" for name, value in known if value)
    if shown:
        told.append(f"  {shown}", "default")
    for reason in explain_hit(hit, answer) if why else ():
        told.append(f"\n{reason}", "dim default")
    return told


def print_end(out: Console, answer: Answer, why: bool, page: Path | None) -> None:
    """What was found, and what to type next or where the page is."""
    if answer.hits:
        out.print(Text(describe_answer(answer)))
    if page is not None:
        said = f"{page}: {count(len(answer.hits), 'hit')} with pictures; open it in a browser"
        out.print(Text(said), soft_wrap=True)
        return
    more = answer.request.offset + len(answer.hits)
    further = [] if why or not answer.hits else ["--why says why"]
    further += [f"--offset {more} shows more"] if answer.hits and more < answer.candidates else []
    further += ["--html FILE shows pictures"] if answer.hits else []
    said = ", ".join(further) or "skulens index info STORE lists what can be searched"
    out.print(Text(f"next: {said}", "dim"))
