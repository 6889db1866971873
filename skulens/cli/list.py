"""`skulens list`: what there is to choose from."""

import json

import click

from skulens.cli.options import json_option


@click.group()
def command() -> None:
    """List encoders, datasets and suites."""


@command.command()
@click.option("--search", default="", help="Only names that contain this.")
@json_option
def encoders(search: str, as_json: bool) -> None:
    """Families, then every open_clip pair with size, parameters, licence and lint."""
    from dataclasses import asdict

    from skulens.encode.zoo.rows import list_rows
    from skulens.registry import ENCODERS

    families = [
        {"name": n, "about": r.about} for n, r in ENCODERS.items() if search.lower() in n.lower()
    ]
    pairs = [asdict(r) | {"name": f"open_clip:{r.arch}/{r.tag}"} for r in list_rows()]
    pairs = [row for row in pairs if search.lower() in row["name"].lower()]
    if as_json:
        click.echo(json.dumps({"families": families, "open_clip": pairs}))
        return
    for row in families:
        click.echo(f"{row['name']:<12} {row['about']}")
    click.echo()
    for row in pairs:
        px, params = (
            row.get("image_px"),
            (row.get("params_image") or 0) + (row.get("params_text") or 0),
        )
        size = f"{params / 1e6:>7.0f} M" if params else f"{'':>9}"
        lint = ", ".join(row["lint"]) if not isinstance(row["lint"], str) else row["lint"]
        click.echo(
            f"{row['name']:<58} {px or '':>4} px {size}  {row['licence']:<16} {lint}".rstrip()
        )
    click.echo(f"{len(families)} families, {len(pairs)} open_clip encoders")


@command.command()
@json_option
def datasets(as_json: bool) -> None:
    """Dataset names, what they are, and where they are found."""
    from skulens.catalog import find_folder
    from skulens.registry import READERS

    rows = [
        {"name": n, "about": r.about, "found": str(f) if (f := find_folder(n)) else None}
        for n, r in READERS.items()
    ]
    _print(rows, "datasets", as_json)


@command.command()
@json_option
def suites(as_json: bool) -> None:
    """Benchmarks of `skulens bench`."""
    from skulens.registry import SUITES

    _print([{"name": n, "about": r.about} for n, r in SUITES.items()], "suites", as_json)


def _print(rows: list[dict], what: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({what: rows}))
        return
    for row in rows:
        click.echo(f"{row['name']:<18} {row['about']}")
        if row.get("found"):
            click.echo(f"{'':<18} in {row['found']}")
