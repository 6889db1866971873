"""Which files beside an ONNX file hold its weights, read from its protobuf without onnx or torch.

A tensor may say that its bytes lie in another file, named relative to the model's folder
(onnx.proto: TensorProto.external_data, key "location"). Only messages that can hold a tensor are
entered, so the weights themselves are stepped over.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from skulens.errors import EncoderError

MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, SPARSE, FUNCTION, TRAINING = range(8)
CHILDREN = {
    MODEL: {7: GRAPH, 20: TRAINING, 25: FUNCTION},
    GRAPH: {1: NODE, 5: TENSOR, 15: SPARSE},
    NODE: {5: ATTRIBUTE},
    ATTRIBUTE: {5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE},
    SPARSE: {1: TENSOR, 2: TENSOR},
    FUNCTION: {7: NODE, 11: ATTRIBUTE},
    TRAINING: {1: GRAPH, 2: GRAPH},
}
"""Message -> field number -> the message that stands there (onnx.proto)."""
EXTERNAL_DATA = 13
"""Field of a tensor."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def external_files(path: Path) -> list[Path]:
    """The files that hold tensors of an ONNX file, sorted; empty where it holds all itself.

    Raises:
        EncoderError: the file is no ONNX model, or names a file outside its folder.
    """
    folder = path.parent.resolve()
    found: dict[Path, None] = {}
    for location in sorted(find_locations(path)):
        place = (folder / location).resolve()
        if not place.is_relative_to(folder):
            raise EncoderError(
                f"{path} keeps weights in {location!r}, outside its folder; put that file beside "
                "it and export it again, or save the model as one file"
            )
        found[place] = None
    return list(found)


def find_locations(path: Path) -> set[str]:
    """The locations that tensors of an ONNX file name. Raises EncoderError."""
    try:
        with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return set(_locations(data))
    except (ValueError, IndexError) as e:
        raise EncoderError(f"{path} is no ONNX model: {e}") from e


def _locations(data: mmap.mmap) -> Iterator[str]:
    todo = [(MODEL, 0, len(data))]
    while todo:
        message, start, end = todo.pop()
        for field, begin, stop in _fields(data, start, end):
            if message == TENSOR:
                if field == EXTERNAL_DATA:
                    entry = {n: data[a:b] for n, a, b in _fields(data, begin, stop)}
                    if entry.get(1) == b"location":
                        yield entry.get(2, b"").decode("utf-8")
            elif field in CHILDREN[message]:
                todo.append((CHILDREN[message][field], begin, stop))


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(number, begin, end) of each field of bytes. Raises ValueError where it is no protobuf."""
    at = start
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == VARINT:
            _, at = _varint(data, at)
        elif kind == BYTES:
            size, begin = _varint(data, at)
            at = begin + size
            if at > end:
                raise ValueError(f"a field of {size} bytes at {begin} ends after its message")
            yield tag >> 3, begin, at
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} at byte {at}")
    if at != end:
        raise ValueError(f"a field ends at {at}, after its message, which ends at {end}")


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    """(value, position after it). Raises ValueError, or IndexError at the end of the file."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError(f"a number of more than ten bytes at {at}")
