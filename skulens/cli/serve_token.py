"""`skulens serve-token`: who may ask a server."""

import json
from pathlib import Path

import click

from skulens.cli.options import json_option
from skulens.errors import MissingDependency


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="", help="Whose token it is; a new one is made and shown once.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(["read", "write"]), help="What it allows; may be repeated. [default: read]")  # fmt: skip
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Until it expires; 0: never.",
)
@click.option("--withdraw", default="", metavar="NAME", help="Take a token back; a running server refuses it at once.")  # fmt: skip
@json_option
def command(
    file: Path, name: str, scopes: tuple[str, ...], days: float, withdraw: str, as_json: bool
) -> None:
    """Make a token for `skulens serve --tokens FILE`, or list those of FILE.

    FILE keeps hashes only: a token is shown once, when it is made.

    \b
    skulens serve-token tokens.json --name page
    skulens serve-token tokens.json --name feed --scope read --scope write --days 90
    """
    try:
        from skulens.serve.door.access import make_token, read_tokens, withdraw_token
    except ModuleNotFoundError as e:
        raise MissingDependency(f"serve-token needs {e.name}: pip install 'skulens[serve]'") from e
    if withdraw:
        withdraw_token(file, withdraw)
        click.echo(f"{withdraw} is withdrawn", err=True)
    elif name:
        token = make_token(file, name, scopes or ("read",), days)
        click.echo(json.dumps({"name": name, "token": token}) if as_json else token)
        click.echo("keep it: it is not shown again", err=True)
    else:
        held = [
            {"name": t.name, "scopes": t.scopes, "created": t.created, "expires": t.expires}
            for t in read_tokens(file)
        ]
        if as_json:
            click.echo(json.dumps({"tokens": held}))
        for one in () if as_json else held:
            until = f"until {one['expires']}" if one["expires"] else "for good"
            click.echo(f"{one['name']}  {'+'.join(one['scopes'])}  {until}")
