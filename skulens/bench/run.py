"""Systems x suites: open what was asked for, measure it, collect failures.

measured = run_suite("mpr", "photos.csv", ["mini"], {"gallery": "text"})
"""

import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from skulens.bench.result import Result
from skulens.bench.task import Tools
from skulens.bench.trust import remember_trust
from skulens.encode import open_encoder
from skulens.errors import DataError, SkulensError, UnknownName, nearest, unknown
from skulens.protocols import Catalog, Numerics
from skulens.records import SystemInfo, chunks
from skulens.registry import resolve, rows
from skulens.search.fuse import RankFusion

SYSTEMS = ("encoder", "retriever", "reader")
"""Kinds of the registry that a suite can measure."""


@dataclass
class Measured:
    """What came of a run."""

    results: list[Result] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    """{"encoder": name, "error": why}: systems that could not be opened or do not fit the suite."""


@dataclass(frozen=True)
class Opening:
    """How systems are opened."""

    numerics: Numerics = Numerics()
    device: str = "auto"
    together: int = 4
    """Systems in memory at once; they share the decoding of each picture."""


def run_suite(
    suite: str,
    catalog: Catalog,
    systems: Sequence[Any],
    settings: Mapping[str, object],
    *,
    data: str = "",
    tools: Tools = Tools(),
    opening: Opening = Opening(),
    keep: Callable[[Result], object] | None = None,
    reader: Mapping[str, object] | None = None,
) -> Measured:
    """Measure systems on a suite. One that cannot be opened is named, and the others go on.

    Args:
        systems: names, or systems that are open.
        settings: fields of the suite's Settings.
        data: what results call the catalogue.
        reader: options with which the catalogue was opened, remembered with the results; that
            pictures outside may be read is remembered by this machine instead.
        keep: called with each result as soon as it is there, so that an interrupted run loses
            only those that it was measuring.
    Raises:
        SkulensError: what the only system asked for raised; a setting the suite does not have.
    """
    kind, measured = resolve("suite", suite), Measured()
    reader = remember_trust(data, reader or {})
    chosen = each_setting(make_settings(kind.Settings, settings))
    tasks = [kind(catalog, one, name=data, tools=tools) for one in chosen]
    check_dtype(tasks, opening.numerics)
    if getattr(chosen[0], "unseen", False):
        infos = describe_systems(systems, opening, tools)
        for task in tasks:
            task.ask_unseen(infos)
    for group in chunks(list(dict.fromkeys(systems)), opening.together):
        for task in tasks:
            ready = open_systems(task, group, opening, tools, measured, alone=len(systems) == 1)
            for result in task.run(ready):
                if reader:
                    result = replace(result, provenance={"reader": reader})
                measured.results.append(result)
                if keep is not None:
                    keep(result)
    return measured


def describe_systems(names: Sequence[str], opening: Opening, tools: Tools) -> list[SystemInfo]:
    """What is known of those systems that open; the others are named when their turn comes."""
    found = []
    for name in dict.fromkeys(names):
        with contextlib.suppress(SkulensError):
            found.append(open_system(name, opening.numerics, opening.device, tools).info)
    return found


def check_dtype(tasks: Sequence[Any], asked: Numerics) -> None:
    """Raise DataError for a dtype that no task would compute in, because each brings its own."""
    own = [getattr(task, "numerics", None) or asked for task in tasks]
    if asked.dtype == "auto" or any(n.dtype == asked.dtype for n in own):
        return
    raise DataError(
        f"this mode computes in {own[0].dtype}, as the script that it follows; got dtype "
        f"{asked.dtype}: leave --dtype out, or take --mode sound"
    )


def open_systems(
    task: Any,
    names: Sequence[Any],
    opening: Opening,
    tools: Tools,
    measured: Measured,
    *,
    alone: bool,
) -> list:
    """The systems that open and fit the suite; the others go to `measured.failed`."""
    ready = []
    numerics = getattr(task, "numerics", None) or opening.numerics
    for name in names:
        try:
            if isinstance(name, str):
                system = open_system(name, numerics, opening.device, tools)
            else:
                system = check_open(name, task)
            task.check(system)
            ready.append(system)
        except SkulensError as e:
            if alone:
                raise
            said = name if isinstance(name, str) else getattr(name, "name", repr(name))
            measured.failed.append({"encoder": said, "error": str(e)})
    return ready


def check_open(system: Any, task: Any) -> Any:
    """A system that is open already. Raises DataError where the task brings a precision of its own,
    or for what is no system."""
    if not hasattr(system, "info"):
        raise DataError(f"got {type(system).__name__}, expected a system or the name of one")
    if getattr(task, "numerics", None):
        raise DataError(
            f"this mode opens encoders itself, in its own precision: give {system.info.name} by its "
            "name"
        )
    return system


def open_system(name: str, numerics: Numerics, device: str, tools: Tools) -> Any:
    """A system of any kind by name: "mini", "open_clip:ViT-B-32/openai", "seller" ...

    Names joined by "+" are one system, their rankings fused: "ocr+mini".

    Raises:
        UnknownName: no kind knows it; names the nearest.
    """
    names = split_names(name)
    if len(names) > 1:
        return RankFusion([open_system(n, numerics, device, tools) for n in names], name)
    head, _, argument = name.partition(":")
    for kind in SYSTEMS[1:]:
        if head in rows(kind):
            if (needs := rows(kind)[head].needs) and not argument:
                raise DataError(
                    f"{kind} {head!r} needs what stands after the colon: {head}:{needs}"
                )
            system = open_registered(resolve(kind, head), argument, tools)
            if argument:
                system.name = name  # as typed: "labels:rapidocr" is not "labels"
            return system
    try:
        return open_encoder(name, numerics=numerics, device=device, memo=tools.memo)
    except UnknownName:
        others = {n: kind for kind in SYSTEMS[1:] for n in rows(kind)}
        if near := nearest(head, list(others), 1):
            raise unknown("system", name, others, f"skulens list {others[near[0]]}s") from None
        raise


def split_names(name: str) -> list[str]:
    """The names in a fusion's name; one that is a file or folder with "+" in its name stays whole."""
    argument = name.partition(":")[2] or name
    return [name] if Path(argument).exists() else name.split("+")


def open_registered(kind: Callable, argument: str, tools: Tools) -> Any:
    """A retriever or reader with its argument, and those of the run's tools that it takes."""
    offered = {"cache": tools.cache, "memo": tools.memo, "progress": tools.batching.progress}
    taken = inspect.signature(kind).parameters
    more = {name: tool for name, tool in offered.items() if name in taken}
    return kind(argument, **more) if argument else kind(**more)


def make_settings(kind: type, given: Mapping[str, object]) -> Any:
    """The Settings of a suite from option values.

    Raises:
        UnknownName: a setting that it does not have; names the nearest.
        DataError: a value out of the choices.
    """
    known = {f.name: f for f in fields(kind)}
    for name in given:
        if name not in known:
            raise unknown("setting", name, known, "the suite's help")
    missing = [n for n, f in known.items() if n not in given and _required(f)]
    if missing:
        raise DataError(f"this suite needs {', '.join(missing)}")
    for name, value in given.items():
        choices = getattr(kind.__annotations__.get(name), "__args__", ())
        if choices and all(isinstance(c, str) for c in choices) and value not in choices:
            raise DataError(f"unknown {name} {value!r}, expected one of {', '.join(choices)}")
    if "limit" in known and int(str(given.get("limit", 0))) < 0:
        raise DataError(f"limit counts queries from the first; got {given['limit']}, 0 is all")
    return kind(**given)


def _required(setting: Any) -> bool:
    return setting.default is MISSING and setting.default_factory is MISSING


def each_setting(settings: Any) -> Sequence[Any]:
    """The settings of single runs, where one value asks for several (`--mode both`)."""
    return settings.each() if hasattr(settings, "each") else (settings,)
