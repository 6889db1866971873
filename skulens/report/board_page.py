"""A leaderboard -> the same page and figures as a result store's."""

from collections.abc import Sequence
from pathlib import Path

from skulens.analysis.boards import Board
from skulens.evaluate.compare import Ranking
from skulens.report.figures import write_figures
from skulens.report.page import render
from skulens.report.views import view_of_board


def write_board_page(
    board: Board,
    out: Path,
    ranking: Ranking | None = None,
    *,
    title: str = "",
    origin: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write a board as one self-contained HTML page.

    Args:
        ranking: `rank_models` by hit_rate@1 of the entries with hits per SKU (`Board.known`), in their
            order; made here where it is not given, which takes seconds.
        title: heading of the page.
        origin: more rows for "where the numbers come from", (words, value).
    Returns:
        `out`.
    """
    rejects = [("left out", f"{r.item}: {r.reason}") for r in board.rejects]
    return render(
        [view_of_board(board, ranking)],
        out,
        title or f"Leaderboard: {board.name}",
        origin=[*origin, *rejects],
    )


def write_board_figures(
    board: Board, out: Path, kind: str = "svg", ranking: Ranking | None = None
) -> list[Path]:
    """Write a board's figures into the folder `out`, as "svg" or "png"."""
    return write_figures([view_of_board(board, ranking)], out, kind)
