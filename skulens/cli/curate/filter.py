"""`skulens curate filter`: queries that break one of three principles are taken out."""

import json
from pathlib import Path

import click

from skulens.cli.asking import Asking
from skulens.cli.curate.engine import asking_line, optional_engine, work_with
from skulens.cli.options import catalog_options, json_option, open_data


@click.command("filter")
@click.argument("folder")
@optional_engine
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the catalogue with the queries kept.",
)  # fmt: skip
@click.option(
    "--ask-all", is_flag=True,
    help="Ask about queries that the catalogue decides, too, and report how often model and "
    "catalogue agree; the catalogue's verdict counts.",
)  # fmt: skip
@click.option("--undecided", type=click.Choice(["drop", "keep"]), default="drop", show_default=True,
              help="Queries on which nobody has a verdict.")  # fmt: skip
@click.option("--language", default="en", show_default=True,
              help="Language of the catalogue's attribute values.")  # fmt: skip
@click.option("--retries", default=2, show_default=True, type=click.IntRange(min=0),
              help="How often an answer that cannot be used is asked for again.")  # fmt: skip
@catalog_options
@json_option
def command(
    asking: Asking | None, folder, out, ask_all, undecided, language, retries, map_, as_json
) -> None:
    """Filter the queries of FOLDER by MERIT's three principles, each with its reason.

    Non-omission: what is asked for is given. Vision-centric: what a picture shows is not written
    out. Accuracy: answers and references have the values asked for. The catalogue decides what it
    knows; --engine is asked about the rest. What is dropped stands in rejects.parquet.
    """
    from skulens.curate.asked.filter import Plan, filter_catalog

    if ask_all and asking is None:
        raise click.UsageError("--ask-all asks a model: name it by --engine")
    plan = Plan(ask_all, undecided == "keep", language, retries)

    def tell(made, asked) -> None:
        record = json.loads((out / "filtering.json").read_text(encoding="utf-8"))
        if as_json:
            more = {"asking": asked.record()} if asked else {}
            click.echo(json.dumps({"folder": str(out), **record, **more}))
            return
        for state, count in record["states"].items():
            click.echo(f"{count:9,}  {state}")
        for reason, count in record["failing"].items():
            click.echo(f"{count:9,}  fail {reason}")
        for line in map(agreement_line, made.agreements):
            click.echo(line)
        click.echo(asking_line(asked))
        kept = made.states["kept"] + (made.states["undecided"] if plan.keep_undecided else 0)
        click.echo(
            f"{kept:,} of {len(made.queries):,} queries kept: {out}; next: "
            f"skulens curate split {out}"
        )

    work_with(
        asking,
        "filter",
        lambda chat: filter_catalog(open_data(folder, map_), chat, out, plan),
        tell,
        as_json,
    )


def agreement_line(agreement) -> str:
    """ "accuracy: model and catalogue agree on 93.0 % [88.1, 96.2] of 120 queries; ..." """

    def share(interval) -> str:
        if not interval.n:
            return "none"
        ends = f" [{interval.low:.1%}, {interval.high:.1%}]" if interval.known else ""
        return f"{interval.value:.1%}{ends} of {interval.n:,}"

    return (
        f"{agreement.principle}: model and catalogue agree on {share(agreement.agrees)}; the model "
        f"finds {share(agreement.caught)} that fail and passes {share(agreement.passed)} that hold"
    )
