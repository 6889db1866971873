"""`skulens audit`: data-quality checks of a catalogue."""

import json
import sys
from pathlib import Path

import click

from skulens.cli.completion import DATA, ENCODER
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data
from skulens.cli.progress import watch

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


@click.command(epilog=DATA_HELP)
@click.argument("catalog", metavar="DATA", type=DATA)
@click.option(
    "--encoder",
    "-e",
    "names",
    type=ENCODER,
    multiple=True,
    help="Also look for captions that this encoder cuts; may be repeated.",
)
@click.option(
    "--split",
    "splits",
    multiple=True,
    help="Look at the photos of this split only; may be repeated.",
)
@click.option(
    "--pictures/--no-pictures",
    default=True,
    help="Decode and compare the pictures (the slow part).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings to this file as JSON, too.",
)
@click.option("--strict", is_flag=True, help="Exit with status 1 where there are errors.")
@catalog_options
@json_option
def command(catalog, names, splits, pictures, out, strict, map_, as_json) -> None:
    """Check the data quality of DATA before you use it.

    Equal and nearly equal captions, captions that an encoder cuts, pictures that are broken,
    tiny, turned, or occur across splits, missing fields, and all that the reader left out.
    """
    from skulens.catalog.audit.run import audit_catalog

    data = open_data(catalog, map_)
    encoders, silent = token_counters(names)
    found = audit_catalog(data, encoders, splits or None, pictures, watch)
    record = found.to_dict() | {"skipped": [*found.skipped, *silent]}
    text = json.dumps(record, ensure_ascii=False, indent=None if as_json else 1)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n", encoding="utf-8")
    if as_json:
        click.echo(text)
    else:
        show(found, record["skipped"], out)
    if strict and found.count("error"):
        sys.exit(1)


def token_counters(names) -> tuple[dict, list[str]]:
    """({encoder: (count_tokens, context length)}, sentences on encoders that cannot be asked)."""
    counters, silent = {}, []
    for name in dict.fromkeys(names):
        counter = token_counter(name)
        if isinstance(counter, str):
            silent.append(f"encoder {name}: {counter}")
        else:
            counters[name] = counter
    return counters, silent


def token_counter(name: str):
    """(count_tokens, context length) of an encoder, or why there is none.

    A listed pair of open_clip is asked by its tokenizer alone, without its weights.
    """
    from skulens.encode import open_encoder, split_name
    from skulens.errors import MissingFile

    family, argument = split_name(name)
    try:
        if family == "open_clip":
            return open_clip_counter(argument)
        encoder = open_encoder(name, device="cpu")
        if "text" not in encoder.info.modalities:
            return "it reads no texts"
        return encoder.count_tokens, encoder.info.context_length
    except MissingFile as e:
        return str(e)


def open_clip_counter(pair: str):
    from skulens.encode.open_clip import hub_tokens, open_clip
    from skulens.errors import unknown

    architecture = pair.partition("/")[0]
    config = open_clip.get_model_config(architecture)
    if config is None:
        raise unknown(
            "architecture", architecture, open_clip.list_models(), "skulens list encoders"
        )
    tokens = hub_tokens(architecture, config)
    return (lambda text: len(tokens.ids(text))), tokens.context_length


def show(found, skipped: list[str], out: Path | None) -> None:
    """The findings as a table, worst first, then one line with the sums."""
    from skulens.report.console import show as print_grid
    from skulens.report.grid import Grid, Styled

    table = Grid(f"audit of {found.data}", lines=True)
    table.add_column("level", "name")
    table.add_column("count", "number")
    table.add_column("finding")
    for f in found.findings:
        count = f"{f.count:,}\nof {f.of:,}" if f.of else f"{f.count:,}"
        examples = [
            Styled(example, "dim")
            for example in (f.examples if f.check == "rejects" else f.examples[:3])
        ]
        said = [Styled(f.what), *examples, *([Styled(f"-> {f.todo}")] if f.todo else [])]
        table.add_row(Styled(f.level, STYLES[f.level]), count, said)
    if found.findings:
        print_grid(table)
    for sentence in skipped:
        click.echo(f"not looked at: {sentence}")
    looked = ", ".join(f"{n:,} in {place}" for place, n in found.pictures.items()) or "none"
    sums = ", ".join(
        f"{n:,} {level}{'' if n == 1 else 's'}" for level in STYLES for n in [found.count(level)]
    )
    click.echo(
        f"{sums} in {found.products:,} products; pictures: "
        f"{looked}{f'; written to {out}' if out else ''}"
    )
