"""The vector columns of a store, and the encoders that fill them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skulens.documents import Schema, VectorColumn
from skulens.encode import OpenedEncoder, open_encoder
from skulens.encode.memo import Memo
from skulens.errors import EncoderError, SkulensError, StoreError
from skulens.protocols import Encoder

PICTURE, TEXT = "picture", "text"
"""Names of the columns that `index build` makes."""
VIEWS = {"mean": "image", "first": "first image"}
"""Which pictures of a product are embedded -> `VectorColumn.made_from`."""


@dataclass(frozen=True)
class ColumnMaker:
    """A column and the encoder that makes its vectors."""

    column: VectorColumn
    encoder: Encoder

    @property
    def modality(self) -> str:
        return "text" if self.column.made_from == "text" else "image"


def open_makers(
    encoder: str, text_encoder: str, views: str = "mean", memo: Memo | None = None
) -> tuple[ColumnMaker, ...]:
    """The columns asked for: "picture", "text" or both.

    Args:
        encoder: embeds pictures; text_encoder: embeds texts; "": no such column.
        views: of VIEWS.
    Raises:
        EncoderError: an encoder that lacks the modality.
        UnknownName: no such encoder.
    """
    if views not in VIEWS:
        raise EncoderError(f"unknown views {views!r}; expected one of {', '.join(VIEWS)}")
    opened = {name: open_encoder(name, memo=memo) for name in {encoder, text_encoder} - {""}}
    wanted = ((PICTURE, encoder, VIEWS[views]), (TEXT, text_encoder, "text"))
    return tuple(
        ColumnMaker(describe_column(column, opened[name], made_from), opened[name])
        for column, name, made_from in wanted
        if name
    )


def describe_column(name: str, encoder: OpenedEncoder, made_from: str) -> VectorColumn:
    """The column that an encoder would fill. Raises EncoderError where it lacks the modality."""
    info = encoder.info
    modality = "text" if made_from == "text" else "image"
    if modality not in info.modalities:
        other = "--text-encoder" if modality == "image" else "--encoder"
        raise EncoderError(
            f"{encoder.name} embeds {' and '.join(info.modalities)}, not {modality}s; "
            f"give it as {other}, or choose another"
        )
    made_by = absolute_name(encoder)
    return VectorColumn(name, info.dim, info.identity, made_by, info.modalities, made_from)


def absolute_name(encoder: OpenedEncoder) -> str:
    """The name under which an encoder is found from any folder: paths of its files are absolute.

    Not relative to the store: a store is moved or sent without the weights of its encoders more
    often than with them, and `open_column` says what to do then.
    """
    path, mark, rest = encoder.argument.partition("#")
    if encoder.family == "open_clip" or not path or not Path(path).exists():
        return encoder.name
    return f"{encoder.family}:{Path(path).absolute()}{mark}{rest}"


def open_column(column: VectorColumn, name: str = "", memo: Memo | None = None) -> OpenedEncoder:
    """The encoder of a column, to embed what is compared with it.

    Args:
        name: where it is now, if not where it was when the store was built.
    Raises:
        StoreError: it cannot be opened here, or is not the one that made the column.
    """
    wanted = name or column.encoder
    hint = f"give the same model under the name it has here: --encoder {column.name}=NAME"
    try:
        encoder = open_encoder(wanted, memo=memo)
        identity = encoder.info.identity
    except (SkulensError, OSError) as e:
        raise StoreError(
            f"the column {column.name!r} was made by {column.encoder}, and {wanted} cannot be "
            f"opened here ({e}); {hint}"
        ) from e
    if identity != column.maker:
        raise StoreError(
            f"{wanted} is not what made the column {column.name!r} (other weights, packages or "
            f"settings than {column.encoder} had when the store was built); {hint}, or build the "
            "store anew"
        )
    return encoder


def complete_makers(
    makers: Sequence[ColumnMaker], schema: Schema, memo: Memo | None = None
) -> tuple[ColumnMaker, ...]:
    """The makers of every column of a store: those given, and for the others those it names.

    Without them a product that changes would lose its vectors there.
    """
    given = {maker.column.name for maker in makers}
    others = (column for column in schema.vectors if column.name not in given)
    return (*makers, *(ColumnMaker(column, open_column(column, memo=memo)) for column in others))
