"""`skulens curate pictures`, `calibrate-pictures`: which pictures show their product well."""

import json
import sys
from pathlib import Path

import click

from skulens.cli.completion import DATA
from skulens.cli.options import DATA_HELP, catalog_options, json_option, open_data
from skulens.cli.progress import watch

DEFAULT = ("size", "blur", "clutter", "text", "watermark")
scores_option = click.option(
    "--score", "names", multiple=True, metavar="NAME",
    help="A row of `skulens list picture-scores`, such as ocr-text:rapidocr; may be repeated.  "
    f"[default: {', '.join(DEFAULT)}]",
)  # fmt: skip


def read_limits(_ctx, _param, given: tuple[str, ...]) -> dict[str, float]:
    """("blur=0.4",) -> {"blur": 0.4}."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise click.BadParameter(
                f"expected SCORE=NUMBER such as blur=0.4, got {text!r}"
            ) from None
    return found


@click.command("pictures", epilog=DATA_HELP)
@click.argument("data", type=DATA)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the tables.",
)  # fmt: skip
@scores_option
@click.option("--limit", "limits", multiple=True, callback=read_limits, metavar="SCORE=NUMBER",
              help="What is beyond it fails; may be repeated.  [default: the score's own]")  # fmt: skip
@click.option("--rank-by", default="", metavar="SCORE",
              help="What puts pictures that fail equally little in order.  [default: the seller]")  # fmt: skip
@catalog_options
@json_option
def command(data, out, names, limits, rank_by, map_, as_json) -> None:
    """Score the pictures of DATA, and choose the best one of each product.

    The limits are for products on a plain background; give your own by --limit, and see
    `skulens curate calibrate-pictures`.
    """
    from skulens.curate.pictures.files import check_folder, select_pictures
    from skulens.curate.pictures.select import open_scores

    check_folder(out)
    opened = open_scores(names or DEFAULT, limits)
    catalog = open_data(data, map_)
    products = watch(catalog.products(), "products")
    record = select_pictures(catalog, products, opened, out, rank_by)
    if as_json:
        click.echo(json.dumps({"folder": str(out)} | record, ensure_ascii=False))
        return
    for row in record["scores"]:
        limit = "ranks only" if row["limit"] is None else f"limit {row['limit']:g}"
        click.echo(f"{row['score']:<12} {row['failed']:>8,} fail  ({limit})")
    click.echo(
        f"{record['duplicates']:,} repeat a picture of their product, "
        f"{record['like_another_product']:,} are nearly those of another product, "
        f"{record['unreadable']:,} cannot be read"
    )
    click.echo(
        f"{record['pictures']:,} pictures of {record['products']:,} products, of which "
        f"{record['products_that_pass']:,} have one that passes; {record['rejects']:,} rejects: "
        f"{out}"
    )


@click.command("calibrate-pictures", epilog=DATA_HELP)
@click.argument("tuning")
@click.argument("held_out")
@scores_option
@click.option("--share", default=0.05, show_default=True,
              type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Undegraded pictures of TUNING that may fail.")  # fmt: skip
@click.option("--most", default=0, type=click.IntRange(min=0),
              help="Most pictures of each catalogue; 0 is all.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the faults; HELD_OUT gets the next one.")  # fmt: skip
@catalog_options
@json_option
def calibrate_pictures(tuning, held_out, names, share, most, seed, map_, as_json) -> None:
    """Choose limits on the pictures of TUNING, and judge them on those of HELD_OUT.

    Blur, clutter, text and watermarks are drawn on good pictures, so that the truth is known. One
    picture per SPU; intervals are exact. Both catalogues show products on a plain background.
    """
    from skulens.curate.pictures.calibrate import check_enough, first_pictures, judge, score_all
    from skulens.curate.pictures.select import open_scores
    from skulens.progress import Bar

    scores = open_scores(names or DEFAULT[1:], {}).scores
    halves = []
    for number, data in enumerate((tuning, held_out)):
        pictures = first_pictures(open_data(data, map_).products(), most)
        check_enough(pictures, data)
        with Bar(total=len(pictures), unit=" pictures", delay=2, file=sys.stderr) as bar:
            halves.append(score_all(pictures, scores, seed + number, bar.update))
    judged = judge(halves[0], halves[1], scores, share)
    if as_json:
        click.echo(json.dumps({"judged": [j.as_dict() for j in judged]}))
        return
    click.echo(f"{'score':<10} {'fault':<10} {'limit':>7}  recall, false alarms, precision (%)")
    for j in judged:
        click.echo(
            f"{j.score:<10} {j.fault:<10} {j.limit:>7.3f}  "
            f"{j.recall}; {j.false_alarms}; {j.precision}"
        )
    click.echo(
        f"{len(judged)} pairs of score and fault judged on {held_out}; take a limit by "
        "skulens curate pictures DATA --limit SCORE=NUMBER"
    )
