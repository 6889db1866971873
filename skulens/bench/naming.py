"""A word that a person types -> the stored results that it means, and back.

mini                     all results of a system
mini@image               those against pictures
mini@image,shots=max     those of a variant; settings and dtype can be named, too
"mini (shots max)"       the same as a table prints it
results/mpr-...          a folder of one result, or of many
"""

from collections.abc import Sequence
from pathlib import Path

from skulens.bench.result import Result
from skulens.bench.store import RECORD, ResultStore, read_result
from skulens.errors import StoreError, UnknownName, unknown

SILENT = "open_clip"
"""The family whose pairs are clear without its name."""
KEYS = ("gallery", "shots", "fusion", "mode")
"""Settings that tell results of a system apart where their variants do not."""


def find_results(word: str, results: Path) -> list[Result]:
    """The results that a word means, newest last.

    Raises:
        StoreError: the store is empty.
        UnknownName: none is called so; names the nearest.
    """
    place = Path(word)
    for folder in (place, results / word):
        if (folder / RECORD).is_file() and not folder.resolve().name.startswith("."):
            return [read_result(folder)]
    if place.is_dir() and ResultStore(place).places():
        return ResultStore(place).results()
    stored = ResultStore(results).results()
    if not stored:
        raise StoreError(
            f"no results in {results}: measure with `skulens bench mpr DATA --encoder "
            f"{word.partition('@')[0]}`, or give --results DIR"
        )
    return pick(word, stored, f"in {results}", f"skulens results show --results {results}")


def pick(word: str, among: Sequence[Result], where: str, see: str) -> list[Result]:
    """The results that a word means of some, in their order.

    Args:
        where: what they are in, and see: where they are listed; for messages.
    Raises:
        UnknownName: none is called so; names the nearest.
    """
    if found := named(word, among) or find_label(word, among):
        return found
    name, at, values = word.rpartition("@")
    if at and (mine := named(name, among)):
        if found := [r for r in mine if all(says(r, v.strip()) for v in values.split(","))]:
            return found
        there = ", ".join(dict.fromkeys(address(r, mine) or str(r.folder) for r in mine))
        raise UnknownName(f"{name} was never measured with {values!r} {where}; it was: {there}")
    names = [r.name for r in among] + [r.folder.name for r in among if r.folder]
    raise unknown("result", word, dict.fromkeys(names), see)


def named(name: str, among: Sequence[Result]) -> list[Result]:
    """The results of the system of this name: as typed, as it calls itself, or as tables print
    it."""
    exact = [r for r in among if name == r.name] or [r for r in among if name == r.system.name]
    return exact or [r for r in among if name in (shorten(r.name), shorten(r.name, silent=SILENT))]


def shorten(name: str, *, silent: str = "") -> str:
    """A system's name as short as it stays clear: a path is cut to its last part.

    Args:
        silent: a family that is left out ("open_clip:RN50/openai" -> "RN50/openai").
    """
    family, colon, argument = name.rpartition(":")
    if family and family == silent:
        return argument
    local = argument.startswith((".", "/", "~")) or argument.count("/") > 1
    return family + colon + (Path(argument).name if local else argument)


def find_label(label: str, among: Sequence[Result]) -> list[Result]:
    """The results that tables call so: "mini (gallery image, shots max)"; empty where none is."""
    name, bracket, facts = label.removesuffix(")").partition(" (")
    if not bracket or not label.endswith(")"):
        return []
    wanted = [fact.strip().replace(" ", "=", 1) for fact in facts.split(", ")]
    return [r for r in named(name, among) if all(says(r, fact) for fact in wanted)]


def says(result: Result, value: str) -> bool:
    """Whether "image", "shots=max" or "bfloat16" is true of a result."""
    key, equals, wanted = value.partition("=")
    told = {k: str(result.settings[k]) for k in KEYS if k in result.settings}
    told |= {"dtype": getattr(result.system, "dtype", ""), "split": result.data.split}
    told |= {"suite": result.suite, "data": result.data.short, "texts": write_texts(result)}
    told |= result.variant
    return told.get(key) == wanted if equals else key in told.values()


def address(result: Result, among: Sequence[Result]) -> str:
    """The shortest word that means this result and, of the others, only older runs of the same
    thing; empty where none does."""
    rivals = [r for r in named(result.name, among) if same_thing(r) != same_thing(result)]
    words: list[str] = []
    facts = [("suite", result.suite), ("gallery", result.variant.get("gallery", ""))]
    facts += [("data", result.data.short)]
    facts += [(k, v) for k, v in result.variant.items() if k != "gallery"]
    facts += [(k, str(result.settings.get(k, ""))) for k in KEYS[1:] if k not in result.variant]
    facts += [("texts", write_texts(result))] if "texts" not in result.variant else []
    facts += [("dtype", getattr(result.system, "dtype", "")), ("split", result.data.split)]
    for key, value in facts:
        if not value or "," in value:
            continue
        fact = f"{key}={value}"
        left = [r for r in rivals if says(r, fact)]
        if len(left) < len(rivals):
            rivals = left
            words.append(value if key in ("suite", "gallery") else fact)
    if rivals:
        return ""
    return f"{result.name}@{','.join(words)}" if words else result.name


def same_thing(result: Result) -> tuple:
    """What runs of the same system on the same task have in common."""
    dtype = getattr(result.system, "dtype", "")
    return result.name, result.data.fingerprint, str(result.settings), result.suite, dtype


def write_texts(result: Result) -> str:
    """The text roles of a gallery, as a variant writes them; empty where it has none."""
    roles = result.settings.get("texts")
    if not isinstance(roles, list | tuple) or result.variant.get("gallery") == "image":
        return ""
    return "+".join(map(str, roles))


def find_result(word: str, results: Path, gallery: str = "", suite: str = "") -> Result:
    """The one result that a word means; of several runs of the same thing the newest.

    Raises:
        StoreError: it means several; names them.
    """
    found = [
        r
        for r in find_results(word, results)
        if gallery in ("", r.variant.get("gallery")) and suite in ("", r.suite)
    ]
    if not found:
        asked = f"--gallery {gallery} " * bool(gallery) + f"--suite {suite} " * bool(suite)
        raise StoreError(f"{word} was never measured with {asked}in {results}")
    newest = {same_thing(r): r for r in found}
    if len(newest) > 1:
        words = "\n  ".join(address(r, found) or str(r.folder) for r in newest.values())
        raise StoreError(f"{word} means {len(newest)} results; say which:\n  {words}")
    return next(iter(newest.values()))
