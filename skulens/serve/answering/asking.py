"""A body of `POST /v1/search` -> a request of the house, and back: an answer that goes out counts
parts and conditions as the body does, not as the request (`search.draft.Draft`)."""

from collections.abc import Mapping

import numpy as np

from skulens.errors import DataError, PictureError
from skulens.pictures import decode
from skulens.records import Image
from skulens.search.answers import Answer
from skulens.search.draft import SKU, Draft, Given, GivenVector
from skulens.search.request import Request, finish_request
from skulens.serve.answering.bounds import check_search
from skulens.serve.answering.writing import Places, write_answer
from skulens.serve.bodies.search import ConditionBody, PartBody, SearchBody
from skulens.serve.pictures.catalogue import UNREADABLE, Catalogue
from skulens.serve.pictures.given import check_pixels, crop, read_data_uri
from skulens.serve.problems import Problem
from skulens.serve.settings import Settings

KINDS = ("image", "text", "product", "vector")
OPTIONS = [n for n in SearchBody.model_fields if n not in ("item", "conditions", "where", "k")]
"""Fields of a body that are options of a request too; none of them holds models, so that they are
taken as they are."""


class Asking:
    """One body on its way to an answer.

    Args:
        catalogue: has the pictures of products.
        pictures: what a part may name instead of a data: address -> encoded bytes.
    """

    def __init__(
        self,
        body: SearchBody,
        settings: Settings,
        catalogue: Catalogue,
        pictures: Mapping[str, bytes] = {},
    ):
        self.body, self.settings, self.catalogue = body, settings, catalogue
        self.pictures = pictures
        self._places = Places()
        self.made = False
        """Whether the body makes a request."""
        self._shown: dict[int, Image] = {}
        """Position in the body's item -> the picture that is searched with."""

    def make(self) -> Request:
        """The request; pictures are decoded only where a region of them is wanted.

        Raises:
            DataError, FilterError: see `search.request.make_request`.
            Problem: a picture that cannot be read, with its position.
        """
        body = self.body
        check_search(body, self.settings)
        draft, places = Draft(), self._places
        for place, part in enumerate(body.item):
            given = self._read(part, place)
            if isinstance(given, Image):
                self._shown[place] = given
            wanted = {n: c for n, c in enumerate(body.conditions) if c.part == place}
            for n, condition in (wanted or {-1: ConditionBody(part=place, key="")}).items():
                parts, conditions = len(draft.parts), len(draft.conditions)
                add_part(draft, part, given, condition)
                places.items |= dict.fromkeys(range(parts, len(draft.parts)), place)
                for own in range(conditions, len(draft.conditions)):
                    places.conditions[own], places.about[own] = n, place
        options = {name: getattr(body, name) for name in OPTIONS if name in body.model_fields_set}
        request = finish_request(draft, body.where, body.k, {"without": body.without, **options})
        size = len(draft.parts)  # where a request counts products and vectors on
        places.items |= {size + own: place for own, place in places.about.items()}
        self.made = True
        return request

    def _read(self, part: PartBody, place: int) -> Given:
        try:
            return self._read_part(part, f"item[{place}]")
        except PictureError as e:
            raise bad_picture(place, str(e) if part.product is None else UNREADABLE) from e

    def _read_part(self, part: PartBody, name: str) -> Given:
        """What a part shows or says.

        Args:
            name: of the part, for messages.
        Raises:
            DataError: not one of KINDS, or what belongs to another; PictureError: no picture.
        """
        kinds = [kind for kind in KINDS if getattr(part, kind) is not None]
        if len(kinds) != 1:
            raise DataError(f"{name}: expected one of {', '.join(KINDS)}, got {kinds or 'none'}")
        check_company(part, kinds[0], name)
        if part.text is not None:
            return part.text
        if part.vector is not None:
            return GivenVector(np.array(part.vector, np.float32), part.maker or "")
        if part.product is not None and part.region is None:
            return SKU + part.product
        data = self._bytes_of(part, name)
        check_pixels(data, self.settings.picture_pixels)
        return crop(data, part.region, name) if part.region else Image(data=data)

    def _bytes_of(self, part: PartBody, name: str) -> bytes:
        """Of the picture given, or of the catalogue's."""
        if part.product is not None:
            return self.catalogue.read(part.product, part.view or 0)
        image = part.image or ""
        return self.pictures[image] if image in self.pictures else read_data_uri(image, name)

    def write(self, answer: Answer) -> bytes:
        """JSON of an answer."""
        return write_answer(answer, self._places)

    def blame(self) -> Problem | None:
        """The picture that cannot be decoded, where the request was made and yet has no answer; None
        where all can."""
        for place, picture in self._shown.items():
            try:
                decode(picture.read())
            except PictureError as e:
                return bad_picture(place, str(e))
        return None


def bad_picture(place: int, reason: str) -> Problem:
    detail = f"item[{place}] cannot be read: {reason}; give another picture"
    return Problem(422, "bad-picture", "A picture cannot be read", detail, part=place)


def add_part(draft: Draft, part: PartBody, given: Given, condition: ConditionBody) -> None:
    if part.text is not None:
        draft.say(given, condition.signed)
    else:
        key = "" if condition.relation == "whole" else condition.key.strip()
        draft.show(given, condition.signed, key)


def check_company(part: PartBody, kind: str, name: str) -> None:
    """Raise DataError for a field beside the kind of part that it means nothing to."""
    for field, kinds in (("region", ("image", "product")), ("view", ("product",)), ("maker", ("vector",))):  # fmt: skip
        if getattr(part, field) is not None and kind not in kinds:
            raise DataError(f"{name}: {field} belongs to {' or '.join(kinds)}, not to {kind}")
    if kind == "vector" and not part.maker:
        raise DataError(f"{name}: a vector needs its maker, as /v1/about names it")
