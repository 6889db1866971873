"""`skulens curate rewrite`: templated instructions in natural words."""

import json
from pathlib import Path

import click

from skulens.cli.asking import Asking, engine_options
from skulens.cli.curate.engine import asking_line, work_with
from skulens.cli.options import catalog_options, json_option, open_data


@click.command("rewrite")
@click.argument("folder")
@engine_options
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the catalogue with the rewritten queries.",
)  # fmt: skip
@click.option(
    "--prompt", default="", metavar="NAME or FILE",
    help="Template in place of merit_rewrite; its input is `statement`.",
)  # fmt: skip
@click.option(
    "--trait", is_flag=True,
    help="Let the model add a trait of the answer, as in the paper. Every other answer is then "
    "looked at, and those without the trait are no longer judged.",
)  # fmt: skip
@click.option("--verify", default=20, show_default=True, type=click.IntRange(min=1),
              help="Answers of a query that are looked at for an added trait.")  # fmt: skip
@click.option("--retries", default=2, show_default=True, type=click.IntRange(min=0),
              help="How often an answer that fails a check is asked for again, with the reasons.")  # fmt: skip
@catalog_options
@json_option
def command(asking: Asking, folder, out, prompt, trait, verify, retries, map_, as_json) -> None:
    """Rewrite the instructions of FOLDER, as `curate compose` or `curate expand` writes it.

    Pictures, titles and judgements stay. Each answer is checked: every product tag once and in
    order, class and attributes named, no value given away. A query whose answers all fail keeps its
    words and is tagged instruction=template. Nothing is asked twice: run it again to resume.
    """
    from skulens.curate.asked.rewrite import Plan, rewrite_catalog

    sampling = {} if asking.temperature is not None else {"temperature": 0}
    plan = Plan(trait, verify, retries, prompt, sampling)

    def work(chat):
        assert chat is not None, "--engine is required"
        return rewrite_catalog(open_data(folder, map_), chat, plan, out)

    def tell(made, asked) -> None:
        if as_json:
            record = json.loads((out / "rewriting.json").read_text(encoding="utf-8"))
            click.echo(json.dumps({"folder": str(out), **record, "asking": asked.record()}))
            return
        for attempt, count in sorted(made.passed_at.items()):
            click.echo(f"{count:9,}  passed all checks at attempt {attempt}")
        click.echo(f"{made.states['template']:9,}  kept the templated words (see rejects.parquet)")
        if trait:
            lost = sum(len(r.without) for r in made.queries)
            click.echo(f"{lost:9,}  answers without the added trait are unjudged now")
        click.echo(asking_line(asked))
        click.echo(
            f"{made.states['rewritten']:,} of {len(made.queries):,} queries rewritten: {out}; next: "
            f"skulens curate filter {out} --allow-outside --out FOLDER"
        )

    work_with(asking, "rewrite", work, tell, as_json)
