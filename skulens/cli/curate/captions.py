"""`skulens curate captions`, `review-sheet`, `reviewed`: made by a model, checked, reviewed."""

import json
from pathlib import Path

import click

from skulens.cli.asking import engine_options
from skulens.cli.completion import DATA, ENCODER
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data

CLIP = "open_clip:ViT-B-32/openai"
"""The paper's limit is that of CLIP's text tower."""


@click.command("captions", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@engine_options
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder for the catalogue made."
)
@click.option(
    "--prompt",
    metavar="NAME or FILE",
    help="Template: a name of `skulens list prompts` or a file of your own. Default: the paper's, "
    "openmpr_caption.",
)
@click.option(
    "--encoder", "encoders", type=ENCODER, multiple=True, default=(CLIP,), show_default=True,
    help="A caption has to fit this encoder, by its own tokenizer; may be repeated.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(min=1),
    help="Most tokens, special ones included, in place of each encoder's own context length.",
)  # fmt: skip
@click.option(
    "--text", "texts", multiple=True,
    help="Text role that is compressed; may be repeated, joined in this order. Default: for "
    "OpenMPR's texts its two questions, else the first text that stands for a product.",
)  # fmt: skip
@click.option("--tag", "tag", multiple=True, help="Text role told as the tag or label, too.")
@click.option(
    "--attribute", "attributes", multiple=True,
    help="Attribute that the model is told; may be repeated. Default: those of brand, colour, "
    "size and shape.",
)  # fmt: skip
@click.option("--retries", default=2, show_default=True, type=click.IntRange(min=0),
              help="How often a caption that fails a check is asked for again, with the reasons.")  # fmt: skip
@click.option("--only-long", is_flag=True,
              help="Leave texts that fit as they are; the paper rewrites all.")  # fmt: skip
@click.option(
    "--keep", type=click.Choice(["source", "best", "none"]), default="source", show_default=True,
    help="What stands for a product whose captions all fail: its source text, the best caption "
    "(marked), or nothing.",
)  # fmt: skip
@click.option("--role", default="refined", show_default=True, help="Text role of the captions.")
@click.option("--start", help="How captions have to begin. Default: as the template says.")
@click.option(
    "--pictures", type=click.Choice(["refer", "copy"]), default="refer", show_default=True,
    help="refer: the folder names pictures where they lie (read it with --allow-outside); copy: "
    "it can be moved.",
)  # fmt: skip
@click.option("--queries/--no-queries", default=True, help="Carry queries and judgements over.")
@click.option("--sample", default=0, type=click.IntRange(min=0),
              help="Only so many products, drawn at random; 0 is all.")  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of samples."
)
@catalog_options
@json_option
def command(
    data,
    asking,
    out,
    prompt,
    encoders,
    limit,
    texts,
    tag,
    attributes,
    retries,
    only_long,
    keep,
    role,
    start,
    pictures,
    queries,
    sample,
    seed,
    map_,
    as_json,
) -> None:
    """Compress the texts of DATA into captions that fit an encoder.

    Each caption is checked: tokens, the brand, colour, size and shape of its source, and numbers,
    colours, names and claims that the source does not have. One that fails is asked for again
    with the reasons. OUT is a catalogue: `skulens bench mpr OUT` measures it. Nothing is asked
    twice: run the same command again to resume.
    """
    from skulens.curate.captions.captioner import PROMPT
    from skulens.curate.captions.files import Plan
    from skulens.curate.captions.make import Work, make_captions
    from skulens.curate.captions.sources import Settings
    from skulens.prompts.load import load_prompt

    work = Work(
        open_data(data, map_),
        load_prompt(prompt or PROMPT),
        count_tokens(encoders, limit),
        Settings(
            texts, tag, attributes, retries, only_long,
            temperature=None if asking.temperature is not None else 0.0,
            max_tokens=None if asking.max_tokens is not None else 0,
        ),
        Plan(role, keep, pictures, queries),
        start, sample, seed,
    )  # fmt: skip
    work.check()
    with asking.open("captions") as asked:
        if asking.batch is not None and work.captioner(asked).count_open(work.sources()):
            click.echo(json.dumps(asked.record()) if as_json else asked.last_line())
            return
        make_captions(work, asked.remembered if asking.batch else asked, out)
        finish(out, asked, as_json)


def count_tokens(names, limit: int | None) -> dict:
    """{encoder: (count_tokens, most tokens)}; raises where an encoder has no tokenizer here."""
    from skulens.cli.audit import token_counters

    counters, silent = token_counters(names)
    if silent:
        raise click.UsageError(f"captions cannot be checked for {'; '.join(silent)}")
    return {name: (count, limit or context) for name, (count, context) in counters.items()}


def finish(out: Path, asked, as_json: bool) -> None:
    """Sheets and page beside the captions, then what was made."""
    from skulens.curate.captions.files import read_captions, read_record
    from skulens.curate.captions.sheets import write_sheets
    from skulens.errors import DataError, StoreError
    from skulens.report.captions import print_captions, write_captions_page

    record, rows = read_record(out), read_captions(out)
    page = write_captions_page(record, rows, out / "review.html")
    try:
        sheets, note = write_sheets(rows, out), ""
    except (StoreError, DataError) as e:  # somebody has begun to review, or nothing is to be
        sheets, note = [], f"no review sheets written: {e}"
    made = {"folder": str(out), "page": str(page), "sheets": [str(s) for s in sheets]}
    if as_json:
        click.echo(json.dumps(record | made | {"asking": asked.record()}, ensure_ascii=False))
        return
    print_captions(record, out, (asked.last_line(), note))


@click.command("review-sheet")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--sample", default=250, show_default=True, type=click.IntRange(min=1),
              help="Captions to review; all where there are fewer.")  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sample."
)
@click.option("--order", "orders", multiple=True, type=click.IntRange(min=0), default=(1, 2), show_default=True,
              help="Seed of an order; one sheet for each.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for the sheets. Default: FOLDER.")  # fmt: skip
@json_option
def review_sheet(folder, sample, seed, orders, out, as_json) -> None:
    """Write sheets on which people pass or fail captions of FOLDER, made by `curate captions`.

    One sample in two orders, a sheet for each pass. Every column asks for the good case: answer
    yes or no (1 or 0), n/a where the source has no such thing.
    """
    from skulens.curate.captions.files import read_captions
    from skulens.curate.captions.sheets import read_sheet, write_sheets

    paths = write_sheets(read_captions(folder), out or folder, sample, seed, orders)
    n = len(read_sheet(paths[0]).rows)
    if as_json:
        click.echo(json.dumps({"sheets": [str(p) for p in paths], "captions": n}))
        return
    click.echo(
        f"{n:,} captions on {len(paths)} sheets: {', '.join(map(str, paths))}; fill them in, then "
        f"skulens curate reviewed {' '.join(map(str, paths))}"
    )


@click.command()
@click.argument(
    "sheets", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@json_option
def reviewed(sheets, as_json) -> None:
    """Evaluate filled SHEETS: pass rates with exact 95 % intervals, and agreement of two passes."""
    from skulens.curate.captions.reviewing import evaluate_sheets
    from skulens.curate.captions.sheets import read_sheet
    from skulens.report.review import print_review

    review = evaluate_sheets([read_sheet(path) for path in sheets])
    if as_json:
        click.echo(json.dumps(review.as_dict(), ensure_ascii=False))
        return
    print_review(review, click.echo)
