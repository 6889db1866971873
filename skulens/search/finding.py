"""One request -> candidates in the order in which they are shown."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace

from skulens.documents import Hits
from skulens.protocols import Store
from skulens.records import Filter
from skulens.search import codes
from skulens.search.answers import Leg, Note
from skulens.search.arrange import Candidate, boost, collapse, cut_off, read_sort, sort_by
from skulens.search.conditions import Fact, ReadAttributes, find_facts, holding, required
from skulens.search.explain import Pass
from skulens.search.fuse import fuse_legs, terms_of
from skulens.search.legs import WORDS, coverage, deeper, depth_of, make_probes, weight_of
from skulens.search.notes import note_codes, note_order, note_parts
from skulens.search.request import MOST_K, Request
from skulens.search.vectors import Asked


class Search:
    """One request on its way to an answer; made, it knows what conditions and bar codes say.

    Args:
        asked: column -> what it is asked.
        attributes: reads attributes off photos that no product of the store has.
    Raises:
        FilterError: a field that the store lacks, or a value of another type.
    """

    def __init__(
        self,
        store: Store,
        request: Request,
        asked: Mapping[str, Asked],
        attributes: ReadAttributes | None = None,
    ):
        self.store, self.request, self.asked = store, request, asked
        self.where = request.query.where
        """The filter, with what conditions require."""
        self.strict: Filter | None = None
        """What conditions prefer."""
        self.facts: tuple[Fact, ...] = ()
        self.carriers: dict[str, str] = {}
        """Product -> its bar code in a photo."""
        self.notes: list[Note] = []
        self.passes: list[Pass] = []
        """The latest searches of all legs: as filtered, then with what is preferred."""
        self.legs: dict[str, Leg] = {}
        self._use_facts(attributes)
        if request.codes and request.photos and store.schema.field(codes.FIELD):
            self._read_codes()

    def _use_facts(self, attributes: ReadAttributes | None) -> None:
        request = self.request
        decide = request.facts in ("prefer", "require")
        if decide or (request.facts == "explain" and request.details):
            self.facts = find_facts(request, self.store, attributes)
        found = required(self.facts, self.store) if decide else None
        if request.facts == "require":
            self.where = join(self.where, found)
        else:
            self.strict = found
        if request.details:
            self.notes += note_order(request, self.facts)

    def _read_codes(self) -> None:
        if not codes.can_read():
            return
        read = (gtin for _, photo in self.request.photos for gtin in codes.read_gtins(photo))
        gtins = list(dict.fromkeys(read))
        hidden = self.request.hidden
        self.carriers = codes.find_carriers(gtins, self.store, self.where, hidden)
        self.notes += note_codes(gtins, self.carriers, self.where is not None)

    def find(self, least: int = 1) -> list[Candidate]:
        """Candidates in the order in which they are shown; deeper where variants take the places.

        Args:
            least: candidates of each leg, at least.
        Raises:
            DataError: no leg can read anything of the request.
        """
        request = self.request
        count = len(self.asked) + bool(request.text and weight_of(request, WORDS) > 0)
        if not count and self.carriers:  # a bar code is enough
            self.passes = [Pass({}, {})]
            return put_first([], self.carriers)[: request.reach]
        depth = max(depth_of(request, count), least)
        while True:
            gathered, full = self._gather(depth)
            kept = cut_off(gathered, request, [one.found for one in self.passes])
            shown = self._arrange(kept)
            short = len(shown) < request.reach and len(kept) == len(gathered)
            if not (request.collapse and short and full) or deeper(depth) == depth:
                return shown
            depth = deeper(depth)

    def browse(self) -> list[Candidate]:
        """Products that satisfy the filter, in the order of a field, else of their ids.

        Raises:
            FilterError: a field that the store lacks.
        """
        request, depth = self.request, self.request.reach
        self.passes = [Pass({}, {})]
        by, descending = read_sort(request.sort, self.store.schema) if request.sort else ("", False)
        while True:
            ids = self.store.select(self.allowed, depth, by, descending)
            shown = [Candidate(product, 0.0, 0.0) for product in ids]
            if request.collapse:
                shown = collapse(shown, request.collapse, self.store)
            short = len(shown) < request.reach and len(ids) == depth
            if not (request.collapse and short) or deeper(depth) == depth:
                return shown[: request.among] if request.among else shown
            depth = deeper(depth)

    @property
    def allowed(self) -> Filter | None:
        """The filter, without products that may not be found."""
        hidden = self.request.hidden
        return join(self.where, Filter("not", of=(Filter("in", "id", hidden),)) if hidden else None)

    def count(self, candidates: Sequence[Candidate]) -> int:
        """Products that pages are cut from; listed ones are not all selected to be counted."""
        request = self.request
        if request.browse and not (request.collapse or request.among):
            return self.store.count(self.allowed)
        return len(candidates)

    def count_found(self, where: Filter | None, least: Mapping[str, float]) -> int:
        """Products that are found under another filter and other least scores, up to MOST_K where
        they have to be searched to be counted."""
        if self.request.browse or (self.asked and not least):
            return self.store.count(where)
        other = copy(self)
        other.request = replace(self.request, k=MOST_K, offset=0, least=least, details=False)
        other.where, other.strict, other.notes, other.legs = where, None, [], {}
        return len(other.find())

    def best(self, most: int) -> list[float]:
        """Fused scores of the first candidates, before anything but the filter decides."""
        one = self.passes[0]
        return [score for _, score in fuse_legs(one.found, one.terms)[:most]]

    def _gather(self, depth: int) -> tuple[list[Candidate], bool]:
        """(what the legs find, fused; whether a leg may have more)."""
        one, full = self._search(self.where, depth)
        self.passes = [one]
        ranked = fuse_legs(one.found, one.terms)
        if self.strict is not None:
            strict, _ = self._search(join(self.where, self.strict), depth)
            self.passes.append(strict)
            known = {product for product, _ in ranked}
            further = fuse_legs(strict.found, strict.terms)
            ranked += [pair for pair in further if pair[0] not in known]
        return [Candidate(product, score, score) for product, score in ranked], full

    def _search(self, where: Filter | None, depth: int) -> tuple[Pass, bool]:
        request = self.request
        probes = make_probes(request, self.store.schema, self.asked, where, depth)
        found = {leg: self.store.search(probe) for leg, probe in probes.items()}
        weights = {leg: weight_of(request, leg) for leg in probes}
        if WORDS in found and len(found) > 1 and request.by == "scores":
            weights[WORDS] *= self._cover(found[WORDS])
        if not self.legs:
            self.legs = describe_legs(request, self.asked, found, weights)
            if request.details:
                self.notes += note_parts(request, self.store.schema, self.asked, list(probes))
        full = any(len(hits.ids) >= depth for hits in found.values())
        return Pass(found, terms_of(found, weights, request.by)), full

    def _cover(self, hits: Hits) -> float:
        """How much of the words the best of their hits has. Its score becomes 1 beside those of other
        legs; that is too much where "mach" was found in "peach"."""
        if not hits.ids:
            return 0.0
        [best] = self.store.fetch(hits.ids[:1], ["words"])
        return coverage(self.request.text, best.get("words", ""))

    def _arrange(self, candidates: list[Candidate]) -> list[Candidate]:
        """See `search.arrange` for the order of the steps."""
        request = self.request
        if request.boosts:
            candidates = boost(candidates, request.boosts, self.store)
        if request.facts == "prefer" and self.facts:
            candidates = self._prefer(candidates)
        if request.sort:
            candidates = sort_by(candidates, request.sort, self.store)
        if self.carriers:
            candidates = put_first(candidates, self.carriers)
        if request.collapse:
            candidates = collapse(candidates, request.collapse, self.store)
        return candidates

    def _prefer(self, candidates: list[Candidate]) -> list[Candidate]:
        """Those that satisfy more conditions first, equal ones in the order they have."""
        names = sorted({fact.column for fact in self.facts} - {""})
        held = self.store.fetch([c.id for c in candidates], names)
        counts = {c.id: holding(self.facts, f) for c, f in zip(candidates, held, strict=True)}
        return sorted(candidates, key=lambda c: -counts[c.id])


def join(where: Filter | None, further: Filter | None) -> Filter | None:
    """Both filters, as far as there are any."""
    if where is None or further is None:
        return where or further
    return Filter("and", of=(where, further))


def put_first(candidates: Sequence[Candidate], carriers: Mapping[str, str]) -> list[Candidate]:
    """Exact matches of bar codes before all others, those that no leg found too."""
    known = {c.id: c for c in candidates}
    first = [known.get(product) or Candidate(product, 0.0, 0.0) for product in carriers]
    for candidate in first:
        candidate.code = carriers[candidate.id]
    return first + [c for c in candidates if c.id not in carriers]


def describe_legs(
    request: Request,
    asked: Mapping[str, Asked],
    found: Mapping[str, Hits],
    weights: Mapping[str, float],
) -> dict[str, Leg]:
    """What an answer says of its legs."""
    texts = [i for i, part in enumerate(request.query.item.parts) if isinstance(part, str)]
    said = tuple(i for i in texts if i not in request.keys and request.weight_of(i) > 0)
    return {
        leg: Leg(
            leg,
            weights[leg],
            len(hits.ids),
            hits.how,
            asked[leg].parts if leg in asked else said,
        )
        for leg, hits in found.items()
    }
