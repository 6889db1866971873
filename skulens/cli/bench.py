"""`skulens bench`: measure encoders on a suite."""

import json
from pathlib import Path

import click

from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data


@click.group()
def command() -> None:
    """Measure encoders on a suite, with intervals."""


@command.command(epilog=DATA_HELP)
@click.argument("data")
@click.option(
    "--encoder",
    "-e",
    "names",
    multiple=True,
    default=("mini",),
    show_default=True,
    help="Encoder name; may be repeated.",
)
@click.option(
    "--gallery",
    default="auto",
    type=click.Choice(["auto", "text", "image", "both"]),
    show_default=True,
    help="What probes are ranked against; auto: texts and pictures, as far as the encoder reads them.",
)
@click.option("--split", default="test", show_default=True, help="Which probes.")
@click.option(
    "--text",
    "texts",
    multiple=True,
    help="Text role that stands for a product (description, title ...); may be repeated.",
)
@click.option(
    "--shots",
    default="single",
    type=click.Choice(["single", "max", "mean", "prototype"]),
    show_default=True,
    help="One gallery item per product, or all of them joined.",
)
@click.option(
    "--fusion",
    default="avg",
    type=click.Choice(["avg", "cat"]),
    show_default=True,
    help="How parts of one item become one vector.",
)
@click.option(
    "--mode",
    default="sound",
    type=click.Choice(["sound", "paper", "both"]),
    show_default=True,
    help="sound: float32 cosines; paper: as OpenMPR's script; both: and the difference.",
)
@click.option(
    "--dtype",
    default="auto",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    show_default=True,
    help="Of the forward pass; auto: float32 on a CPU, bfloat16 on a GPU.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 ...")
@click.option("--batch", default=32, show_default=True, help="Parts of one forward pass.")
@click.option("--threads", default=0, help="Worker threads; 0 is one per core.")
@click.option(
    "--together",
    default=4,
    show_default=True,
    help="Encoders in memory at once; they share the decoding of each picture.",
)
@click.option("--limit", default=0, help="Only the first queries; 0 is all.")
@click.option("--seed", default=0, show_default=True, help="Of the bootstrap.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep vectors.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where results are kept.",
)
@catalog_options
@json_option
def mpr(data, names, mode, results, as_json, map_, **options) -> None:
    """Probe photos of DATA -> its SKU texts and pictures (OpenMPR's task).

    Prints hit rates with 95 % intervals (bootstrap over SKUs), speed and memory.
    """
    measured, failed = measure(
        data, names, ("sound", "paper") if mode == "both" else (mode,), map_, **options
    )
    places = keep(measured, results)
    if as_json:
        records = [r.record() | {"folder": str(p)} for r, p in zip(measured, places, strict=True)]
        click.echo(json.dumps({"results": records, "failed": failed}, ensure_ascii=False))
    else:
        show(measured)
        said(measured, failed)
        click.echo(
            f"{len(measured)} result{'s' * (len(measured) != 1)} in {results}; a page of them: skulens results report --results {results}"
        )
    if failed:
        raise SystemExit(1)


def measure(
    data, names, modes, map_, *, dtype, device, batch, threads, no_cache, together, **settings
):
    """(results, failures): an encoder that cannot be opened is named, and the others go on."""
    from skulens.bench.suites.mpr import Mpr, MprSettings
    from skulens.encode import cache_folder, open_encoder, open_memo
    from skulens.encode.batching import Batching
    from skulens.encode.numerics import numerics_of
    from skulens.errors import SkulensError
    from skulens.records import chunks

    memo, catalog, failed, measured = open_memo(), open_data(data, map_), [], []
    for mode in modes:
        numerics = numerics_of({"mode": mode, "dtype": dtype})
        suite = Mpr(
            catalog,
            MprSettings(mode=mode, **settings),
            name=data,
            cache=None if no_cache else cache_folder(),
            memo=memo,
            how=Batching(batch=batch, threads=threads),
        )
        for group in chunks(list(dict.fromkeys(names)), together):
            ready = []
            for name in group:
                try:
                    encoder = open_encoder(name, numerics=numerics, device=device, memo=memo)
                    suite.check(encoder)
                    ready.append(encoder)
                except SkulensError as e:
                    if len(names) == 1:
                        raise
                    failed.append({"encoder": name, "error": str(e)})
            measured += suite.run(ready)
    return measured, failed


def keep(measured, folder: Path) -> list[Path]:
    from skulens.bench.result import ResultStore

    places = []
    for result in measured:
        place, status = ResultStore(folder).add(result)
        if status == "differs":
            click.echo(
                f"note: other numbers than measured before for the same inputs; kept both, the new ones in {place}",
                err=True,
            )
        places.append(place)
    return places


def show(measured) -> None:
    from skulens.report.tables import print_mode_differences, print_results

    records = [result.record() for result in measured]
    print_results(records)
    print_mode_differences(records)


def said(measured, failed) -> None:
    """Rejects, notes and failures, on stderr."""
    from skulens.encode.zoo.warnings import line_of

    rejects = list(dict.fromkeys(reject for result in measured for reject in result.rejects))
    if rejects:
        click.echo(f"{len(rejects)} rejects (all of them in result.json), the first:", err=True)
    for reject in rejects[:5]:
        click.echo(f"  {reject.item}: {reject.reason}", err=True)
    for note in dict.fromkeys(
        f"{result.name}: {line_of(w)}" for result in measured for w in result.encoder.warnings
    ):
        click.echo(f"note: {note}", err=True)
    for failure in failed:
        click.echo(f"failed: {failure['encoder']}: {failure['error']}", err=True)
