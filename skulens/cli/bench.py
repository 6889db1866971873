"""`skulens bench`: measure systems on a suite. One command per registered suite, its options
made from the fields of the suite's Settings."""

import ast
import inspect
import itertools
import json
import textwrap
import typing
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data

ENCODER_OPTIONS = (
    click.option(
        "--dtype",
        default="auto",
        type=click.Choice(["auto", "float32", "bfloat16"]),
        show_default=True,
        help="Of the forward pass; auto: float32 on a CPU, bfloat16 on a GPU.",
    ),
    click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 ..."),
    click.option("--batch", default=32, show_default=True, help="Parts of one forward pass."),
    click.option("--threads", default=0, help="Worker threads; 0 is one per core."),
    click.option(
        "--together",
        default=4,
        show_default=True,
        help="Encoders in memory at once; they share the decoding of each picture.",
    ),
    click.option("--no-cache", is_flag=True, help="Neither read nor keep vectors."),
)
PLAN_OPTIONS = (
    click.option(
        "--plan", is_flag=True, help="Only say what it will take: download and hours, estimated."
    ),
    click.option(
        "--speed",
        "speeds",
        multiple=True,
        metavar="ENCODER=PHOTOS_PER_S",
        help="Of --plan: a rate that was measured; may be repeated. Default: those of RESULTS.",
    ),
)


class Suites(click.Group):
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
        click.argument("data"),
        click.option(
            "--encoder",
            "-e",
            "encoders",
            multiple=True,
            help="Encoder name, or that of a collection (`skulens list collections`); may be "
            "repeated.",
        ),
        click.option(
            "--system",
            "-s",
            "systems",
            multiple=True,
            help="Any system by name: an encoder, a retriever, a reader; may be repeated.",
        ),
        *setting_options(suite.Settings),
        *ENCODER_OPTIONS,
        *PLAN_OPTIONS,
        click.option(
            "--results",
            type=click.Path(path_type=Path),
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


def setting_options(settings: Any) -> list[Callable]:
    """An option for every field: its type and default, the sentence below it as help."""
    hints, helps = typing.get_type_hints(settings), field_sentences(settings)
    return [
        setting_option(f.name, hints[f.name], f.default, helps.get(f.name, ""))
        for f in fields(settings)
    ]


def setting_option(name: str, hint: object, default: object, sentence: str) -> Callable:
    """One option of a suite."""
    args = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        flag = f"--{name.removesuffix('s').replace('_', '-')}"  # typed once for each value
        return click.option(flag, name, multiple=True, type=args[0], default=default, help=sentence)
    flag = f"--{name.replace('_', '-')}"
    if typing.get_origin(hint) is typing.Literal:
        kind: object = click.Choice(list(args))
    elif hint is bool:
        return click.option(
            f"{flag}/--no-{flag[2:]}", name, default=default, show_default=True, help=sentence
        )
    else:
        kind = hint
    return click.option(flag, name, type=kind, default=default, show_default=True, help=sentence)


def field_sentences(settings: type) -> dict[str, str]:
    """Field -> the string that stands below it in the source."""
    try:
        source = textwrap.dedent(inspect.getsource(settings))
    except (OSError, TypeError):  # installed without its source: options without a sentence
        return {}
    body = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    found = {}
    for this, below in itertools.pairwise(body):
        match this, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                found[name] = " ".join(sentence.split())
    return found


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
        n = len(measured.results)
        click.echo(
            f"{n} result{'s' * (n != 1)} in {results}; a page of them: "
            f"skulens results report --results {results}"
        )
    if measured.failed:
        raise SystemExit(1)


def equip(*, dtype, device, batch, threads, together, no_cache):
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
    )
    return tools, Opening(Numerics(dtype), device, together)


def keep(result, folder: Path) -> Path:
    """Store a result; where."""
    from skulens.bench.store import ResultStore

    place, status = ResultStore(folder).add(result)
    if status == "differs":
        click.echo(
            "note: other numbers than measured before for the same inputs; "
            f"kept both, the new ones in {place}",
            err=True,
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
    from skulens.report.tables import print_causes, print_results, print_ties

    print_results(measured)
    print_ties(measured)
    print_causes(causes)
    print_errors(measured)
    print_losses(losses)
    print_holdouts(pair_controls(measured))


def report_problems(measured) -> None:
    """Rejects, notes and failures, on stderr."""
    rejects = list(dict.fromkeys(reject for r in measured.results for reject in r.rejects))
    if rejects:
        click.echo(f"{len(rejects)} rejects (all of them in result.json), the first:", err=True)
    for reject in rejects[:5]:
        click.echo(f"  {reject.source} ({reject.item}): {reject.reason}", err=True)
    notes = (f"{r.name}: {w.sentence}" for r in measured.results for w in r.system.warnings)
    for note in dict.fromkeys(notes):
        click.echo(f"note: {note}", err=True)
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
    photos = sum(1 for _ in catalog.queries(settings.get("split", "test")))
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
    tools, opening = equip(**options)
    every = expand((*encoders, *systems))
    stored = stored_names(ResultStore(results).results(), suite, data, settings)
    left = [name for name in every if name not in stored]
    catalog = open_data(data, map_)
    click.echo(f"{len(every)} encoders, {len(every) - len(left)} stored already", err=True)

    def tell(name: str, error: str) -> None:
        said = f"failed: {error}" if error else "stored"
        click.echo(f"{left.index(name) + 1} of {len(left)}: {name}: {said}", err=True)

    def measure(name: str):
        more = {"data": data, "tools": tools, "opening": opening}
        return run_suite(suite, catalog, [name], settings, **more)

    swept = sweep(left, measure, results, tell)
    for place in swept.differing:
        click.echo(f"note: other numbers than measured before, kept both: {place}", err=True)
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
