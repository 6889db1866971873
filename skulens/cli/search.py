"""`skulens search`: find products of a store."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import click

from skulens.cli.options import json_option

if TYPE_CHECKING:
    from skulens.search.answers import Answer
    from skulens.search.shop import Shop

SLOW_S = 2
"""Seconds of silence before it is said that something is at work."""
PLACE = re.compile(r"(photo|text)([1-9]\d*)?")
"""What `--weight` calls the parts of a query: photo2, text1; photo is photo1."""


def read_pairs(_ctx, param: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str]]:
    """--like collar=b.jpg -> ("collar", "b.jpg")."""
    pairs = [pair.partition("=") for pair in given]
    for pair, (key, _, value) in zip(given, pairs, strict=True):
        if not (key and value):
            raise click.BadParameter(f"expected {param.metavar}, got {pair!r}")
    return [(key, value) for key, _, value in pairs]


def read_numbers(_ctx, param: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    """--weight photo2=-0.5 -> {"photo2": -0.5}; where a bare number is allowed, {"": number}."""
    found = {}
    for pair in given:
        name, sign, number = pair.rpartition("=")
        try:
            if not (name if sign else param.name == "least"):
                raise ValueError(pair)
            found[name] = float(number)
        except ValueError:
            raise click.BadParameter(
                f"expected {param.metavar} with a number, got {pair!r}"
            ) from None
    return found


def read_json(_ctx, _param, given: str | None) -> str:
    """JSON as it was typed, or that of the file that was named."""
    if given is None:
        return "[]"
    if given.lstrip()[:1] in ("{", "["):
        return given
    try:
        return Path(given).read_text(encoding="utf-8")
    except (OSError, ValueError) as e:
        raise click.BadParameter(f"expected JSON or a file of it: {e}") from None


def weigh(
    photos: tuple[str, ...],
    texts: tuple[str, ...],
    likes: list[tuple[str, str]],
    weights: dict[str, float],
) -> dict[str, list]:
    """Photos, texts and conditions with their weights, as `Shop.search` takes them.

    Raises:
        click.BadParameter: a weight of something that was not given.
    """
    known = {f"photo{n}" for n in range(1, len(photos) + 1)}
    known |= {f"text{n}" for n in range(1, len(texts) + 1)} | {key for key, _ in likes}
    named = {}
    for name, weight in weights.items():
        place = PLACE.fullmatch(name)
        full = f"{place[1]}{place[2] or 1}" if place else name
        if full not in known:
            raise click.BadParameter(
                f"--weight {name}: expected one of {', '.join(sorted(known)) or 'nothing'}"
            )
        named[full] = weight
    return {
        "photo": [(photo, named.get(f"photo{n}", 1.0)) for n, photo in enumerate(photos, 1)],
        "text": [(text, named.get(f"text{n}", 1.0)) for n, text in enumerate(texts, 1)],
        "like": [(key, photo, named.get(key, 1.0)) for key, photo in likes],
    }


@click.command()
@click.argument("store")
@click.option("--photo", "photos", multiple=True, metavar="FILE", help="A picture, or sku:ID for a product of the store; may be repeated.")  # fmt: skip
@click.option("--text", "texts", multiple=True, help="Words; may be repeated.")
@click.option("--like", "likes", multiple=True, callback=read_pairs, metavar="KEY=PHOTO", help="As KEY of a photo; may be repeated.")  # fmt: skip
@click.option("--weight", "weights", multiple=True, callback=read_numbers, metavar="PART=NUMBER", help="Of photo1, text2 or a KEY; below 0: away from it. [default: 1]")  # fmt: skip
@click.option("--where", default=None, help="Such as \"price < 30 and language in ('en', 'th')\".")
@click.option(
    "--k", type=click.IntRange(min=1), default=10, show_default=True, help="Products to show."
)
@click.option(
    "--offset",
    type=click.IntRange(min=0),
    default=0,
    help="Products to leave out before the first.",
)
@click.option("--fusion", type=click.Choice(["avg", "cat", "seq"]), default="avg", show_default=True, help="Of photos and texts into one vector.")  # fmt: skip
@click.option("--leg", "legs", multiple=True, callback=read_numbers, metavar="LEG=NUMBER", help='Weight of a vector column or of "words"; 0 leaves it out.')  # fmt: skip
@click.option("--by", type=click.Choice(["ranks", "scores"]), default="scores", show_default=True, help="How several legs become one order.")  # fmt: skip
@click.option("--least", multiple=True, callback=read_numbers, metavar="[LEG=]NUMBER", help="Score below which a leg finds nothing.")  # fmt: skip
@click.option(
    "--within",
    type=click.FloatRange(min=0, max=1),
    default=0.0,
    help="Share of the best score that others need, 0 to 1.",
)
@click.option("--sort", default="", metavar="[-]FIELD", help="Order of the relevant products; - for the largest first.")  # fmt: skip
@click.option(
    "--among",
    type=click.IntRange(min=0),
    default=0,
    help="How many of the most relevant are sorted.",
)
@click.option("--collapse", default="", metavar="FIELD", help="Show the best of those with equal values: spu.")  # fmt: skip
@click.option("--boost", "boosts", default=None, callback=read_json, metavar="JSON|FILE", help='Such as \'{"if": "extras.stock > 0", "weight": 1}\'.')  # fmt: skip
@click.option("--facet", "facets", multiple=True, metavar="FIELD", help="Count its values; may be repeated.")  # fmt: skip
@click.option("--disjunctive", is_flag=True, help="Count values of a facet as if --where said nothing of its field.")  # fmt: skip
@click.option("--facts", type=click.Choice(["off", "explain", "prefer", "require"]), default="explain", show_default=True, help="What known attributes do with conditions.")  # fmt: skip
@click.option("--codes/--no-codes", default=True, help="Read bar codes in photos.")
@click.option("--exact", is_flag=True, help="Compare with every vector, whatever index there is.")
@click.option("--exclude", multiple=True, metavar="ID", help="A product that may not be found.")
@click.option("--keep-shown", is_flag=True, help="Products given as sku:ID may be found.")
@click.option("--encoder", "encoders", multiple=True, callback=read_pairs, metavar="COLUMN=NAME", help="Where the model file of a vector column lies now.")  # fmt: skip
@click.option("--calibration", type=click.Path(exists=True, dir_okay=False), default=None, metavar="FILE", help="Of `skulens calibrate --json`: says whether the product is there at all.")  # fmt: skip
@click.option("--show", multiple=True, metavar="FIELD", help="A field to print beside the title; may be repeated.")  # fmt: skip
@click.option("--why", is_flag=True, help="Say of each product why it was found.")
@click.option("--regions", is_flag=True, help="Mark where in its picture a product resembles the query (with --why, --json or --html).")  # fmt: skip
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page with pictures.")  # fmt: skip
@click.option("--thumbnails", is_flag=True, help="Put thumbnails into --json, base64.")
@json_option
def command(
    store, photos, texts, likes, weights, show, why, regions, page, thumbnails, as_json, **asked
) -> None:
    """Find products of STORE by photos, words and conditions.

    \b
    skulens search shop.store --photo a.jpg --text red --where "price < 30"
    skulens search shop.store --like collar=b.jpg --like color=c.jpg --why
    skulens search shop.store --photo a.jpg --photo b.jpg --weight photo2=-0.5
    skulens search shop.store --where "price < 30" --sort price
    """
    from skulens.index.stores.where import find_column
    from skulens.search.shop import open_store

    given = weigh(photos, texts, likes, weights)
    options = {
        **{name: asked[name] for name in PASSED},
        "weights": asked["legs"],
        "references": "keep" if asked["keep_shown"] else "exclude",
        "without": True,
    }
    with waiting("opening the encoders and searching"):
        shop = open_store(store, encoders=dict(asked["encoders"]), calibration=asked["calibration"])
        fields = [find_column(name, shop.store.schema).field for name in show]
        answer = shop.search(**given, **options)
        if regions:
            from skulens.search.regions import find_regions

            answer = find_regions(shop, answer)
    if page is not None:
        from skulens.report.hits import write_hits

        write_hits(answer, page, data=shop.store.schema.data or store, empty=nothing(shop, answer))
    if as_json:
        click.echo(json.dumps(to_record(answer, page, thumbnails), ensure_ascii=False))
        return
    from skulens.report.hits_console import print_answer

    print_answer(answer, fields, why, nothing(shop, answer), page)


PASSED = (
    "where", "k", "offset", "fusion", "by", "least", "within", "sort", "among", "collapse",
    "boosts", "facets", "disjunctive", "facts", "codes", "exact", "exclude",
)  # fmt: skip
"""Options that `search.request.Request` calls by the same name."""


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner with seconds on stderr for what takes more than SLOW_S."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    progress.add_task(what)
    timer = Timer(SLOW_S, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        progress.stop()


def nothing(shop: "Shop", answer: "Answer") -> str:
    """Why there are no hits; empty where there are."""
    from skulens.report.why import explain_nothing

    if answer.hits:
        return ""
    return explain_nothing(answer, shop.store.count(), shop.store.count(answer.request.query.where))


def to_record(answer: "Answer", page: Path | None, thumbnails: bool) -> dict[str, Any]:
    """The object of --json: `Answer.to_record`, what was asked, and where the page is."""
    import base64

    from skulens.report.why import list_asked

    record = answer.to_record()
    if thumbnails:
        for row, hit in zip(record["hits"], answer.hits, strict=True):
            row["thumbnail"] = base64.b64encode(hit.thumbnail).decode()
    asked = [
        {"kind": one.kind, "words": one.words, "weight": one.weight}
        for one in list_asked(answer.request)
    ]
    return {"asked": asked, **record, "page": str(page) if page else None}
