"""Whether a gallery has any answer to what is asked; a wrong column of ids is noticed here."""

from collections.abc import Sequence

from skulens.encode.gallery import Gallery
from skulens.errors import DataError
from skulens.records import Query

NEEDED = {"text": "a text", "image": "a gallery picture", "both": "a text and a gallery picture"}
"""What puts a product into a gallery of a kind."""


def check_answers(queries: Sequence[Query], gallery: Gallery) -> None:
    """Raise DataError where the gallery has no answer to any query."""
    held = set(gallery.products)
    asked = [q for q in queries if q.answers]
    if not asked or any(not held.isdisjoint(q.answers) for q in asked):
        return
    wanted, shown = (
        ", ".join(map(repr, list(dict.fromkeys(ids))[:3]))
        for ids in ((p for q in asked for p in sorted(q.answers)), gallery.products)
    )
    raise DataError(
        f"the {gallery.kind} gallery has no answer to any of the {len(asked)} queries: they look "
        f"for {wanted}, and the gallery has {shown}; ids must be equal to the letter, and a product "
        f"needs {NEEDED.get(gallery.kind, 'an item')} to be in the gallery"
    )
