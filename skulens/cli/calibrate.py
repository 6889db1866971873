"""`skulens calibrate`: when a checkout may answer by itself."""

import json
from pathlib import Path

import click

from skulens.cli.completion import RESULT, RESULTS
from skulens.cli.options import json_option


@click.command()
@click.argument("result", type=RESULT, required=False)
@click.option(
    "--results",
    type=RESULTS,
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)
@click.option(
    "--encoder", "-e", type=RESULT, help="The encoder whose result is taken, in place of RESULT."
)
@click.option("--gallery", default="", help="Only this gallery: text, image or both.")
@click.option(
    "--precision",
    type=click.FloatRange(min=0, max=1),
    default=0.99,
    show_default=True,
    help="Target precision: share of the answers that must be right.",
)
@click.option(
    "--confidence",
    default="auto",
    type=click.Choice(["auto", "score", "margin"]),
    show_default=True,
    help="score: of the first candidate; margin: over the second; "
    "auto: the better one on the calibration split.",
)
@click.option(
    "--choose-on",
    "share",
    type=click.FloatRange(min=0, max=1),
    default=0.25,
    show_default=True,
    help="Share of the SKUs in the calibration split; the others are held out.",
)
@click.option(
    "--unanswerable",
    default="wrong",
    type=click.Choice(["wrong", "leave out"]),
    show_default=True,
    help="Probes without a relevant product: any answer to them is wrong, or they are left out.",
)
@click.option(
    "--unseen",
    default="largest",
    type=click.Choice(["largest", "typical"]),
    show_default=True,
    help="How large a SKU that is always wrong, and was not seen, may be: as the largest seen, or "
    "(where photos per SKU are uneven, and wrong SKUs no larger than others) as a typical one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV file of the whole curve, both confidences.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    help="Of the bootstrap.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the bootstrap and of the split of the SKUs.",
)
@click.option("--suite", default="", help="Only results of this suite, such as mpr.")
@json_option
def command(
    result,
    results,
    encoder,
    gallery,
    precision,
    confidence,
    share,
    unanswerable,
    unseen,
    out,
    resamples,
    seed,
    suite,
    as_json,
) -> None:
    """From which confidence on may a checkout answer by itself?

    RESULT is a folder of results, its name, or an encoder. Prints risk against coverage with 95 %
    bands, and a threshold for the target precision, chosen on a quarter of the SKUs and evaluated
    on the held-out others. Every attempt on the same probes (seed, split, target) is counted, and
    the next one held to a stricter bound.
    """
    from skulens.analysis.calibrate import calibrate_result
    from skulens.bench.naming import find_result
    from skulens.report.calibration import make_record, print_calibration, write_curves

    word = result or encoder
    if word is None or (result and encoder):
        raise click.UsageError(
            "expected either RESULT or --encoder NAME, such as `skulens calibrate mini`"
        )
    found = calibrate_result(
        find_result(word, results, gallery, suite),
        precision,
        confidence=confidence,
        share=share,
        unseen=unseen,
        without_relevant=unanswerable,
        resamples=resamples,
        seed=seed,
    )
    if out:
        write_curves(found, out)
    if as_json:
        click.echo(json.dumps(make_record(found), ensure_ascii=False))
    else:
        print_calibration(found, out)
