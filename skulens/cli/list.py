"""`skulens list`: what there is to choose from."""

import json
from pathlib import Path

import click

from skulens.cli.lazy import Group
from skulens.cli.options import json_option


class Kinds(Group):
    """One command per kind of the registry that has rows."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from skulens.registry import KINDS, rows

        kinds = (f"{kind}s".replace("_", "-") for kind in KINDS if rows(kind))
        return [*kinds, "prompts", "prices"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        from skulens.registry import KINDS

        if name in self.commands:
            return self.commands[name]
        kind = name.replace("-", "_").removesuffix("s")
        return plain_command(name, kind) if kind in KINDS and name[-1] == "s" else None


@click.group(cls=Kinds)
def command() -> None:
    """List encoders, datasets, suites and all else that has a name."""


@command.command()
@click.option("--search", default="", help="Only names that contain this.")
@json_option
def encoders(search: str, as_json: bool) -> None:
    """Families, then every open_clip pair with size, parameters, licence and lint."""
    from dataclasses import asdict

    from skulens.encode.zoo.rows import list_rows

    families = [row for row in named_rows("encoder") if search.lower() in row["name"].lower()]
    pairs = [asdict(r) | {"name": f"open_clip:{r.arch}/{r.tag}"} for r in list_rows()]
    pairs = [row for row in pairs if search.lower() in row["name"].lower()]
    if as_json:
        click.echo(json.dumps({"families": families, "open_clip": pairs}))
        return
    print_table(families)
    print_pairs(pairs)
    click.echo(f"{len(families)} families, {len(pairs)} open_clip encoders")


def print_pairs(pairs: list[dict]) -> None:
    """open_clip's encoders."""
    from skulens.report.console import show
    from skulens.report.grid import Grid

    table = Grid()
    table.add_column("open_clip encoder", "name", whole=True)
    table.add_column("px", "number", drop=3)
    table.add_column("params", "number")
    table.add_column("licence", "name", drop=1)
    table.add_column("lint", drop=2, least=22)
    for row in pairs:
        params = (row.get("params_image") or 0) + (row.get("params_text") or 0)
        lint = ", ".join(row["lint"]) if not isinstance(row["lint"], str) else row["lint"]
        size = f"{params / 1e6:,.0f} M" if params else "-"
        table.add_row(row["name"], str(row.get("image_px") or "-"), size, row["licence"], lint)
    if pairs:
        show(table)


@command.command()
@json_option
def datasets(as_json: bool) -> None:
    """Dataset names, what they are, and where they are found."""
    from skulens.catalog.open import find_folder

    found = {row["name"]: find_folder(row["name"]) for row in named_rows("dataset")}
    rows = [
        row | {"found": str(place) if (place := found[row["name"]]) else None}
        for row in named_rows("dataset")
    ]
    print_rows(rows, "datasets", as_json)


@command.command()
@json_option
def suites(as_json: bool) -> None:
    """Benchmarks of `skulens bench`."""
    print_rows(named_rows("suite"), "suites", as_json)


@command.command()
@json_option
def prompts(as_json: bool) -> None:
    """Templates of what is said to a model; `skulens prompts show NAME` shows one."""
    from skulens.prompts.load import known_prompts, load_prompt

    rows = [
        {"name": f"{name}.v{version}", "about": head.purpose}
        | {"paper": head.source, "printed": head.printed}
        for name, versions in known_prompts().items()
        for version in versions
        for head in [load_prompt(f"{name}.v{version}").head]
    ]
    print_rows(rows, "prompts", as_json)


@command.command()
@click.option(
    "--prices",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your own table, whose rows come first.  [default: $SKULENS_PRICES]",
)
@json_option
def prices(table: Path | None, as_json: bool) -> None:
    """What models cost, in the order in which rows are tried."""
    from dataclasses import asdict

    from skulens.chat.money.prices import SHIPPED, Prices

    found = Prices.read(table)
    if as_json:
        rows = [asdict(row) for row in found.rows]
        click.echo(json.dumps({"prices": rows, "own": found.own or None, "shipped": str(SHIPPED)}))
        return
    for row in found.rows:
        source = f"; {row.source}" if row.source else ""
        click.echo(f"{row.model:<26} {row.says()}{source}")
    click.echo(
        f"{len(found.rows)} prices{f', first those of {found.own}' if found.own else ''}; "
        f"to change or add some, copy {SHIPPED} and give the copy by --prices or $SKULENS_PRICES"
    )


def plain_command(name: str, kind: str) -> click.Command:
    """The command that lists the names of any other kind."""

    @click.command(name, help=f"Names of {name.replace('-', ' ')}, and what they are.")
    @json_option
    def listing(as_json: bool) -> None:
        print_rows(named_rows(kind), name, as_json)

    return listing


def named_rows(kind: str) -> list[dict]:
    """Name and description of every row; "package" where a plug-in brings it."""
    from skulens.registry import rows

    return [
        {"name": name, "about": row.about}
        | ({"package": row.package} if row.package != "skulens" else {})
        for name, row in rows(kind).items()
    ]


def print_rows(rows: list[dict], what: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({what: rows}))
        return
    if rows:
        print_table(rows)
    else:
        click.echo(f"no {what}")


def print_table(rows: list[dict]) -> None:
    """Names, what they are, and where they are found."""
    from skulens.report.console import show
    from skulens.report.grid import Grid, Styled

    table = Grid()
    table.add_column("name", "name", whole=True)
    table.add_column("what it is")
    for row in rows:
        found = [Styled(f"in {row['found']}", "dim")] if row.get("found") else []
        table.add_row(row["name"], [Styled(row["about"]), *found])
    if rows:
        show(table)
