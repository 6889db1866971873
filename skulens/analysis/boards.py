"""Leaderboards: published results, results measured here and tables of others, side by side.

Entries of one board answered the same units (queries, claims), so their sums per group can be
compared with each other. Entries measured on anything else may stand beside them, but
`Entry.data` says so and they take no part in a test: numbers of different photos or different
galleries do not compare.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from skulens.analysis.labels import distinguish
from skulens.bench.result import Result
from skulens.bench.store import stored_results
from skulens.encode.zoo.rows import ZooRow, find_row
from skulens.encode.zoo.warnings import SERIOUS
from skulens.errors import DataError, unknown
from skulens.evaluate.metric import GROUP, find_metric
from skulens.evaluate.panel import Panel
from skulens.evaluate.scores import Measure
from skulens.records import Reject, Warning_
from skulens.registry import resolve
from skulens.registry import rows as registered

PUBLISHED, HERE = "published", "here"
TOLD = ("activation-doubtful", "short-context")
"""Notes that a leaderboard tells beside serious warnings."""


@dataclass(frozen=True)
class Entry:
    """One line of a leaderboard: a result, and what is known of its system beside it."""

    result: Result
    name: str
    """As the registry writes it ("open_clip:ViT-B-32/openai") where it knows the system, with what
    tells it from other variants of the same."""
    source: str
    """"published", "here" (a result store), or the name of a file."""
    data: str = ""
    """What it was measured on."""
    family: str = ""
    params: int | None = None
    licence: str | None = None
    commercial: str = "unknown"
    """Whether the licence allows commercial use: yes, no or unknown."""
    warnings: tuple[Warning_, ...] = ()
    latency_ms: float | None = None
    """Median of one probe, only where it was measured on this machine's kind (see `machine`)."""
    memory_mb: float | None = None
    """Peak resident memory of an encoder in a process of its own, 10^6 bytes; None where it was
    measured beside other work (`Result.has_shared_memory`)."""
    machine: str | None = None

    @property
    def folder(self) -> str | None:
        """Of the stored result, where there is one."""
        return str(self.result.folder) if self.result.folder else None

    @property
    def metrics(self) -> dict[str, float | None]:
        """Metric -> value; None: unknown."""
        return {n: None if np.isnan(i.value) else i.value for n, i in self.result.metrics.items()}

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups whose sums are known."""
        return self.result.sums.groups if self.result.sums is not None else ()

    def has_sums(self, metric: str) -> bool:
        """Whether sums by group of a metric are known; of one that is derived they say nothing."""
        sums, declared = self.result.sums, find_metric(metric)
        return sums is not None and declared.derive is None and declared.plain in sums.metrics


@dataclass(frozen=True)
class Board:
    """Entries, and the groups (SKUs) on which those of the board's own data were measured."""

    name: str
    entries: tuple[Entry, ...]
    groups: tuple[str, ...] = ()
    data: str = ""
    """What the entries with sums were measured on."""
    rejects: tuple[Reject, ...] = ()
    """Rows that could not be used."""
    task: str = ""
    """What was asked of what; boards of different tasks never mix."""
    asked: str = ""
    """Fingerprint of queries, gallery and judgements, where it is known."""

    @property
    def suite(self) -> str:
        return self.entries[0].result.suite if self.entries else ""

    @cached_property
    def sizes(self) -> np.ndarray:
        """(groups,) units of each group, such as photos of each SKU; empty where unknown."""
        for entry in self.entries:
            sums = entry.result.sums
            if (
                entry.data == self.data
                and sums is not None
                and set(sums.groups) == set(self.groups)
            ):
                return sums.by_group(self.groups).size.astype(np.int64)
        return np.zeros(0, np.int64)

    def has(self, metric: str) -> bool:
        """Whether any entry has a value of a metric."""
        return any(e.metrics.get(metric) is not None for e in self.entries)

    def known(self, metric: str) -> np.ndarray:
        """(entries,) bool: those of the board's data whose sums by group are known, for tests."""
        same = self.same_data()
        own = set(self.groups)
        return np.array(
            [
                bool(own) and bool(s) and e.has_sums(metric) and set(e.groups) == own
                for e, s in zip(self.entries, same, strict=True)
            ],
            bool,
        )

    def same_data(self) -> np.ndarray:
        """(entries,) bool: entries measured on the board's own units, sums known or not."""
        return np.array([e.data == self.data for e in self.entries], bool)

    def panel(self, metric: str, which: Sequence[int] | np.ndarray) -> Panel:
        """The entries at `which`, ready for tests. Raises DataError where sums are unknown."""
        picked = [self.entries[i].result for i in which]
        missing = [
            self.entries[i].name for i, r in zip(which, picked, strict=True) if r.sums is None
        ]
        if missing:
            raise DataError(f"{', '.join(missing)}: no sums by group")
        return Panel(tuple(measure_of(r, metric, self.groups) for r in picked))

    def sums(self, metric: str) -> np.ndarray:
        """(groups, entries) sums of a metric; a NaN column where they are unknown."""
        found = np.full((len(self.groups), len(self.entries)), np.nan)
        for at in np.flatnonzero(self.known(metric)):
            measure = measure_of(self.entries[at].result, find_metric(metric).plain, self.groups)
            found[:, at] = measure.top[:, 0]
        return found


def measure_of(result: Result, metric: str, groups: Sequence[str]) -> Measure:
    """A metric's sums in the order of `groups`; from single units if it is a mean over a slice."""
    by_group = find_metric(metric).over in ("", GROUP)
    scores = result.sums if by_group and result.sums is not None else result.scores
    return scores.measure(metric, groups)


def open_boards(what: str) -> list[Board]:
    """The boards behind a name ("openmpr"), a published table, or a folder of stored results.

    Raises:
        UnknownName, MissingFile: nothing of that name, nothing at that path.
        StoreError, DataError: nothing in it that can be used.
    """
    path = Path(what)
    if what in registered("board"):
        return [published_board(what)]
    formats = [resolve("board", name) for name in registered("board")]
    if path.is_dir() and not any(f.holds(path) for f in formats):
        return store_boards(stored_results(path))
    if not path.exists() and not path.suffix and "/" not in what:
        raise unknown("leaderboard", what, registered("board"), "skulens leaderboard --help")
    return [read_board(path)]


def published_board(name: str, root: str | Path | None = None) -> Board:
    """A registered leaderboard, such as the 190 published results of OpenMPR.

    Args:
        root: the folder of its files; None finds or fetches it.
    """
    return board_of(resolve("board", name).published(root), PUBLISHED)


def read_board(path: str | Path) -> Board:
    """A board from a table in the format of a published one.

    Raises:
        MissingFile: no such file.
        DataError: it is not in that format, columns missing, or no row that can be used.
    """
    path = Path(path)
    formats = [resolve("board", name) for name in registered("board")]
    chosen = next((f for f in formats if f.holds(path)), formats[0])
    return board_of(chosen.read(path), path.name)


@dataclass(frozen=True)
class Published:
    """What a reader of published results hands over."""

    name: str
    data: str
    task: str
    results: tuple[Result, ...]
    groups: tuple[str, ...]
    rows: tuple[ZooRow | None, ...]
    """What the registry knows of each result's encoder."""
    rejects: tuple[Reject, ...]


def board_of(published: Published, source: str) -> Board:
    """A board of published results."""
    entries = tuple(
        add_known(Entry(r, r.name, source, published.data, r.system.family, r.system.params), row)
        for r, row in zip(published.results, published.rows, strict=True)
    )
    return Board(
        published.name,
        entries,
        published.groups,
        published.data,
        published.rejects,
        published.task,
    )


def describe_task(gallery: str, texts: Sequence[str], n_gallery: int) -> str:
    """photo -> text (caption) of 409 SKUs"""
    roles = f" ({', '.join(texts)})" if gallery != "image" else ""
    return f"photo -> {gallery}{roles} of {n_gallery} SKUs"


def add_known(entry: Entry, known: ZooRow | None) -> Entry:
    """The entry with family, licence and warnings of the registry's row."""
    if known is None:
        return entry
    return replace(
        entry,
        family=known.family,
        params=entry.params or known.params,
        licence=known.licence,
        commercial=known.commercial,
        warnings=tuple(w for w in known.warnings if w.code in (*SERIOUS, *TOLD)),
    )


def store_boards(results: Iterable[Result], across: bool = False) -> list[Board]:
    """Boards of stored results, one per suite and set of units: their entries answered the same.

    Of one system measured again under the same settings, the latest result stands.

    Args:
        across: results that share their queries stand on one board whatever their gallery.
    """
    groups: dict[tuple, dict[tuple, Result]] = {}
    for result in results:
        same: tuple = (result.suite, result.data.fingerprint, result.variant.get("gallery", ""))
        if across and result.data.queries:
            same = (result.suite, result.data.queries)
        settings = json.dumps(dict(result.settings), sort_keys=True)
        which = (result.name, settings, getattr(result.system, "dtype", ""))
        groups.setdefault(same, {}).pop(which, None)
        groups[same][which] = result
    return [store_board(list(group.values())) for group in groups.values()]


def store_board(results: Sequence[Result]) -> Board:
    """The board of results of the same units."""
    first, data = results[0], describe_data(results)
    rejects: list[Reject] = []
    groups = _present_groups(results)
    sizes = None
    for result in results:
        mine, why = _sizes_in(result, groups), ""
        if mine is None:
            why = "no values per unit (per_query.parquet)"
        elif sizes is None:
            sizes = mine
        elif not np.array_equal(mine, sizes):
            units, things = unit_words(first)
            why = (
                f"{int((mine > 0).sum())} {things} and {int(mine.sum())} {units} where the others "
                f"have {int((sizes > 0).sum())} and {int(sizes.sum())}"
            )
        if why:
            todo = "it stands without intervals; measure it again"
            rejects.append(Reject(str(result.folder or ""), result.name, why, todo))
    entries = tuple(
        replace(stored_entry(r), name=name, data=data)
        for r, name in zip(results, distinguish(results), strict=True)
    )
    gallery, texts = first.variant.get("gallery", ""), _words(first.settings.get("texts"))
    task = describe_task(gallery, texts, first.counts.get("gallery", 0)) if gallery else first.suite
    name = f"{first.suite}: {data}"
    return Board(name, entries, groups, data, tuple(rejects), task, first.data.fingerprint)


def _words(setting: object) -> tuple[str, ...]:
    return tuple(map(str, setting)) if isinstance(setting, list | tuple) else ()


def _present_groups(results: Sequence[Result]) -> tuple[str, ...]:
    """Groups of the first result with sums that say anything in any result of as many groups."""
    sums = [r.sums for r in results if r.sums is not None]
    if not sums:
        return ()
    present: set[str] = set()
    for s in sums:
        if set(s.groups) == set(sums[0].groups):
            present |= {g for g, known in zip(s.groups, s.known, strict=True) if known}
    return tuple(sorted(present))


def _sizes_in(result: Result, groups: tuple[str, ...]) -> np.ndarray | None:
    """(groups + 1,) units of each group, then those of any other group that says something."""
    if result.sums is None:
        return None
    held = dict(zip(result.sums.groups, result.sums.size, strict=True))
    said = {g for g, known in zip(result.sums.groups, result.sums.known, strict=True) if known}
    other = sum(held[g] for g in said - set(groups))
    return np.array([*(held.get(g, 0) for g in groups), other])


def describe_data(results: Sequence[Result]) -> str:
    """shop -> text of 300 SKUs, 276 probes of 60"""
    first = results[0]
    units, things = unit_words(first)
    n, of = first.counts.get("units", 0), first.counts.get("groups", 0)
    galleries = dict.fromkeys(r.variant.get("gallery", "") for r in results)
    if not any(galleries):
        return f"{first.data.short}, {n:,} {units} of {of} {things}"
    skus = f"{first.counts.get('gallery', 0)} SKUs"
    skus += "".join(f", {k} {v}" for k, v in first.variant.items() if _is_shared(k, results))
    asked = f"{n:,} {units} of {of}" + ("" if things == "SKUs" else f" {things}")
    return f"{first.data.short} -> {' or '.join(galleries)} of {skus}, {asked}"


def _is_shared(key: str, results: Sequence[Result]) -> bool:
    """Whether a part of the variant beside the gallery is the same in all results."""
    return key != "gallery" and len({r.variant.get(key) for r in results}) == 1


def unit_words(result: Result) -> tuple[str, str]:
    """What a suite calls its units and groups: ("probes", "SKUs")."""
    if result.suite in registered("suite"):
        suite = resolve("suite", result.suite)
        return suite.units, suite.groups
    return "units", "groups"


def stored_entry(result: Result) -> Entry:
    """An entry from a stored result."""
    family, _, pair = result.name.partition(":")
    arch, slash, tag = pair.rpartition("/")
    known = find_row(arch, tag) if family == "open_clip" and slash else None
    licence = result.system.licence
    machine = result.machine
    entry = Entry(
        result=result,
        name=result.name,
        source=HERE,
        family=result.system.family,
        params=result.system.params,
        licence=None if licence in ("", "unknown") else licence,
        latency_ms=_number(result.cost.get("latency_ms_p50")),
        memory_mb=None if result.has_shared_memory else _number(result.cost.get("peak_memory_mb")),
        machine=f"{machine['cpu']}, {machine['cores']} cores" if machine else None,
    )
    return add_known(entry, known)


def _number(x: object) -> float | None:
    return float(x) if isinstance(x, int | float) else None
