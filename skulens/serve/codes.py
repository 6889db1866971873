"""Codes of problems: what the server says of an error, and what its client makes of it again."""

from skulens.errors import (
    DataError,
    EncoderError,
    MissingDependency,
    MissingFile,
    PictureError,
    SkulensError,
    StoreBusy,
    StoreError,
    UnknownName,
)
from skulens.filters import FilterError

KINDS: tuple[tuple[type[SkulensError], int, str, str], ...] = (
    (FilterError, 400, "bad-filter", "The filter cannot be used"),
    (UnknownName, 400, "unknown-name", "There is nothing of that name"),
    (PictureError, 422, "bad-picture", "A picture cannot be read"),
    (EncoderError, 422, "encoder", "The encoder cannot do that"),
    (DataError, 422, "bad-request", "The request makes no sense"),
    (MissingDependency, 501, "not-installed", "A package is not installed on the server"),
    (MissingFile, 503, "missing-file", "A file is missing on the server"),
    (StoreBusy, 409, "writer", "Another program writes to the store"),
    (StoreError, 503, "store", "The store cannot do that now"),
    (SkulensError, 400, "refused", "The request was refused"),
)
"""Class of an error -> status, code and title; the first that fits."""
BAD_BODY = "bad-body"
"""Code of a body that is not as the API describes it."""
CLASSES = {code: kind for kind, _, code, _ in KINDS} | {BAD_BODY: DataError}
"""Code -> the error that the server met."""
