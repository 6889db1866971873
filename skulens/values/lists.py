"""Several values written as one text: "sugar, salt (1,5 %), milk" -> its parts."""

_OPEN, _CLOSE = "([{", ")]}"


def split_list(text: str) -> tuple[str, ...]:
    """Parts between commas, semicolons, bullets and line ends, in order, each trimmed.

    What stands in brackets stays with its part; a comma between digits is a decimal one. A text
    without such a mark is one part; an empty one is none.
    """
    parts, start, depth = [], 0, 0
    for i, c in enumerate(text):
        if c in _OPEN:
            depth += 1
        elif c in _CLOSE:
            depth = max(0, depth - 1)
        elif depth == 0 and c in ",;\n•·、，" and not _decimal(text, i):
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return tuple(p for p in (part.strip(" .\t\r\n") for part in parts) if p)


def _decimal(text: str, i: int) -> bool:
    return text[i] == "," and text[i - 1 : i].isdigit() and text[i + 1 : i + 2].isdigit()
