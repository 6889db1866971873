"""Many encoders, one after the other: each is stored when it is done, and a failed one stops none.

A second start measures only what is not stored. An encoder counts as stored where every gallery
that any encoder was measured against (same suite, data name and settings) has a result of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from skulens.bench.result import Result
from skulens.bench.run import Measured, each_setting, make_settings
from skulens.bench.store import ResultStore
from skulens.encode.gallery import AUTO
from skulens.errors import SkulensError
from skulens.registry import resolve, rows

KIND = "collection"


def expand(names: Iterable[str]) -> list[str]:
    """Names with those of collections in place of a collection's own, each once."""
    known = rows(KIND)
    every = (resolve(KIND, n).names() if n in known else (n,) for n in names)
    return list(dict.fromkeys(name for some in every for name in some))


def is_collection(name: str) -> bool:
    return name in rows(KIND)


def known_sizes(names: Iterable[str], data: str) -> tuple[int, int] | None:
    """(photos, texts) of a dataset that a collection knows without having it."""
    for name in names:
        if is_collection(name) and data in resolve(KIND, name).sizes:
            return resolve(KIND, name).sizes[data]
    return None


def stored_names(
    results: Sequence[Result], suite: str, data: str, settings: Mapping[str, object]
) -> set[str]:
    """Systems whose results under these settings are all stored."""
    modes = each_setting(make_settings(resolve("suite", suite).Settings, settings))
    found: dict[str, set[tuple[int, str]]] = {}
    for number, chosen in enumerate(modes):
        asked = {k: plain(v) for k, v in asdict(chosen).items()}
        usual = {f.name: f.default for f in fields(chosen)}  # of results older than a setting
        for r in results:
            if r.suite != suite or r.data.name != data:
                continue
            if all(
                plain(r.settings.get(k, usual[k])) == v
                for k, v in asked.items()
                if not worked_out(r, k, v)
            ):
                found.setdefault(r.name, set()).add((number, r.variant.get("gallery", "")))
    every = set().union(*found.values())
    complete = {number for number, _ in every} == set(range(len(modes)))
    return {name for name, mine in found.items() if complete and mine == every}


def worked_out(result: Result, name: str, value: object) -> bool:
    """Whether a setting was left to the suite, so that a result says what it was.

    Of `shots` the variant says where it was not.
    """
    if name == "shots" and value == AUTO:
        return name not in result.variant
    return name == "texts" and not value


def plain(value: object) -> object:
    """As JSON has it: tuples are lists."""
    return list(value) if isinstance(value, tuple) else value


@dataclass
class Swept:
    """What came of it; the results themselves are in the store, not in memory."""

    records: list[dict] = field(default_factory=list)
    """`Result.record()` of each with its folder."""
    failed: list[dict[str, str]] = field(default_factory=list)
    differing: list[Path] = field(default_factory=list)
    """Folders of results whose numbers differ from those stored before for the same inputs."""


def sweep(
    names: Sequence[str],
    measure: Callable[[str], Measured],
    folder: Path,
    done: Callable[[str, str], object] = lambda name, error: None,
) -> Swept:
    """Measure systems one by one and store what each gives before the next one starts.

    Args:
        measure: one system; whatever it raises is that system's failure.
        done: called after each with its error, "" if there is none.
    """
    swept, store = Swept(), ResultStore(folder)
    for name in names:
        try:
            measured = measure(name)
        except SkulensError as e:
            measured = Measured(failed=[{"encoder": name, "error": str(e)}])
        except Exception as e:  # weights of others may fail in any way; the rest must still run
            why = f"{type(e).__name__}: {e}"
            measured = Measured(failed=[{"encoder": name, "error": why}])
        for result in measured.results:
            place, status = store.add(result)
            swept.records.append(result.record() | {"folder": str(place)})
            swept.differing += [place] if status == "differs" else []
        swept.failed += measured.failed
        done(name, measured.failed[0]["error"] if measured.failed else "")
    return swept
