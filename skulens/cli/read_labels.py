"""`skulens read-labels`: bar codes, print and facts of product photos, each with its evidence."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from skulens.extract.labels import LabelReading

PAGE = Path("labels.html")
"""Written for several photos where nothing else was asked for."""


def split_fields(_ctx, _param, given: tuple[str, ...]) -> tuple[str, ...]:
    """--schema a,b --schema c -> (a, b, c), each a path, a prefix that ends in ".", or a key."""
    from skulens.values.fields import find_path

    wanted = [one.strip() for part in given for one in part.split(",") if one.strip()]
    return tuple(one if one.endswith(".") else find_path(one) for one in wanted)


def split_languages(_ctx, _param, given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.strip().lower() for part in given for one in part.split(",") if one.strip())


@click.command("read-labels")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--schema", "fields", multiple=True, callback=split_fields, metavar="FIELDS",
    help='Only these fields: paths, keys or prefixes, with commas ("gtin,origin,attributes.nutrition.").',
)  # fmt: skip
@click.option(
    "--language", "languages", multiple=True, callback=split_languages, metavar="CODE",
    help="Language of the print (en, vi, th ...); may be repeated. Left out: found line by line.",
)  # fmt: skip
@click.option("--together", is_flag=True,
              help="All photos show one product: what two of them show is confirmed.")  # fmt: skip
@click.option("--text-reader", default="routed", show_default=True,
              help="Engine that reads text; see `skulens list text-readers`.")  # fmt: skip
@click.option("--draw", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write each photo with its evidence boxes into this folder.")  # fmt: skip
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="PAGE",
              help="Write a page of all photos with boxes and facts.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True,
              help="Print JSON Lines, one object per photo; write nothing unless asked.")  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Neither read nor keep readings.")
def command(
    photos, fields, languages, together, text_reader, draw, html, as_json, no_cache
) -> None:
    """Read bar codes, text and facts in product photos, each with its evidence.

    PHOTOS are files or folders. Every value comes with a verdict: confirmed (VC: decoded, or read
    and backed by a witness), contradicted (VI) or undecided (U). Reading is cached by content: run
    the same command again to resume.
    """
    from skulens.catalog.photos import find_photos, products_of_photos
    from skulens.extract.labels import LabelReader
    from skulens.files import cache_folder

    found = find_photos(photos)
    reader = LabelReader(text_reader, cache=None if no_cache else cache_folder())
    outputs = Outputs(found, draw, html, as_json)
    products = products_of_photos(found, together, languages)
    total = 1 if together else len(found)
    try:
        for reading in progress(reader.read_labels(products, fields), total, outputs.quiet):
            outputs.take(reading)
    except KeyboardInterrupt:
        outputs.finish(reader.info.about.get("text", ""), stopped=True)
        sys.exit(130)
    outputs.finish(reader.info.about.get("text", ""))


def count(n: int, thing: str) -> str:
    """ "1 photo", "2 photos"."""
    return f"{n:,} {thing}{'s' * (n != 1)}"


def progress(readings, total: int, quiet: bool):
    from skulens.progress import Bar

    return Bar(
        readings, desc="labels", total=total, unit=" photos", delay=2, leave=False, file=sys.stderr,
        disable=quiet and not sys.stderr.isatty(),
    )  # fmt: skip


class Outputs:
    """What a run writes, photo by photo."""

    def __init__(self, photos: list[Path], draw: Path | None, html: Path | None, as_json: bool):
        from skulens.report.labels import Page

        self.photos, self.as_json, self.quiet = photos, as_json, as_json
        self.single = len(photos) == 1
        asked = draw is not None or html is not None or as_json
        self.html = html if asked else None if self.single else PAGE
        self.draw, self.draw_one = draw, self.single and not asked
        self.page = Page() if self.html else None
        self.counts = {"VC": 0, "U": 0, "VI": 0}
        self.taken = self.codes = self.rejected = 0
        self.written: list[Path] = []
        self.names: set[str] = set()

    def take(self, reading: "LabelReading") -> None:
        from skulens.report.labels import photos_of, to_record

        records = list(to_record(reading))
        for record, photo in zip(records, photos_of(reading, records), strict=True):
            self.taken += 1
            self.codes += len(record["codes"])
            self.rejected += bool(record["rejects"])
            for fact in record["fields"]:
                self.counts[fact["verdict"]] += 1
            size = tuple(record.get("size") or (1, 1))
            if self.as_json:
                click.echo(json.dumps(record, ensure_ascii=False))
            elif self.single:
                self.show(photo)
            if self.page is not None:
                self.page.add(photo, size)
            if self.draw is not None or self.draw_one:
                self.draw_to(photo, size)

    def show(self, photo) -> None:
        from skulens.report.console import show
        from skulens.report.labels import make_table

        for reject in photo.rejects:
            click.echo(f"{photo.path}: {reject.reason}; {reject.todo}", err=True)
        if photo.rows or photo.codes:
            show(make_table(photo))
        elif not photo.rejects:
            click.echo(
                f"{photo.path}: {count(len(photo.lines), 'line')} of text, no fact and no code found"
            )

    def draw_to(self, photo, size) -> None:
        from skulens.report.labels import draw_photo

        folder = self.draw or Path()
        name = stem = f"{Path(photo.path).stem}.labels"
        n = 1
        while name in self.names:
            n += 1
            name = f"{stem}-{n}"
        self.names.add(name)
        if path := draw_photo(photo, size, folder / f"{name}.jpg"):
            self.written.append(path)

    def finish(self, engine: object, stopped: bool = False) -> None:
        """The last line: what was read, and what was made and where."""
        if self.page is not None and self.html is not None:
            self.written.append(self.page.write(self.html, f"read by {engine}"))
        if self.as_json and not self.written:
            return
        c = self.counts
        said = (
            f"{count(self.taken, 'photo')}: {count(sum(c.values()), 'fact')}, "
            f"{c['VC']:,} confirmed, {c['U']:,} undecided, {c['VI']:,} contradicted"
        )
        if self.rejected:
            said += f"; {self.rejected:,} could not be read"
        if stopped:
            said = f"stopped after {said}; the same command goes on from here"
        if self.written:
            last = self.written[-1]
            made = (
                last
                if len(self.written) == 1 or self.page
                else f"{len(self.written):,} pictures in {last.parent}"
            )
            said += f" -> {made}"
        click.echo(said, err=self.as_json)
