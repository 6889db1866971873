"""`skulens chat check`."""

import json
import sys
from urllib.parse import urlsplit, urlunsplit

import click

from skulens.cli.asking import no_key, variable_name
from skulens.cli.lazy import Group
from skulens.cli.options import json_option
from skulens.cli.progress import watch

STYLES = {"pass": "green", "fail": "bold red", "unjudged": "yellow"}
WORDS = {"pass": "pass", "fail": "FAIL", "unjudged": "cannot be judged"}


@click.group(cls=Group)
def command() -> None:
    """Try a server before a bulk run."""


@command.command()
@click.argument("engine", metavar="URL|ENGINE")
@click.option(
    "--engine-model",
    "model",
    metavar="MODEL",
    default="",
    help="Model to ask for; without it the only one that the server lists.",
)
@click.option(
    "--key-env",
    metavar="NAME",
    default="OPENAI_API_KEY",
    show_default=True,
    callback=variable_name,
    help="Environment variable that holds the key, where the server wants one.",
)
@click.option(
    "--key",
    "--api-key",
    "no_key",
    hidden=True,
    expose_value=False,
    callback=no_key,
    help="Refused: see --key-env.",
)
@click.option(
    "--pictures/--no-pictures",
    default=True,
    help="Ask about pictures, too; leave it out for a model of texts.",
)
@click.option(
    "--pairs",
    default=20,
    show_default=True,
    type=click.IntRange(min=5, max=500),
    help="Pairs of pictures that the server might mix up.",
)
@click.option(
    "--rounds",
    default=8,
    show_default=True,
    type=click.IntRange(min=1, max=100),
    help="Times that all pictures are asked about at once; more find rarer mix-ups.",
)
@click.option(
    "--items",
    default=20,
    show_default=True,
    type=click.IntRange(min=2, max=5000),
    help="Documents for JSON beside free text; 200 decide on a new model.",
)
@click.option(
    "--concurrency",
    default=16,
    show_default=True,
    type=click.IntRange(min=1, max=512),
    help="Questions sent at once.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Of the pictures and documents, to repeat a check; without it they are new.",
)
@json_option
def check(
    engine, model, key_env, pictures, pairs, rounds, items, concurrency, seed, as_json
) -> None:
    """Check a server, or an engine of `skulens list chats`, before a bulk run.

    Answers that belong to another picture or question, schemas that are ignored, lists that get
    shorter under a schema, limits, counts of tokens, speed. Ends with a verdict, and with exit
    status 1 where it is "do not use".
    """
    from skulens.chat.checks.check import Settings
    from skulens.chat.checks.verdict import conclude

    settings = Settings(pairs, rounds, items, pictures, seed)
    url = hide_password(engine)
    checks = []
    for row in run_checks(engine, model, key_env, concurrency, settings):
        checks.append(row)
        if not as_json:
            show(row)
    fit, verdict = conclude(checks)
    if as_json:
        said = {"engine": url, "fit": fit, "verdict": verdict}
        rows = [c.to_dict() for c in checks]
        click.echo(json.dumps(said | {"checks": rows}, ensure_ascii=False))
    else:
        click.secho(f"{url}: {verdict}", fg="green" if fit else "red", bold=True)
    sys.exit(0 if fit else 1)


def run_checks(engine: str, model: str, key_env: str, concurrency: int, settings):
    """The rows of the table, as they are done."""
    from skulens.chat import open_chat
    from skulens.chat.checks.check import check_chat
    from skulens.chat.checks.verdict import Check
    from skulens.errors import ChatError

    if "://" not in engine:
        if model:
            raise click.UsageError("--engine-model is for a URL; an engine's name holds its model")
        yield from check_chat(open_chat(engine), settings, compare, watch=watch)
        return
    from skulens.chat.http.served import look_up_server

    rows, served = look_up_server(engine, key_env)
    yield from rows
    if any(row.verdict == "fail" for row in rows):
        return
    if not model and len(served) != 1:
        names = f"it lists {', '.join(served[:5])}" if served else "it lists none"
        yield Check("model", "fail", f"which one? {names}: add --engine-model MODEL")
        return
    options = {"url": engine, "key_env": key_env}
    name = f"openai:{model or served[0]}"
    try:
        chat = open_chat(name, **options, concurrency=concurrency)
    except ChatError as e:
        yield Check("model", "fail", str(e))
        return
    yield from check_chat(
        chat,
        settings,
        compare,
        lambda level: open_chat(name, **options, concurrency=level),
        watch,
    )


def compare(free: list[float], guided: list[float]) -> tuple[float, float]:
    """Ends of the 95 % interval of the mean drop in recall, paired by document."""
    import numpy as np

    from skulens.evaluate.compare import compare as paired

    found = paired(np.array(free), np.array(guided), np.arange(len(free)))
    return found.low, found.high


def show(row) -> None:
    """One line of the table, as soon as it is known."""
    word = click.style(f"{WORDS[row.verdict]:<17}", **style_of(row.verdict))
    click.echo(f"{word} {row.name:<29} {row.said}")


def style_of(verdict: str) -> dict:
    words = STYLES[verdict].split()
    return {"fg": words[-1], "bold": "bold" in words}


def hide_password(engine: str) -> str:
    """A URL without user and password; any other name as it is."""
    if "://" not in engine:
        return engine
    parts = urlsplit(engine)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
