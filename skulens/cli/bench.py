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
@click.option("--encoder", "-e", "names", multiple=True, default=("mini",), show_default=True, help="Encoder name; may be repeated.")
@click.option("--gallery", default="auto", type=click.Choice(["auto", "text", "image", "both"]), show_default=True,
              help="What probes are ranked against; auto: texts and pictures, as far as the encoder reads them.")  # fmt: skip
@click.option("--split", default="test", show_default=True, help="Which probes.")
@click.option("--text", "texts", multiple=True, help="Text role that stands for a product (description, title ...); may be repeated.")
@click.option("--shots", default="single", type=click.Choice(["single", "max", "mean", "prototype"]), show_default=True,
              help="One gallery item per product, or all of them joined.")  # fmt: skip
@click.option("--fusion", default="avg", type=click.Choice(["avg", "cat"]), show_default=True, help="How parts of one item become one vector.")
@click.option("--mode", default="sound", type=click.Choice(["sound", "paper", "both"]), show_default=True,
              help="sound: float32 cosines; paper: as OpenMPR's script; both: and the difference.")  # fmt: skip
@click.option("--dtype", default="auto", type=click.Choice(["auto", "float32", "bfloat16"]), show_default=True)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 ...")
@click.option("--batch", default=32, show_default=True, help="Parts of one forward pass.")
@click.option("--threads", default=0, help="Worker threads; 0 is one per core.")
@click.option("--limit", default=0, help="Only the first queries; 0 is all.")
@click.option("--seed", default=0, show_default=True, help="Of the bootstrap.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep vectors.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where results are kept.")
@catalog_options
@json_option
def mpr(data, names, mode, results, as_json, map_, **options) -> None:
    """Probe photos of DATA -> its SKU texts and pictures (OpenMPR's task).

    Prints hit rates with 95 % intervals (bootstrap over SKUs), speed and memory.
    """
    modes = ("sound", "paper") if mode == "both" else (mode,)
    measured = [result for m in modes for result in measure(data, names, m, map_, **options)]
    places = keep(measured, results)
    if as_json:
        click.echo(json.dumps({"results": [r.record() | {"folder": str(p)} for r, p in zip(measured, places, strict=True)]}, ensure_ascii=False))
        return
    show(measured)
    said_rejects(measured)
    click.echo(f"{len(measured)} results in {results}/; pages and exports: skulens results report --results {results}")


def measure(data, names, mode, map_, *, dtype, device, batch, threads, no_cache, **settings):
    """Results of every encoder in one mode."""
    from skulens.bench.mpr import Mpr, MprSettings
    from skulens.encode import cache_folder, open_encoder, open_memo
    from skulens.encode.batching import Batching

    how = Batching(batch=batch, threads=threads)
    chosen = MprSettings(mode=mode, **settings)
    memo = open_memo()
    encoders = [open_encoder(name, mode=mode, dtype=dtype, device=device, memo=memo) for name in dict.fromkeys(names)]
    suite = Mpr(open_data(data, map_), chosen, name=data, cache=None if no_cache else cache_folder(), memo=memo, how=how)
    return suite.run(encoders)


def keep(measured, folder: Path) -> list[Path]:
    from skulens.bench.results import ResultStore

    places = []
    for result in measured:
        place, status = ResultStore(folder).add(result)
        if status == "differs":
            click.echo(f"note: other numbers than measured before for the same inputs; kept both, the new ones in {place}", err=True)
        places.append(place)
    return places


def show(measured) -> None:
    from skulens.report.tables import print_results

    print_results([result.record() for result in measured])


def said_rejects(measured) -> None:
    rejects = list(dict.fromkeys(reject for result in measured for reject in result.rejects))
    if rejects:
        click.echo(f"{len(rejects)} rejects (kept in result.json), first ones:", err=True)
    for reject in rejects[:5]:
        click.echo(f"  {reject.item}: {reject.reason}", err=True)
    for note in dict.fromkeys(f"{result.encoder.name}: {note}" for result in measured for note in result.encoder.lint):
        click.echo(f"note: {note}", err=True)
