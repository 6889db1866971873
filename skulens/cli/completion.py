"""What the shell completes: names of encoders, data, boards and stored results.

Types of arguments and options; to a command they are plain text.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from skulens.bench.result import Result


class Text(click.types.StringParamType):
    """Text of which some values are known."""

    files = False
    """Whether a file or folder is as good."""

    def words(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        """(word, what it is), of everything that could be typed."""
        raise NotImplementedError

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        found = [
            CompletionItem(word, help=about)
            for word, about in self.words(ctx)
            if word.startswith(incomplete)
        ]
        return found + [CompletionItem(incomplete, type="file")] * self.files


class EncoderName(Text):
    """A row of `skulens list encoders`, a family or an open_clip pair, or a collection."""

    def words(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        from skulens.encode.zoo.rows import list_rows
        from skulens.registry import rows

        for kind in ("encoder", "collection"):
            for name, row in rows(kind).items():
                yield name + ":" * bool(row.needs), row.about
        for r in list_rows():
            yield f"open_clip:{r.arch}/{r.tag}", r.licence


class SystemName(EncoderName):
    """Any system by name: an encoder, a retriever or a reader."""

    def words(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        from skulens.registry import rows

        for kind in ("retriever", "reader"):
            for name, row in rows(kind).items():
                yield name, row.about
        yield from super().words(ctx)


class DataName(Text):
    """A row of `skulens list datasets`, or a file or folder."""

    files = True

    def words(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        from skulens.registry import rows

        return ((name, row.about) for name, row in rows("dataset").items())


class BoardName(Text):
    """A published leaderboard, or a file or folder."""

    files = True

    def words(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        from skulens.registry import rows

        return ((name, row.about) for name, row in rows("board").items())


class ResultName(Text):
    """A word that means stored results: a system, or its address such as mini@image."""

    files = True

    def words(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        from skulens.bench.naming import address

        if board := ctx.params.get("board"):
            return board_words(board)
        stored = stored_in(Path(ctx.params.get("results") or "results"))
        words = [(r.name, r.data.short) for r in stored]
        words += [(address(r, stored), title_of(r)) for r in stored]
        return {word: about for word, about in words if word}.items()


def stored_in(folder: Path) -> "list[Result]":
    """The results of a folder; none where it cannot be read."""
    from skulens.bench.store import ResultStore
    from skulens.errors import SkulensError

    try:
        return ResultStore(folder).results()
    except (SkulensError, OSError):
        return []


def title_of(result: "Result") -> str:
    """own.csv, image"""
    return ", ".join(filter(None, (result.data.short, result.variant.get("gallery", ""))))


def board_words(board: str) -> list[tuple[str, str]]:
    """The systems of a leaderboard; none where it is not on this machine."""
    from skulens.analysis.boards import open_boards
    from skulens.errors import SkulensError

    try:
        return [(e.name, "") for b in open_boards(board) for e in b.entries]
    except (SkulensError, OSError):
        return []


class ResultsFolder(click.Path):
    """A folder of results: those that hold some come first."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from skulens.bench.store import ResultStore

        parent = Path(incomplete if incomplete.endswith("/") else Path(incomplete).parent)
        near = sorted(parent.iterdir()) if parent.is_dir() else []
        held = [p for p in near if p.is_dir() and ResultStore(p).places()]
        found = [CompletionItem(str(p)) for p in held if str(p).startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="dir")]


ENCODER, SYSTEM, DATA, BOARD, RESULT = (
    EncoderName(), SystemName(), DataName(), BoardName(), ResultName(),
)  # fmt: skip
RESULTS = ResultsFolder(path_type=Path)
