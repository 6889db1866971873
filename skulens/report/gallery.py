"""What stands for the products of a gallery, and probes that it has no answer to, in words."""

from collections.abc import Iterable

from skulens.analysis.boards import unit_words
from skulens.bench.result import Result


def describe_gallery(result: Result) -> str:
    """text of 81 SKUs; image of 81 SKUs, 243 pictures joined; image of 81 SKUs, 81 of 243 pictures
    used"""
    kind, n = result.variant.get("gallery", ""), result.counts.get("gallery", 0)
    said = describe_pictures(result)
    return f"{kind} of {n} SKUs" + (f", {said}" if said else "")


def describe_pictures(result: Result) -> str:
    """243 pictures joined; 81 of 243 pictures used; empty where each product has one."""
    pictures, unused = pictures_of(result)
    if unused:
        return f"{pictures - unused:,} of {pictures:,} pictures used"
    return f"{pictures:,} pictures joined" if pictures > result.counts.get("gallery", 0) else ""


def pictures_of(result: Result) -> tuple[int, int]:
    """(pictures of the products, those of them that are not used); 0 where that is not known."""
    names = ("gallery_pictures", "gallery_pictures_unused")
    pictures, unused = (result.counts.get(name, 0) for name in names)
    return pictures, unused


def notes_on_gallery(results: Iterable[Result]) -> list[str]:
    """A sentence for each gallery that leaves out pictures, or answers of probes."""
    notes = []
    for result in results:
        pictures, unused = pictures_of(result)
        if unused and result.settings.get("shots") == "single":
            notes.append(
                f"note: {unused:,} of {pictures:,} gallery pictures are not used; "
                "leave out --shots single to join all pictures of a product"
            )
        if said := describe_unanswerable(result):
            notes.append(f"warning: {describe_gallery(result)}: {said}")
    return list(dict.fromkeys(notes))


def describe_unanswerable(result: Result) -> str:
    """4 of 7 probes (57 %) have no answer in the gallery and count as misses; empty where all have
    one."""
    n, of = result.counts.get("unanswerable_queries", 0), result.counts.get("units", 0)
    if not n or not of:
        return ""
    units, _ = unit_words(result)
    said = "has no answer in the gallery and counts as a miss"
    if n > 1:
        said = "have no answer in the gallery and count as misses"
    return f"{n:,} of {of:,} {units} ({write_percent(n / of)}) {said}"


def list_gallery_facts(result: Result, units: str) -> list[tuple[str, str]]:
    """(words, number) for the head of a page's section: pictures, and probes without an answer."""
    pictures, unused = pictures_of(result)
    found = []
    if unused:
        found.append(("gallery pictures used", f"{pictures - unused:,} of {pictures:,}"))
    elif pictures:
        found.append(("gallery pictures", f"{pictures:,}"))
    n, of = result.counts.get("unanswerable_queries", 0), result.counts.get("units", 0)
    if n and of:
        share = write_percent(n / of)
        found.append((f"{units} have no answer in the gallery", f"{n:,} ({share})"))
    return found


def write_percent(share: float) -> str:
    """57 %; a share that is not all of it never reads 100 %, one above 0 never 0 %."""
    if 0 < share < 0.01:
        return "under 1 %"
    return f"{min(round(100 * share), 99 if share < 1 else 100)} %"
