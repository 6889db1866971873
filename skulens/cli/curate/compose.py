"""`skulens curate compose`: queries of several conditions over a catalogue."""

import json
from pathlib import Path

import click

from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data


def read_quota(_ctx, _param, text: str) -> dict[int, int]:
    """ "2=1000,3=500" -> {2: 1000, 3: 500}."""
    found: dict[int, int] = {}
    for part in text.split(","):
        conditions, _, count = part.partition("=")
        if not (conditions.strip() in ("2", "3", "4") and count.strip().isdecimal()):
            raise click.BadParameter(
                f"expected CONDITIONS=QUERIES with 2 to 4 conditions, such as 2=1000,3=500; "
                f"got {part!r}"
            )
        found[int(conditions)] = int(count)
    return found


@click.command("compose", epilog=DATA_HELP)
@click.argument("data")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the catalogue with its queries.",
)  # fmt: skip
@click.option(
    "--quota", default="2=1000,3=1000,4=1000", show_default=True, callback=read_quota,
    help="Accepted queries by number of conditions.",
)  # fmt: skip
@click.option("--profile", default="sound", show_default=True, help="Rules of acceptance.")
@click.option("--seed", default=0, show_default=True, help="Another seed gives other queries.")
@catalog_options
@json_option
def command(data, out, quota, profile, seed, map_, as_json) -> None:
    """Compose queries of several conditions over DATA, each with all its answers."""
    from skulens.compose.profiles import PROFILES
    from skulens.curate.queries.make import compose_catalog
    from skulens.errors import unknown

    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES, "skulens curate compose --help")
    made = compose_catalog(open_data(data, map_), quota, PROFILES[profile], out, seed)
    if as_json:
        steps = {f"{method}: {step}": n for (method, step), n in made.funnel.items()}
        click.echo(
            json.dumps(
                {
                    "folder": str(out),
                    "products": made.products,
                    "queries": made.queries,
                    "funnel": steps,
                    "missing": dict(made.missing),
                    "rejects": len(made.rejects),
                }
            )
        )
        return
    for (method, step), count in made.funnel.items():
        click.echo(f"{count:9,}  {method}: {step}")
    for quota_, short in made.missing.items():
        click.echo(f"missing: {short:,} queries of {quota_}")
    click.echo(
        f"{made.queries:,} queries over {made.products:,} products: {out}; next: "
        f"skulens bench merit {out} --split composed --encoder mini"
    )
