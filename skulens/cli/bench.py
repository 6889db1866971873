"""`skulens bench`: measure systems on a suite. One command per registered suite, its options
made from the fields of the suite's Settings."""

import inspect
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from skulens.cli.completion import DATA, ENCODER, RESULTS, SYSTEM
from skulens.cli.lazy import Group
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data, reader_options
from skulens.cli.progress import note
from skulens.cli.suite_options import ENCODER_OPTIONS, PLAN_OPTIONS, setting_options


class Suites(Group):
    """A command for every registered suite, made when it is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from skulens.registry import rows

        return list(rows("suite"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        """Raises UnknownName with the nearest suites."""
        from skulens.registry import resolve

        return suite_command(name, resolve("suite", name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from skulens.registry import rows

        with formatter.section("Suites"):
            formatter.write_dl([(name, row.about) for name, row in rows("suite").items()])


@click.group(cls=Suites)
def command() -> None:
    """Measure encoders and other systems on a suite, with intervals."""


def suite_command(name: str, suite: Any) -> click.Command:
    """`skulens bench NAME DATA`."""

    def measure(**options) -> None:
        start(name, [f.name for f in fields(suite.Settings)], **options)

    measure.__doc__ = suite.__doc__
    decorators: list[Callable] = [
        click.argument("data", type=DATA),
        click.option(
            "--encoder",
            "-e",
            "encoders",
            type=ENCODER,
            multiple=True,
            help="Encoder name, or that of a collection (`skulens list collections`); may be "
            "repeated.",
        ),
        click.option(
            "--system",
            "-s",
            "systems",
            type=SYSTEM,
            multiple=True,
            help="Any system by name: an encoder, a retriever, a reader; may be repeated.",
        ),
        *setting_options(suite.Settings),
        *ENCODER_OPTIONS,
        *PLAN_OPTIONS,
        click.option(
            "--results",
            type=RESULTS,
            default=Path("results"),
            show_default=True,
            help="Where results are kept.",
        ),
        catalog_options,
        json_option,
    ]
    made: Callable = measure
    for decorate in reversed(decorators):
        made = decorate(made)
    about = inspect.getdoc(suite) or name
    return click.command(name, epilog=DATA_HELP, help=about)(made)


def start(suite: str, names: list[str], *, plan, speeds, **options) -> None:
    """Plan, or measure: a collection of encoders one by one, else all that was named."""
    from skulens.bench.sweep import is_collection

    if plan:
        show_plan(suite, names, speeds=speeds, **options)
    elif any(is_collection(name) for name in options["encoders"]):
        run_collection(suite, names, **options)
    else:
        run(suite, names, **options)


def run(
    suite: str, names: list[str], *, data, encoders, systems, results, as_json, map_, **options
) -> None:
    """Measure, keep, and show."""
    from skulens.bench.run import run_suite
    from skulens.registry import resolve

    settings = {name: options.pop(name) for name in names}
    tools, opening = equip(**options)
    catalog, places = open_data(data, map_), []
    settings = settle_split(catalog, settings)
    asked = (*encoders, *systems) or getattr(resolve("suite", suite), "systems", ("mini",))
    measured = run_suite(
        suite,
        catalog,
        asked,
        settings,
        data=data,
        tools=tools,
        opening=opening,
        keep=lambda result: places.append(keep(result, results)),
        reader=reader_options(map_),
    )
    causes = explain_modes(catalog, measured.results, tools, opening)
    losses = find_losses(measured.results)
    if as_json:
        records = [
            r.record() | {"folder": str(p)} for r, p in zip(measured.results, places, strict=True)
        ]
        said = {"results": records, "failed": measured.failed}
        if causes:
            said["differences"] = [c.as_dict() for c in causes]
        if losses:
            said["losses"] = [loss.as_dict() for loss in losses]
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        show(measured.results, causes, losses)
        report_problems(measured)
        click.echo(
            f"{say_kept(len(measured.results), results)}; a page of them: "
            f"skulens results report --results {results}"
        )
    if measured.failed:
        raise SystemExit(1)


def say_kept(mine: int, folder: Path) -> str:
    """How many results this run made, and how many the folder holds."""
    from skulens.bench.store import ResultStore
    from skulens.report.names import count

    held = len(ResultStore(folder).places())
    more = f", which holds {held:,}" if held > mine else ""
    return f"{count(mine, 'result')} of this run in {folder}{more}"


def settle_split(catalog, settings: dict) -> dict:
    """The settings with a split that the catalogue has; a note says where it is another one."""
    from skulens.bench.ranking import choose_split

    if not settings.get("split"):
        return settings
    split, said = choose_split(catalog.info, settings["split"])
    if said:
        note(said)
    return settings | {"split": split}


def equip(*, dtype, device, batch, threads, together, no_cache, no_cost):
    """(tools, opening) from the options that all suites share."""
    from skulens.bench.run import Opening
    from skulens.bench.task import Tools
    from skulens.encode import open_memo
    from skulens.encode.batching import Batching
    from skulens.files import cache_folder
    from skulens.protocols import Numerics

    tools = Tools(
        cache=None if no_cache else cache_folder(),
        memo=open_memo(),
        batching=Batching(batch=batch, threads=threads),
        time_probes=not no_cost,
    )
    return tools, Opening(Numerics(dtype), device, together)


def keep(result, folder: Path) -> Path:
    """Store a result; where."""
    from skulens.bench.store import ResultStore

    place, status = ResultStore(folder).add(result)
    if status == "differs":
        note(
            "other numbers than measured before for the same inputs; "
            f"kept both, the new ones in {place}"
        )
    return place


def explain_modes(catalog, results, tools, opening) -> list:
    """Why paper mode differs from sound mode, where both were measured."""
    if {"sound", "paper"} - {result.settings.get("mode") for result in results}:
        return []
    from skulens.papers.openmpr.causes import explain, pair_modes

    pairs = pair_modes(results)
    return [explain(catalog, a, b, tools=tools, opening=opening) for a, b in pairs]


def find_losses(results) -> list:
    """What removals cost, where queries were asked with and without something."""
    from skulens.analysis.ranks import headline
    from skulens.bench.necessity import compare_losses

    removed = any("without" in result.variant for result in results)
    return compare_losses(results, headline(results[0])[0]) if removed else []


def show(measured, causes, losses) -> None:
    from skulens.bench.suites.merit import pair_controls
    from skulens.report.merit import print_errors, print_holdouts, print_losses
    from skulens.report.tables import print_causes, print_index, print_results, print_ties

    print_results(measured)
    print_ties(measured)
    print_index(measured)
    print_causes(causes)
    print_errors(measured)
    print_losses(losses)
    print_holdouts(pair_controls(measured))


def report_problems(measured) -> None:
    """Rejects, notes and failures, on stderr."""
    from skulens.catalog.rejects import list_rejects
    from skulens.report.gallery import notes_on_gallery
    from skulens.report.names import count

    rejects = list(dict.fromkeys(reject for r in measured.results for reject in r.rejects))
    if rejects:
        kept = sum(reject.kept for reject in rejects)
        cells = f", of which {count(kept, 'cell')} that products are kept without" if kept else ""
        told = f"{count(len(rejects), 'reject')}{cells} (all of them in result.json):"
        click.echo(told, err=True)
    for line in list_rejects(rejects):
        click.echo(line, err=True)
    for said in notes_on_gallery(measured.results):
        click.echo(said, err=True)
    notes = (f"{r.name}: {w.sentence}" for r in measured.results for w in r.system.warnings)
    for sentence in dict.fromkeys(notes):
        note(sentence)
    unknown = (
        f"memory and latency of {r.name} are unknown: {r.cost['not_measured']}"
        for r in measured.results
        if "not_measured" in r.cost
    )
    for sentence in dict.fromkeys(unknown):
        note(sentence)
    for failure in measured.failed:
        click.echo(f"failed: {failure['encoder']}: {failure['error']}", err=True)


def show_plan(
    suite: str,
    names: list[str],
    *,
    data,
    encoders,
    systems,
    results,
    as_json,
    map_,
    speeds,
    **options,
) -> None:
    """What measuring will take; neither the data of a known collection nor weights are needed."""
    from skulens.bench.plan import given_speed, measured_speed, plan_encoders
    from skulens.bench.store import ResultStore
    from skulens.bench.sweep import expand, known_sizes, stored_names
    from skulens.report.plan import print_plan

    settings = {name: options[name] for name in names}
    stored = ResultStore(results).results()
    size = known_sizes(encoders, data) or count_items(data, map_, settings)
    made = plan_encoders(
        expand((*encoders, *systems)),
        min(size[0], settings.get("limit") or size[0]),
        size[1],
        stored=stored_names(stored, suite, data, settings),
        speed=given_speed(parse_speeds(speeds)) if speeds else measured_speed(stored),
    )
    if as_json:
        click.echo(json.dumps(made.as_dict(), ensure_ascii=False))
    else:
        print_plan(made)


def count_items(data, map_, settings) -> tuple[int, int]:
    """(photos, products) of a catalogue."""
    catalog = open_data(data, map_)
    photos = sum(1 for _ in catalog.queries(settle_split(catalog, settings).get("split", "test")))
    return photos, sum(1 for _ in catalog.products())


def parse_speeds(speeds) -> dict[str, float]:
    """ENCODER=PHOTOS_PER_S, each."""
    found = {}
    for pair in speeds:
        name, _, rate = pair.rpartition("=")
        try:
            found[name] = float(rate)
        except ValueError:
            raise click.UsageError(
                f"--speed: expected ENCODER=PHOTOS_PER_S, got {pair!r}"
            ) from None
    return found


def run_collection(
    suite: str, names: list[str], *, data, encoders, systems, results, as_json, map_, **options
) -> None:
    """One encoder after the other; those that are stored are skipped, failed ones named."""
    from skulens.bench.run import run_suite
    from skulens.bench.store import ResultStore
    from skulens.bench.sweep import expand, stored_names, sweep

    settings = {name: options.pop(name) for name in names}
    if settings.get("unseen"):
        raise click.UsageError(
            "--unseen needs its systems named one by one, so that all answer the same probes; a "
            "collection is measured one encoder after the other"
        )
    tools, opening = equip(**options)
    every = expand((*encoders, *systems))
    catalog, read_with = open_data(data, map_), reader_options(map_)
    settings = settle_split(catalog, settings)
    stored = stored_names(ResultStore(results).results(), suite, data, settings)
    left = [name for name in every if name not in stored]
    click.echo(f"{len(every)} encoders, {len(every) - len(left)} stored already", err=True)

    def tell(name: str, error: str) -> None:
        said = f"failed: {error}" if error else "stored"
        click.echo(f"{left.index(name) + 1} of {len(left)}: {name}: {said}", err=True)

    def measure(name: str):
        more = {"data": data, "tools": tools, "opening": opening, "reader": read_with}
        return run_suite(suite, catalog, [name], settings, **more)

    swept = sweep(left, measure, results, tell)
    for place in swept.differing:
        note(f"other numbers than measured before, kept both: {place}")
    if as_json:
        body = {"results": swept.records, "failed": swept.failed}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        click.echo(
            f"{len(left) - len(swept.failed)} of {len(left)} measured, {len(swept.failed)} "
            f"failed; results in {results}: skulens leaderboard {results}"
        )
    if swept.failed:
        raise SystemExit(1)
