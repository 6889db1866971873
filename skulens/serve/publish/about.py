"""What a site says of itself: fields, examples, limits, whose work it carries."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from skulens import __version__
from skulens.documents import VectorColumn
from skulens.search.overview import describe_choices, pick_varied
from skulens.serve.answering.about import describe_shop
from skulens.serve.answering.writing import write_json
from skulens.serve.pictures.examples import MOST, check_examples
from skulens.serve.publish import runtime as pinned
from skulens.serve.publish.encoder import Tower
from skulens.serve.publish.job import Site, name_of
from skulens.serve.settings import Settings

VARIED = 24
"""Products that the page begins with."""


def write_examples(site: Site) -> list[dict[str, str]]:
    """Copy photos to try, as they are; what `about` says of them."""
    found: list[dict[str, str]] = []
    shutil.rmtree(site.folder / "examples", ignore_errors=True)
    for path, problem in check_examples(site.options.examples):
        if problem:
            site.notes.append(f"{path} is left out: {problem}")
        elif len(found) == MOST:
            site.notes.append(f"{site.options.examples}: the first {MOST} photos are shown")
            break
        else:
            copy = site.folder / "examples" / f"{len(found):02}{path.suffix.lower()}"
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)
            found.append({"photo": f"examples/{copy.name}", "name": path.stem})
    return found


def write_about(
    site: Site,
    fields: Sequence[Mapping[str, Any]],
    column: VectorColumn | None,
    photos: bool,
    examples: Sequence[Mapping[str, str]],
) -> bytes:
    """What the server says at /v1/about, of what a site has and can; and products to begin with."""
    choices = describe_choices(site.store)
    here = {f["field"] for f in fields if "values" in f or f["field"] in ("id", "title")}
    shown = [f for f in choices if f.column.field in here]
    can = {"photos": photos, "words": "titles", "read": False, "write": False, "pictures": False}
    about = describe_shop(site.store, shown, Settings(), pictures=False)
    about |= {"name": name_of(site), "can": can, "examples": [*about["examples"], *examples]}
    about["columns"] = [c for c in about["columns"] if column and c["name"] == column.name]
    return write_json({"about": about, "varied": pick_varied(site.store, VARIED, None, choices)})


def make_notice(site: Site, column: VectorColumn | None, tower: Tower | None) -> str:
    """Whose work the site carries."""
    said = [f"This site was made by skulens {__version__} (Apache-2.0), which wrote the page."]
    if tower is not None and column is not None:
        info = tower.encoder.info if tower.encoder is not None else None
        licence = info.licence if info is not None else "Apache-2.0"
        said += [
            f"encoder.onnx is the image tower of {column.encoder}; licence: {licence}.",
            f"ort.js and runtime.bin are {pinned.PACKAGE} {pinned.VERSION}; {pinned.LICENCE}.",
        ]
    said.append(f"Texts and pictures are those of {site.store.schema.data or 'the catalogue'}.")
    return "\n".join(said) + "\n"
