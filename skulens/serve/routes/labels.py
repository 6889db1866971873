"""Labels of photos."""

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from skulens.errors import DataError, MissingDependency, PictureError
from skulens.pictures import decode
from skulens.records import Image, Product
from skulens.serve.answering.writing import write_json
from skulens.serve.bodies.labels import Place, ReadAnswer, ReadBody, write_reading
from skulens.serve.bodies.problems import answers
from skulens.serve.pictures.catalogue import Catalogue
from skulens.serve.pictures.given import check_pixels, crop, read_data_uri
from skulens.serve.settings import Settings
from skulens.serve.state import catalogue_of, service_of
from skulens.serve.work.service import Service, busy

if TYPE_CHECKING:
    from skulens.extract.labels import LabelReader, LabelReading

router = APIRouter(tags=["labels"])
WAITING = 8
"""Photos that may wait to be read: each takes seconds."""


class Desk:
    """Reads one photo at a time; the reader is opened for the first one.

    Whoever waits holds no thread.
    """

    def __init__(self) -> None:
        self._reader: LabelReader | None = None
        self._turn, self._inside = asyncio.Lock(), 0
        self._one = threading.Lock()  # a reading whose client has gone goes on in its thread

    async def read(self, service: Service, body: ReadBody, catalogue: Catalogue) -> bytes:
        """JSON of a reading.

        Raises:
            Problem: 429, too many wait; 404, no such picture. DataError: neither photo nor product.
            PictureError: no picture. MissingDependency: a package that reads.
        """
        if self._inside > WAITING:
            raise busy()
        self._inside += 1
        try:
            async with self._turn:
                return await service.run(lambda: self._read(body, service.settings, catalogue))
        finally:
            self._inside -= 1

    def _read(self, body: ReadBody, settings: Settings, catalogue: Catalogue) -> bytes:
        data = find_picture(body, catalogue)
        check_pixels(data, settings.picture_pixels)
        size = decode(data).size
        image = crop(data, body.region, "image") if body.region else Image(data=data)
        with self._one:
            if self._reader is None:
                self._reader = open_reader()
            product = Product("photo", images=(image,), extras={"languages": body.languages})
            [reading] = self._reader.read_labels([product])
        return write_json(self._write(reading, body, size, hashlib.sha256(data).hexdigest()))

    def _write(
        self, reading: "LabelReading", body: ReadBody, size: tuple[int, int], sha256: str
    ) -> dict[str, Any]:
        if not reading.seen.sizes:
            reason = reading.rejects[0].reason if reading.rejects else "nothing was seen"
            raise PictureError(f"the photo cannot be read: {reason}; give another")
        names = dict.fromkeys(reading.seen.sizes, sha256)
        left, top = body.region[:2] if body.region else (0, 0)
        return write_reading(reading, size, sha256, Place(names, left, top))


def open_reader() -> "LabelReader":
    """Raises MissingDependency, naming the extra, where a package that reads is not installed."""
    try:
        from skulens.extract.labels import LabelReader
    except ModuleNotFoundError as e:
        raise MissingDependency(f"reading labels needs {e.name}: pip install 'skulens[ocr]'") from e
    return LabelReader()


def find_picture(body: ReadBody, catalogue: Catalogue) -> bytes:
    """The encoded picture that is meant."""
    if (body.image is None) == (body.product is None):
        raise DataError("expected either an image or a product, got both or neither")
    if body.product is not None:
        return catalogue.read(body.product, body.view or 0)
    if body.view is not None:
        raise DataError("`view` is about a product; leave it out beside an image")
    return read_data_uri(body.image or "", "image")


@router.post(
    "/v1/read",
    summary="Text, bar codes and facts of a photo, with their evidence",
    responses=answers(ReadAnswer, 400, 404, 422, 429, 501, 503),
)
async def read(
    body: ReadBody,
    request: Request,
    service: Service = Depends(service_of),
    catalogue: Catalogue = Depends(catalogue_of),
) -> Response:
    state = request.app.state
    if not hasattr(state, "desk"):
        state.desk = Desk()
    written = await state.desk.read(service, body, catalogue)
    return Response(written, media_type="application/json")
