"""Options that several commands share."""

from collections.abc import Callable

import click

DATA_HELP = "DATA is a folder or table of yours, or a dataset name of `skulens list datasets`."

OUTSIDE = "skulens.allow_outside"
GALLERY_PHOTOS = "skulens.gallery_photos"
"""Keys of the options' values in the context of a command."""


def mapping(_ctx, _param, pairs: tuple[str, ...]) -> dict[str, str]:
    """--map id=sku --map image=photo -> {"id": "sku", "image": "photo"}."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"expected FIELD=COLUMN, such as id=sku, got {pair!r}")
    return dict(pair.split("=", 1) for pair in pairs)


def note_outside(context: click.Context, _param, allowed: bool) -> None:
    """Keep the choice for `reader_options`."""
    context.meta[OUTSIDE] = allowed


def note_gallery_photos(context: click.Context, _param, photos: int | None) -> None:
    """Keep the number for `reader_options`."""
    context.meta[GALLERY_PHOTOS] = photos


def catalog_options(command: Callable) -> Callable:
    """Options on how a table is read: `map_` is passed on, the rest is for `reader_options`."""
    outside = click.option(
        "--allow-outside",
        is_flag=True,
        expose_value=False,
        callback=note_outside,
        help="Read pictures that your table names outside its own folder.",
    )
    columns = click.option(
        "--map",
        "map_",
        multiple=True,
        callback=mapping,
        metavar="FIELD=COLUMN",
        help="Column of your table that holds a field (id, title, image, split ...); "
        "may be repeated.",
    )
    photos = click.option(
        "--gallery-photos",
        type=click.IntRange(min=0),
        metavar="N",
        expose_value=False,
        callback=note_gallery_photos,
        help="Where the data do not say which photos stand in the gallery: the first N of each "
        "product; the others are probes.",
    )
    return columns(outside(photos(command)))


def json_option(command: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")(
        command
    )


def count_option(name: str, default: int, help: str, least: int = 1) -> Callable:
    """An option that takes a whole number from `least`."""
    kind = click.IntRange(min=least)
    return click.option(name, default=default, show_default=True, type=kind, help=help)


def patterns_options(command: Callable) -> Callable:
    about = "Sign patterns of the paired test, where there are too many to try all."
    seed = count_option("--seed", 0, "Of the random sign patterns.", least=0)
    return count_option("--patterns", 10_000, about, least=19)(seed(command))


def open_data(data: str, map_: dict[str, str], whole: bool = False):
    """The catalogue behind a DATA argument; what its reader has to say goes to stderr.

    Args:
        whole: with every photo among the pictures of its product.
    """
    from skulens.catalog.open import open_catalog
    from skulens.cli.progress import note

    catalog = open_catalog(data, **reader_options(map_))
    if whole:
        catalog = getattr(catalog, "with_all_pictures", lambda: catalog)()
    for sentence in getattr(catalog, "notes", ()):
        note(sentence)
    return catalog


def reader_options(map_: dict[str, str]) -> dict[str, object]:
    """What the options of `catalog_options` say to a reader; only what was typed."""
    context = click.get_current_context(silent=True)
    meta = context.meta if context is not None else {}
    photos = meta.get(GALLERY_PHOTOS)
    return (
        ({"map": map_} if map_ else {})
        | ({"allow_outside": True} if meta.get(OUTSIDE) else {})
        | ({"gallery_photos": photos} if photos is not None else {})
    )
