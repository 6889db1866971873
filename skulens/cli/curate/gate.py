"""`skulens curate gate`: are composed queries hard enough, before any encoder sees them?"""

import json
import sys
from pathlib import Path

import click

from skulens.cli.options import json_option


@click.command("gate")
@click.argument("folder", type=click.Path(exists=True))
@click.option("--split", "splits", multiple=True,
              help="Whose queries; may be repeated. Default: all of the catalogue's.")  # fmt: skip
@json_option
def command(folder, splits, as_json) -> None:
    """Measure what the queries of FOLDER give away to systems that look at no picture.

    Chance, an oracle that knows some of the conditions, siblings, and BM25 over titles answer every
    query; figures are expected hit rates in percent, references excluded. The exit status is 1
    where a rule fails: knowing all conditions must be enough, knowing all but one must not.
    """
    from skulens.catalog.open import open_catalog, recognise
    from skulens.cli.progress import watch
    from skulens.curate.queries.gate import measure_difficulty

    # No picture is opened, so that it does not matter where they lie.
    outside = {"allow_outside": True} if recognise(Path(folder)) == "own" else {}
    catalog = open_catalog(folder, **outside)
    gate = measure_difficulty(catalog, splits, lambda q: watch(q, "queries", len(q)))
    if as_json:
        click.echo(json.dumps(gate.as_dict(), ensure_ascii=False))
    else:
        from skulens.report.gate import print_gate

        print_gate(gate)
    if gate.failed:
        sys.exit(1)
