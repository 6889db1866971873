"""Text in pictures: one file per engine, and the one that routes by language."""

from skulens.protocols import TextReader
from skulens.registry import resolve

DEFAULT = "routed"


def open_text_reader(name: str = DEFAULT) -> TextReader:
    """A text reader by its registered name: "routed", "rapidocr", "tesseract".

    Raises:
        UnknownName: nothing has this name; names the nearest.
        MissingDependency: it needs a package that is not installed; names the extra.
        MissingFile: it needs a program that is not installed; names the system package.
    """
    head, _, argument = name.partition(":")
    reader = resolve("text_reader", head)
    return reader(argument) if argument else reader()
