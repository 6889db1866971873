"""Templated instructions -> natural words around the same products, each checked.

"Find a chair with the same color as <Product 1> ..." becomes what a shopper would say. Pictures,
titles, conditions and judgements stay as they are, so every answer of the model is checked
(`checks`) and asked again with the reasons; a query whose answers all fail keeps its words and is
marked. Judgements stay true because nothing is added.

With `trait` the model adds one more trait of an answer ("with a small logo"), as in the paper. Then
the other answers are right only if they have it, too: each is looked at (`merit_trait`), and those
that do not have it, or were not looked at, are unjudged afterwards. Without that step the
judgements would be wrong.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skulens.curate.asked.checks import Vocabulary, check_rewritten, new_words
from skulens.curate.asked.folders import made_by, read_queries, write_queries
from skulens.curate.asked.rounds import RETRIES, Judged, Rounds, Settled
from skulens.curate.asked.tagged import Tagged, read_tagged, with_text
from skulens.curate.queries.make import claim_folder
from skulens.errors import DataError
from skulens.prompts.load import Prompt, load_prompt
from skulens.protocols import Ask, Catalog, Chat, Reply
from skulens.records import Image, Product, Query, Reject, chunks

PROMPT, TRAIT_PROMPT, VERIFY_PROMPT = "merit_rewrite", "merit_rewrite_trait", "merit_trait"
TABLE, RECORD = "rewriting.parquet", "rewriting.json"
CHUNK = 20_000
"""Queries that are asked about at a time."""
REWRITTEN, KEPT = "rewritten", "template"
"""Of the tag "instruction"."""
LONGEST_TRAIT = 8
"""Words."""


@dataclass(frozen=True)
class Plan:
    """How queries are rewritten."""

    trait: bool = False
    """Let the model add a trait of the target, and look for it in the other answers."""
    verify: int = 20
    """Answers of a query that are looked at for the trait, the target first."""
    retries: int = RETRIES
    prompt: str = ""
    """A template of one's own in place of PROMPT or TRAIT_PROMPT."""
    sampling: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that passed the checks."""

    text: Tagged
    trait: str = ""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query, before and after.

    Attributes:
        after: the query in new words; as before where no answer passed.
        without: answers that lack the added trait, or were not looked at.
    """

    before: Query
    after: Query
    settled: Settled[Wording]
    new_words: tuple[str, ...] = ()
    trait: str = ""
    without: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return self.after.tags["instruction"]


@dataclass(frozen=True)
class Rewriting:
    """What a rewriting made."""

    folder: Path
    queries: Sequence[Rewritten]
    rejects: Sequence[Reject]

    @property
    def states(self) -> Counter[str]:
        return Counter(r.state for r in self.queries)

    @property
    def passed_at(self) -> Counter[int]:
        """Attempt -> queries whose answer passed then."""
        return Counter(r.settled.attempts for r in self.queries if r.state == REWRITTEN)


class Rewriter:
    """Asks for new words of queries.

    Args:
        products: id -> product; their pictures are shown where a trait is asked for.
    Raises:
        DataError: a prompt that asks for something else than a statement.
    """

    def __init__(self, chat: Chat, products: Mapping[str, Product], plan: Plan = Plan()):
        self.plan, self.products = plan, products
        self.rounds = Rounds(chat, plan.retries)
        self.prompt = load_prompt(plan.prompt or (TRAIT_PROMPT if plan.trait else PROMPT))
        self.verify = load_prompt(VERIFY_PROMPT)
        self.vocabulary = Vocabulary.of(products.values())
        self.rejects: list[Reject] = []

    def rewrite(self, queries: Sequence[Query]) -> Iterator[Rewritten]:
        """One for each query, in their order.

        Raises:
            Unanswered, ChatError: see `Rounds.ask`.
        """
        for chunk in chunks(queries, CHUNK):
            yield from self._rewrite_chunk(chunk)

    def _rewrite_chunk(self, queries: Sequence[Query]) -> Iterator[Rewritten]:
        texts: dict[str, Tagged] = {}
        asks: dict[str, Ask] = {}
        refused: dict[str, str] = {}
        for query in queries:
            try:
                texts[query.id] = read_tagged(query)
                asks[query.id] = self.make_question(query, texts[query.id])
            except DataError as e:
                refused[query.id] = str(e)
        by_id = {q.id: q for q in queries}
        settled = self.rounds.ask(asks, lambda name, r: self.judge(by_id[name], texts[name], r))
        having = self.find_trait({q.id: s for q in queries if (s := settled.get(q.id))}, by_id)
        for query in queries:
            if query.id in refused:
                settled[query.id] = Settled(None, (refused[query.id],))
            yield self.put(query, texts, settled[query.id], having.get(query.id))

    def make_question(self, query: Query, text: Tagged) -> Ask:
        """The first question about a query. Raises DataError where it has no picture to show."""
        pictures: list[Image] = []
        if self.plan.trait:
            pictures = [p for p in query.item.parts if isinstance(p, Image)]
            pictures.append(self.picture(target_of(query)))
        sampling = dict(self.plan.sampling)
        # As a sentence: a small model loses the end of a tag that ends the text.
        statement = text.text if text.text.endswith((".", "?", "!")) else f"{text.text}."
        return self.prompt.ask(
            query.id, pictures, sampling=sampling, stage="rewrite", statement=statement
        )

    def picture(self, product: str) -> Image:
        found = self.products.get(product)
        if found is None or not found.images:
            raise DataError(f"product {product!r}, an answer, has no picture to show")
        return found.images[0]

    def judge(self, query: Query, text: Tagged, reply: Reply) -> Judged[Wording]:
        """What a reply is worth."""
        said = reply.value if isinstance(reply.value, dict) else {"query": reply.text}
        words, trait = said.get("query"), said.get("trait") if self.plan.trait else ""
        if not isinstance(words, str) or not isinstance(trait, str):
            return Judged(problems=("the query and the trait have to be texts",))
        trait = " ".join(trait.split())
        if self.plan.trait and not 0 < len(trait.split()) <= LONGEST_TRAIT:
            return Judged(problems=(f"the trait has to have one to {LONGEST_TRAIT} words",))
        after, problems = check_rewritten(words, text, query, self.vocabulary, trait)
        return Judged(Wording(after, trait) if after else None, tuple(problems))

    def put(
        self,
        query: Query,
        texts: Mapping[str, Tagged],
        settled: Settled[Wording],
        having: frozenset[str] | None,
    ) -> Rewritten:
        """The query with its new words, or as it was and marked.

        Args:
            having: answers that have the trait which was added.
        """
        wording = settled.value
        if wording is not None and wording.trait and not having:
            problem = f"no answer was found to have the added trait {wording.trait!r}"
            settled, wording = replace(settled, value=None, problems=(problem,)), None
        if wording is None:
            self.rejects.append(settled.reject("rewrite", query.id))
            return Rewritten(query, marked(query, KEPT), settled)
        after = marked(with_text(query, wording.text), REWRITTEN)
        without: tuple[str, ...] = ()
        if wording.trait:
            without = tuple(a for a in query.answers if a not in (having or ()))
            relevant = {p: g for p, g in query.relevant.items() if p not in without}
            after = replace(after, relevant=relevant)
        added = tuple(new_words(wording.text, texts[query.id]))
        return Rewritten(query, after, settled, added, wording.trait, without)

    def find_trait(
        self, settled: Mapping[str, Settled[Wording]], by_id: Mapping[str, Query]
    ) -> dict[str, frozenset[str]]:
        """Query id -> answers in whose picture the added trait is seen."""
        asks: dict[str, Ask] = {}
        places: dict[str, tuple[str, str]] = {}
        for name, one in settled.items():
            if one.value is None or not one.value.trait:
                continue
            for product in by_id[name].answers[: self.plan.verify]:
                if (held := self.products.get(product)) and held.images:
                    id_ = f"{name} {product}"
                    places[id_] = name, product
                    asks[id_] = self.verify.ask(
                        id_, held.images[:1], stage="verify trait", trait=one.value.trait
                    )
        seen = self.rounds.ask(asks, judge_shown)
        found: dict[str, set[str]] = {}
        for id_, (name, product) in places.items():
            found.setdefault(name, set())
            if seen[id_].value:
                found[name].add(product)
        return {name: frozenset(products) for name, products in found.items()}


def judge_shown(_name: str, reply: Reply) -> Judged[bool]:
    """The answer of `merit_trait`: true or false, as JSON; a text such as "any" is neither."""
    shown = reply.value.get("shown") if isinstance(reply.value, dict) else None
    if not isinstance(shown, bool):
        return Judged(problems=("shown has to be true or false",))
    return Judged(shown)


def target_of(query: Query) -> str:
    """The answer whose trait is added: the best one. Raises DataError for a query without any."""
    if not query.answers:
        raise DataError(f"query {query.id!r} has no answer, so that it cannot get a trait of one")
    return query.answers[0]


def marked(query: Query, state: str) -> Query:
    return replace(query, tags={**query.tags, "instruction": state})


# ----- the folder ---------------------------------------------------------------------------------


def rewrite_catalog(catalog: Catalog, chat: Chat, plan: Plan, out: Path) -> Rewriting:
    """Rewrite all queries of a catalogue and write them with its products to `out`.

    Raises:
        StoreError: `out` holds a catalogue already.
        DataError: no query has conditions.
        Unanswered, ChatError: see `Rounds.ask`; nothing is written, and what was answered is kept.
    """
    with claim_folder(out):
        queried = read_queries(catalog)
        rewriter = Rewriter(chat, queried.products, plan)
        done = list(rewriter.rewrite([q for q in queried.queries if q.conditions]))
        after = {r.before.id: r.after for r in done}
        result = Rewriting(out, done, (*queried.rejects, *rewriter.rejects))
        write_queries(
            queried,
            [after.get(q.id, q) for q in queried.queries],
            out,
            (TABLE, [row_of(r, chat, rewriter.prompt) for r in done]),
            (RECORD, record_of(result, chat, rewriter.prompt, plan)),
            rewriter.rejects,
        )
    return result


def row_of(done: Rewritten, chat: Chat, prompt: Prompt) -> dict[str, Any]:
    """How a query was rewritten."""
    return {
        "query_id": done.before.id,
        "state": done.state,
        "before": text_of(done.before),
        "after": text_of(done.after),
        "attempts": done.settled.attempts,
        "problems": list(done.settled.problems),
        "said": done.settled.said,
        "new_words": list(done.new_words),
        "trait": done.trait,
        "answers_before": list(done.before.answers),
        "answers_without_trait": list(done.without),
        "prompt": f"{prompt.name}.v{prompt.version}",
        "prompt_sha256": prompt.sha256,
        **made_by(chat),
    }


def text_of(query: Query) -> str:
    """What the shopper reads, with |image| for pictures."""
    try:
        return read_tagged(query).whole
    except DataError:
        return " ".join(p if isinstance(p, str) else "|image|" for p in query.item.parts)


def record_of(result: Rewriting, chat: Chat, prompt: Prompt, plan: Plan) -> dict[str, Any]:
    return {
        "prompt": f"{prompt.name}.v{prompt.version}",
        "prompt_sha256": prompt.sha256,
        **made_by(chat),
        "trait": plan.trait,
        "states": dict(result.states),
        "passed_at_attempt": {str(k): n for k, n in sorted(result.passed_at.items())},
        "answers_without_trait": sum(len(r.without) for r in result.queries),
        "rejects": len(result.rejects),
    }
