"""`skulens verify`: a table of claims against the pictures of a catalogue."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skulens.cli.options import DATA_HELP, json_option, mapping, note_outside, open_data

if TYPE_CHECKING:
    from skulens.catalog.claim_groups import ClaimGroups
    from skulens.catalog.verdict_files import VerdictFiles
    from skulens.extract.verifying import Verified
    from skulens.protocols import Catalog
    from skulens.verify.look import Looker

NO_TEXT = "none"
STOPPED = 130
"""Exit status after Ctrl-C."""


@click.command(epilog=DATA_HELP.replace("DATA", "--catalog"))
@click.argument("claims", type=click.Path(path_type=Path))
@click.option("--catalog", "data", required=True, metavar="DATA",
              help="The products with their pictures.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              default=Path("verdicts.parquet"), show_default=True,
              help="Table of verdicts, one row per claim; rows of CLAIMS that cannot be used go to "
              "OUT.rejects.jsonl.")  # fmt: skip
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="PAGE",
              help="Write a page with the wrong claims first, each with its evidence.")  # fmt: skip
@click.option("--text-reader", default="routed", show_default=True,
              help="Engine that reads text; see `skulens list text-readers`. none: bars alone.")  # fmt: skip
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Folder of what was read in pictures. Default: $SKULENS_CACHE.")  # fmt: skip
@click.option("--map", "map_", multiple=True, callback=mapping, metavar="FIELD=COLUMN",
              help="Column of CLAIMS that holds item, field, value, unit or language, or in a "
              "table with one column per field the field itself; may be repeated.")  # fmt: skip
@click.option("--catalog-map", multiple=True, callback=mapping, metavar="FIELD=COLUMN",
              help="Column of the catalogue's table that holds a field; may be repeated.")  # fmt: skip
@click.option("--allow-outside", is_flag=True, expose_value=False, callback=note_outside,
              help="Read pictures that the catalogue names outside its own folder.")  # fmt: skip
@json_option
def command(claims, data, out, html, text_reader, cache, map_, catalog_map, as_json) -> None:
    """Verify CLAIMS of anybody against the pictures of a catalogue.

    CLAIMS is a Parquet, CSV or JSONL table: one row per claim (item, field, value, unit), or one
    row per item and a column per field. Every claim gets a verdict: VC (the pictures confirm it),
    VI (they contradict it, or it breaks a rule of its field) or U (they do not decide), with the
    evidence. Pictures are read once and kept: run the same command again to resume.
    """
    from skulens.catalog.claim_groups import ClaimGroups
    from skulens.catalog.claim_rows import ClaimTable
    from skulens.catalog.verdict_files import VerdictFiles

    table, catalog = ClaimTable(claims, map_), open_data(data, catalog_map)
    looker = open_looker(text_reader, cache)
    with ClaimGroups() as groups, VerdictFiles(out, keep_off=claims) as files:
        groups.add(table.read(files.reject), files.reject)
        work = Work(catalog, groups, looker, files)
        stopped = work.run(html is not None)
        finish(work, table, claims, data, html, stopped, as_json)
    if stopped:
        sys.exit(STOPPED)


def open_looker(text_reader: str, cache: Path | None) -> "Looker":
    """Reads bars and, unless it is "none", text."""
    from skulens.errors import MissingDependency
    from skulens.files import cache_folder
    from skulens.verify.text import open_text_reader

    try:
        from skulens.verify.look import Looker
    except ModuleNotFoundError as e:
        raise MissingDependency(f"verify needs {e.name}: pip install 'skulens[ocr]'") from None

    text = None if text_reader == NO_TEXT else open_text_reader(text_reader)
    return Looker(text, cache=cache or cache_folder())


class Work:
    """Verifies item by item; what is done when it is stopped stays done."""

    def __init__(
        self, catalog: "Catalog", groups: "ClaimGroups", looker: "Looker", files: "VerdictFiles"
    ):
        from skulens.extract.verifying import Counts
        from skulens.report.verdicts import Page

        self.catalog, self.groups, self.looker, self.files = catalog, groups, looker, files
        self.counts, self.page = Counts(), Page()
        self.claims, self.items = groups.count()

    def run(self, with_page: bool) -> bool:
        """Verify all. Returns whether it was stopped by Ctrl-C."""
        try:
            for verified in self._verify():
                self.counts.add(verified)
                self.files.add(verified.told, verified.verdicts)
                for reject in verified.rejects:
                    self.files.reject(reject)
                if with_page:
                    self.page.add(verified)
        except KeyboardInterrupt:
            return True
        self._refuse_unknown()
        return False

    def _verify(self) -> "Iterator[Verified]":
        from skulens.extract.verifying import verify_claims_of
        from skulens.progress import Bar

        stream = verify_claims_of(self.catalog.products(), self.groups, self.looker)
        with Bar(
            stream, total=self.items, unit="item", delay=2, mininterval=0.5, leave=False,
            file=sys.stderr,
        ) as bar:  # fmt: skip
            for verified in bar:
                c = self.counts
                said = ", ".join(f"{c.total(label):,} {label}" for label in ("VC", "VI", "U"))
                bar.set_postfix_str(said, refresh=False)
                yield verified

    def _refuse_unknown(self) -> None:
        """Claims of items that the catalogue does not have."""
        from skulens.records import Reject

        name = self.catalog.info.name
        for told in self.groups.left():
            reason = f"the catalogue {name} has no product {told.claim.item[:80]!r}"
            todo = "correct the item, or name the column of the id: --map item=COLUMN"
            self.files.reject(Reject(told.where, told.claim.item, reason, todo))


def finish(work: Work, table, claims: Path, data: str, html, stopped: bool, as_json: bool) -> None:
    """Files into place; then what was made, and where."""
    from skulens.errors import DataError
    from skulens.report.verdicts import make_record, print_verdicts

    work.files.finish()
    counts, files = work.counts, work.files
    if not counts.items and not stopped:
        why = files.first[0] if files.first else None
        said = (
            f"; {files.rejects:,} rejects in {files.rejects_path}, the first: {why.reason}"
            if why
            else ""
        )
        raise DataError(f"no claim of {claims} can be verified on {data}{said}")
    record = make_record(counts, table, files, stopped)
    if html is not None:
        record["page"] = str(work.page.write(html, record, claims.name, Path(data).name))
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
    else:
        print_verdicts(record, files.first)
