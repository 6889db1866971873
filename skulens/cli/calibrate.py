"""`skulens calibrate`: when a checkout may answer by itself."""

import csv
import json
from pathlib import Path

import click

from skulens.cli.options import json_option


@click.command()
@click.argument("result", required=False)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder of results.",
)
@click.option("--encoder", "-e", help="The encoder whose result is taken, in place of RESULT.")
@click.option("--gallery", default="", help="Only this gallery: text, image or both.")
@click.option(
    "--precision", default=0.99, show_default=True, help="Share of the answers that must be right."
)
@click.option(
    "--confidence",
    default="auto",
    type=click.Choice(["auto", "score", "margin"]),
    show_default=True,
    help="score: of the first candidate; margin: over the second; auto: the better one on the choosing SKUs.",
)
@click.option(
    "--choose-on",
    "share",
    default=0.5,
    show_default=True,
    help="Share of the SKUs to choose the threshold on; the others test it.",
)
@click.option(
    "--unanswerable",
    default="leave out",
    type=click.Choice(["leave out", "wrong"]),
    show_default=True,
    help="Probes without a right product: left out, or any answer to them is wrong.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV file of the whole curve, both confidences.",
)
@click.option("--resamples", default=2000, show_default=True, help="Of the bootstrap.")
@click.option(
    "--seed", default=0, show_default=True, help="Of the bootstrap and of the split of the SKUs."
)
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
    out,
    resamples,
    seed,
    as_json,
) -> None:
    """From which confidence on may a checkout answer by itself?

    RESULT is a folder of results, its name, or an encoder. Prints risk against coverage with 95 % bands, and a
    threshold for the wanted precision, chosen on half of the SKUs and tested on the others.
    """
    from skulens.bench.store import one_stored
    from skulens.evaluate.calibration import CONFIDENCES, first_answers, promise, risk_coverage
    from skulens.report.export import read_qrels, read_run

    word = result or encoder
    if word is None or (result and encoder):
        raise click.UsageError(
            "expected either RESULT or --encoder NAME, such as `skulens calibrate mini`"
        )
    stored = one_stored(word, results, gallery)
    answers = first_answers(read_run(stored.folder), read_qrels(stored.folder), unanswerable)
    usable = ["score"] if confidence != "margin" and not has_margin(answers) else list(CONFIDENCES)
    kept = promise(
        answers,
        precision,
        usable[0] if len(usable) == 1 else confidence,
        share=share,
        resamples=resamples,
        seed=seed,
    )
    curves = [risk_coverage(answers, kind, resamples=resamples, seed=seed) for kind in usable]
    if out:
        write_curves(curves, out)
    if as_json:
        what = {
            "result": str(stored.folder),
            "encoder": stored.name,
            "gallery": stored.record["gallery"],
            "data": stored.record["data"],
        }
        counts = {
            "probes": len(answers),
            "tied_first": answers.tied,
            "unanswerable": answers.unanswerable,
        }
        click.echo(
            json.dumps(
                what
                | counts
                | {
                    "promise": kept.as_dict(),
                    "said": kept.said(),
                    "curves": [as_dict(c) for c in curves],
                },
                ensure_ascii=False,
            )
        )
        return
    show(stored, answers, curves, kept)
    if out:
        click.echo(f"curve: {out}")
    click.echo(kept.said())


def has_margin(answers) -> bool:
    import numpy as np

    return not np.isnan(answers.margin).any()


def known(x: float) -> float | None:
    """For JSON and CSV, which have no NaN or infinity."""
    return float(x) if abs(x) < float("inf") else None


def as_dict(curve) -> dict:
    columns = ("coverage", "threshold", "risk", "low", "high")
    numbers = {name: [known(x) for x in getattr(curve, name)] for name in columns}
    return {
        "confidence": curve.confidence,
        "aurc": curve.aurc.as_dict(),
        "excess_aurc": curve.excess.as_dict(),
        **numbers,
    }


def write_curves(curves, out: Path) -> None:
    """One row per confidence and coverage; an unknown number is an empty cell."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(["confidence", "coverage", "threshold", "risk", "risk_low", "risk_high"])
        for curve in curves:
            rows = zip(
                curve.coverage, curve.threshold, curve.risk, curve.low, curve.high, strict=True
            )
            writer.writerows(
                [curve.confidence, *("" if known(x) is None else f"{x:.9g}" for x in row)]
                for row in rows
            )


def show(stored, answers, curves, kept) -> None:
    """The curve of the confidence in use, how the two compare, and the threshold."""
    from rich.console import Console
    from rich.table import Table

    curve = next(c for c in curves if c.confidence == kept.confidence)
    title = f"{stored.name}, {len(answers)} probes of {curve.aurc.groups} SKUs -> {stored.record['gallery']}; confidence: {curve.confidence}"
    click.echo(title)
    table = Table()
    for column in ("coverage", "threshold", "risk [95 % band]", "precision"):
        table.add_column(column, justify="right")
    for i in range(9, len(curve.coverage), 10):
        band = f"[{curve.low[i]:.3f}, {curve.high[i]:.3f}]"
        table.add_row(
            f"{curve.coverage[i]:.0%}",
            f"{curve.threshold[i]:.4f}",
            f"{curve.risk[i]:.3f} {band}",
            f"{1 - curve.risk[i]:.3f}",
        )
    console = Console()
    Console(width=None if console.is_terminal else 150).print(table)
    for c in curves:
        click.echo(
            f"{c.confidence}: area under the curve {interval(c.aurc)}, in excess of a perfect order {interval(c.excess)}"
        )
    if len(curves) == 2:
        click.echo(compared(*curves))
    if answers.tied:
        click.echo(
            f"{answers.tied} probes have two products on the first place: the larger id is answered, and the margin is 0"
        )
    if answers.unanswerable:
        click.echo(f"{answers.unanswerable} probes have no right product")
    for name, part in (("chosen on", kept.chosen), ("tested on", kept.tested)):
        if part is not None and kept.threshold is not None:
            click.echo(
                f"threshold {kept.threshold:.6g}, {name} {part.skus} SKUs: coverage {interval(part.coverage)}, precision {interval(part.precision)}, "
                f"at least {part.at_least:.3f}; {part.precision.n} answers on {part.skus_answered} SKUs"
            )


def interval(x) -> str:
    from skulens.report.words import write_interval

    return write_interval(x)


def compared(one, other) -> str:
    """Which of two confidences of the same answers is better, by the paired interval of their areas."""
    import numpy as np

    difference = other.aurc.value - one.aurc.value
    low, high = np.quantile(other.areas - one.areas, [0.025, 0.975])
    first = other if difference < 0 else one
    sure = (
        "is the better confidence"
        if low > 0 or high < 0
        else "is not told apart from the other, though its area is the smaller"
    )
    return f"{first.confidence} {sure}: {other.confidence} - {one.confidence} = {difference:+.4f} [{low:+.4f}, {high:+.4f}]"
