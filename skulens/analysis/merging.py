"""Boards of one and the same task made one: which entries answered the same units."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from skulens.analysis.boards import Board, Entry
from skulens.errors import DataError
from skulens.evaluate.metric import find_metric


def merge_same_data(boards: Sequence[Board]) -> list[Board]:
    """The same boards, those on the same units made one; entries that fit no board keep their own.

    The first board with sums takes in every board that asked the same (see `same_units`), and
    those published entries without sums whose rates could be of its photos (see `could_be_of`).
    """
    found: list[Board] = []
    for board in sorted(boards, key=lambda b: not b.groups):
        home = next((i for i, b in enumerate(found) if same_units(b, board)), None)
        if home is not None:
            found[home] = merge(found[home], board)
            continue
        stray = []
        for entry in board.entries if not board.groups else ():
            home = next((i for i, b in enumerate(found) if could_be_of(b, board, entry)), None)
            if home is None:
                stray.append(replace(entry, data=_why_stray(found, board)))
            else:
                found[home] = merge(found[home], replace(board, entries=(entry,), rejects=()))
        if board.groups or stray:
            alone = (
                board if board.groups else replace(board, entries=tuple(stray), data=stray[0].data)
            )
            found.append(alone)
        elif board.rejects:
            found[0] = replace(found[0], rejects=(*found[0].rejects, *board.rejects))
    return found


def _why_stray(found: Sequence[Board], board: Board) -> str:
    """The data of entries without sums that fit no board so far."""
    if board.asked or not found:
        return board.data
    n = int(found[0].sizes.sum())
    return (
        f"{board.data}: rates that are not whole numbers of {n:,} photos, "
        "so rounded or of other photos"
    )


def merge(*boards: Board) -> Board:
    """Boards side by side; the first one's units are the board's.

    An entry of another board takes part where that board asked the same (see `same_units`). One
    without sums is treated as the same data where all its rates are whole numbers of the board's
    photos. All others stay, marked by their `data`.

    Raises:
        DataError: no board at all.
    """
    if not boards:
        raise DataError("nothing to merge: give at least one board")
    first = next((b for b in boards if b.groups), boards[0])
    entries: list[Entry] = []
    for board in boards:
        same = same_units(first, board)
        entries += [
            replace(e, data=first.data) if same or could_be_of(first, board, e) else e
            for e in board.entries
        ]
    rejects = tuple(r for b in boards for r in b.rejects)
    return replace(first, entries=tuple(entries), rejects=rejects)


def same_units(first: Board, other: Board) -> bool:
    """Whether two boards asked the same.

    Equal fingerprints prove it; where one is unknown, the same task, groups and numbers of units
    are treated as such.
    """
    if other is first:
        return True
    if first.task != other.task or (first.asked and other.asked and first.asked != other.asked):
        return False
    if not first.groups or set(other.groups) != set(first.groups):
        return False
    place = {g: i for i, g in enumerate(other.groups)}
    rows = [place[g] for g in first.groups]
    return bool(len(other.sizes)) and np.array_equal(other.sizes[rows], first.sizes)


def could_be_of(first: Board, board: Board, entry: Entry) -> bool:
    """Whether published rates could be of the photos of `first`: each is a whole number of them."""
    if board.groups or board.asked or first.asked or not first.groups:
        return False
    n = first.sizes.sum()
    counted = [v for m, v in entry.metrics.items() if v is not None and _is_count(m)]
    return bool(counted) and all(abs(v * n - round(v * n)) < 1e-4 for v in counted)


def _is_count(metric: str) -> bool:
    """Whether a metric is a number of units over all units."""
    declared = find_metric(metric)
    return declared.whole and not declared.of
