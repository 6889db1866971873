"""A catalogue -> a folder with queries of the cold start: `cold_start` from end to end.

Beside what `curate.queries.make` writes stands candidates.parquet: query_id, number (of the product
in the query), product_id, score, rank: what else could show each further condition.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from skulens.catalog.folder import write_catalog
from skulens.chat.parse import strip_reasoning
from skulens.compose.judge import ACCEPTED, judge, steps_of
from skulens.compose.pool import Pool, make_pool
from skulens.compose.profiles import SOUND, Profile
from skulens.compose.proposals import Composed, Composition
from skulens.compose.run import FULL, Progress
from skulens.compose.words import ask as word
from skulens.compose.words import name_of
from skulens.curate.asked.checks import check_named
from skulens.curate.asked.cold_start import ATTRIBUTE, COMMON, VALUE, Asker, Funnel
from skulens.curate.asked.differences import METHOD, Chain, Known, Partners, Towards, proposals_of
from skulens.curate.asked.folders import made_by
from skulens.curate.asked.pictures import Pictures, Window, embed_pictures, similar_pairs
from skulens.curate.asked.rounds import Judged, Rounds, Settled
from skulens.curate.asked.tagged import Tagged, read_answer, read_tagged, tell_in_words, with_text
from skulens.curate.queries.make import (
    REJECTS,
    SPLIT,
    TABLE,
    ComposedFolder,
    claim_folder,
    digest_queries,
    first_of_each,
    photos_of,
    rows_of,
    write_composition,
    write_rows,
)
from skulens.encode.embed import Embedder
from skulens.prompts.load import load_prompt
from skulens.protocols import Ask, Catalog, Chat, Reply
from skulens.records import Image, Product, Query, Reject, chunks

CANDIDATES = "candidates.parquet"
INSTRUCTION = "merit_cold_query"
PROMPTS = (COMMON, ATTRIBUTE, VALUE, INSTRUCTION)
CHUNK = 20_000
"""Chains that are asked about at a time."""
UNVERIFIED, COMPLETE = "unverified", "complete"
"""Of the tag "judgements": only the target is known to be right, or all answers are listed."""


@dataclass(frozen=True)
class Plan:
    """What a cold start makes; part of the folder's provenance."""

    quotas: Mapping[int, int]
    """Conditions -> queries."""
    window: Window = Window()
    towards: Towards = "target"
    """What the products that show further conditions are chosen to look like."""
    tell: Literal["pictures", "words"] = "pictures"
    """Whether a product or words tell each further condition."""
    instruct: bool = False
    """Ask for the instruction with the paper's prompt, which adds a trait of the target; then the
    target alone is known to be right."""
    candidates: int = 30
    retries: int = 2
    seed: int = 0
    profile: Profile = SOUND
    """Rules for queries whose answers the catalogue knows."""

    @property
    def rules(self) -> Profile:
        """The profile; siblings are expected where pairs of them are."""
        if not self.window.siblings:
            return self.profile
        return replace(self.profile, sibling_methods=(*self.profile.sibling_methods, METHOD))


@dataclass(frozen=True)
class Shop:
    """A catalogue's products as the cold start looks at them."""

    products: Mapping[str, Product]
    pool: Pool
    photos: Mapping[str, Image]
    """Id -> what shows it in a query."""
    pictures: Pictures
    """Of the gallery."""
    vectors: np.ndarray  # (products of the pool, dim), NaN without a readable picture
    rejects: tuple[Reject, ...] = field(default=())

    @classmethod
    def read(cls, catalog: Catalog, embedder: Embedder) -> "Shop":
        listed = list(catalog.products())
        rejects = list(catalog.rejects)
        pool, unusable = make_pool(listed)
        products = first_of_each(listed, pool)
        front = {p.id: p.images[0] for p in products.values() if p.images}
        pictures = embed_pictures(front, embedder)
        vectors = np.full((len(pool), pictures.vectors.shape[1]), np.nan, np.float32)
        place = {name: i for i, name in enumerate(pool.ids)}
        vectors[[place[name] for name in pictures.names]] = pictures.vectors
        photos = photos_of(catalog, products)
        return cls(products, pool, photos, pictures, vectors,
                   (*rejects, *unusable, *pictures.rejects))  # fmt: skip

    def chains(self, plan: Plan) -> list[Chain]:
        """Pairs of similar products in an order drawn by the seed, whatever the engine says."""
        place = {name: i for i, name in enumerate(self.pool.ids)}
        places = np.array([place[name] for name in self.pictures.names], int)
        kinds, spus = self.pool.kind.codes[places], self.pool.spu.codes[places]
        pairs = similar_pairs(self.pictures, kinds, spus, plan.window)
        ids = self.pictures.names

        def order(pair) -> str:
            told = f"{plan.seed} {ids[pair.shown]} {ids[pair.target]}"
            return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

        drawn = sorted(pairs, key=order)
        return [
            Chain(n, int(places[p.shown]), int(places[p.target]), p.cosine)
            for n, p in enumerate(drawn)
        ]


def expand_catalog(
    catalog: Catalog,
    embedder: Embedder,
    chat: Chat | None,
    plan: Plan,
    out: Path,
    progress: Progress | None = None,
) -> ComposedFolder:
    """Make queries from similar pairs and write them with the products to `out`.

    Args:
        embedder: its first encoder says what is similar.
        chat: asked where the catalogue does not know; None: such pairs are left out.
        progress: told of accepted queries.
    Raises:
        StoreError: `out` holds a catalogue already.
        DataError: the catalogue has no product.
        Unanswered, ChatError: see `Rounds.ask`; nothing is written, and what was answered is kept.
    """
    with claim_folder(out):
        shop, funnel = Shop.read(catalog, embedder), Funnel()
        rounds = Rounds(chat, plan.retries) if chat else None
        found, missing = choose_chains(shop, rounds, plan, funnel, progress)
        queries = [make_query(shop, *both, plan) for both in found]
        if plan.instruct and rounds:
            queries = instruct(shop, [chain for chain, _ in found], queries, rounds, funnel)
        steps = {(METHOD, step): n for step, n in funnel.steps.items()}
        composition = Composition([composed for _, composed in found], steps, missing)
        rejects = (*shop.rejects, *funnel.rejects)
        digest = digest_queries(queries)
        recipe = {
            "method": METHOD,
            **asdict(plan),
            "encoder": embedder.encoders[0].info.identity,
            **made_by(chat),
            "prompts": {name: load_prompt(name).sha256 for name in PROMPTS},
            "queries_sha256": digest,
        }
        write_composition(out, composition, recipe)
        write_rows(out / TABLE, table_rows(shop.pool, found, queries))
        write_rows(out / CANDIDATES, list(candidate_rows(shop.pool, found)))
        write_rows(out / REJECTS, [asdict(r) for r in rejects])
        write_catalog(out, shop.products.values(), {SPLIT: queries}, pictures="refer")
    return ComposedFolder(out, len(shop.products), len(queries), digest, composition, rejects)


Found = Sequence[tuple[Chain, Composed]]


def choose_chains(
    shop: Shop,
    rounds: Rounds | None,
    plan: Plan,
    funnel: Funnel,
    progress: Progress | None = None,
) -> tuple[list[tuple[Chain, Composed]], dict[str, int]]:
    """Chains with their queries for every quota, those of most conditions first; and what could not
    be filled.

    A product is the target of one query at most.
    """
    chains = shop.chains(plan)
    partners = Partners(shop.vectors, plan.towards, plan.candidates, plan.tell == "words")
    targets = {p.id: p.images[0] for p in shop.products.values() if p.images}
    known = Known.of(shop.pool, partners, chains)
    asker = Asker(known, rounds, shop.pool.ids, shop.photos, targets)
    used: set[int] = set()
    found: dict[int, list[tuple[Chain, Composed]]] = {}
    for conditions in sorted(plan.quotas, reverse=True):
        mine = found[conditions] = []
        fresh = [c for c in chains if c.target not in used]
        for block in blocks(fresh, plan.quotas[conditions]):
            if len(mine) == plan.quotas[conditions]:
                break
            whole = asker.complete(one_each(block, used), conditions, funnel)
            judged = judge_chains(shop.pool, whole, plan, funnel)
            fitting = judged[: plan.quotas[conditions] - len(mine)]
            if left := len(judged) - len(fitting):
                funnel.steps[FULL] += left
            mine += fitting
            used |= {chain.target for chain, _ in fitting}
            if progress is not None:
                progress(len(fitting))
    funnel.steps[ACCEPTED] = sum(map(len, found.values()))
    short = {f"n_conditions={n}": q - len(found[n]) for n, q in plan.quotas.items()}
    return [c for n in plan.quotas for c in found[n]], {k: n for k, n in short.items() if n}


def blocks(chains: Sequence[Chain], wanted: int) -> Iterator[Sequence[Chain]]:
    """Chains to be asked about together: no more than a quota can use."""
    return chunks(chains, max(1, min(CHUNK, wanted)))


def one_each(chains: Sequence[Chain], used: set[int]) -> list[Chain]:
    """The first chain of each target that has no query yet."""
    first: dict[int, Chain] = {}
    for chain in chains:
        if chain.target not in used:
            first.setdefault(chain.target, chain)
    return list(first.values())


def judge_chains(
    pool: Pool, chains: Sequence[Chain], plan: Plan, funnel: Funnel
) -> list[tuple[Chain, Composed]]:
    """Chains with their queries in numbers of the pool, in order.

    What the catalogue knows is judged by the profile like any composed query: all answers and
    verified hard negatives, or refused and counted. Where a model had a say the target alone is
    known to be right.
    """
    known = [c for c in chains if c.known]
    judged = judge(pool, proposals_of(pool, known), plan.rules, plan.seed)
    steps = steps_of(plan.rules)
    funnel.steps.update(steps[s] for s in judged.stops.tolist() if steps[s] != ACCEPTED)
    composed = {
        known[place].number: judged.composed(row, float("nan"), True)
        for row, place in enumerate(judged.places.tolist())
    }
    found = []
    for chain in chains:
        if chain.known and chain.number in composed:
            found.append((chain, settle(composed[chain.number], chain, plan)))
        elif not chain.known:
            found.append((chain, only_target(pool, chain)))
    return found


def settle(composed: Composed, chain: Chain, plan: Plan) -> Composed:
    """A judged query; with a trait added to its instruction the target alone stays an answer."""
    shown = tuple((t.product, t.pair) for t in chain.taken)
    if not plan.instruct:
        return replace(composed, shown=shown, tags={"judgements": COMPLETE})
    alone = np.array([chain.target], np.int32)
    return replace(composed, shown=shown, answers=alone, tags={"judgements": UNVERIFIED})


def only_target(pool: Pool, chain: Chain) -> Composed:
    """The query of a chain in which a model had a say."""
    return Composed(
        id=chain.number,
        method=METHOD,
        shown=tuple((t.product, t.pair) for t in chain.taken),
        kind=int(pool.kind.codes[chain.target]),
        target=chain.target,
        answers=np.array([chain.target], np.int32),
        near=np.empty(0, np.int32),
        log_importance=float("nan"),
        tags={"judgements": UNVERIFIED},
    )


def make_query(shop: Shop, chain: Chain, composed: Composed, plan: Plan) -> Query:
    """The query of a chain; where it is told in words, from the second product on."""
    query = word(shop.pool, composed, shop.products, shop.photos)
    if plan.tell == "words":
        for number in range(2, len(chain.taken) + 1):
            query = tell_in_words(query, number)
    return query


# ----- the instruction ----------------------------------------------------------------------------


def instruct(
    shop: Shop, chains: Sequence[Chain], queries: Sequence[Query], rounds: Rounds, funnel: Funnel
) -> list[Query]:
    """Queries with the instruction that the paper's prompt gives; one whose answers all fail keeps
    the templated words."""
    prompt = load_prompt(INSTRUCTION)
    texts = {q.id: read_tagged(q) for q in queries}
    said = {q.id: in_words(q) for q in queries}
    asks: dict[str, Ask] = {}
    for chain, query in zip(chains, queries, strict=True):
        target = shop.products[shop.pool.ids[chain.target]].images[0]
        pictures = (shop.photos[shop.pool.ids[chain.shown]], target)
        asks[query.id] = prompt.ask(
            query.id, pictures, stage="instruction", statement=said[query.id].text
        )
    by_id = {q.id: q for q in queries}

    def judge(name: str, reply: Reply) -> Judged[Tagged]:
        tagged, problems = read_answer(strip_reasoning(reply.text), said[name])
        problems += check_named(tagged, by_id[name]) if tagged else []
        return Judged(None if problems else tagged, tuple(problems))

    settled = rounds.ask(asks, judge)
    return [put(q, texts[q.id], settled[q.id], funnel) for q in queries]


def in_words(query: Query) -> Tagged:
    """Its text as the paper's prompt shows it: from the second product on in words."""
    told, shown = query, read_tagged(query)
    for number, between in enumerate(shown.products, 1):
        if number > 1 and between.pictured:
            told = tell_in_words(told, number)
    return read_tagged(told)


def put(query: Query, text: Tagged, settled: Settled[Tagged], funnel: Funnel) -> Query:
    """The query in the words of an answer, around its own products."""
    if settled.value is None:
        funnel.rejects.append(settled.reject("instruction", query.id))
        return replace(query, tags={**query.tags, "instruction": "template"})
    told = with_text(query, replace(text, frame=settled.value.frame))
    return replace(told, tags={**query.tags, "instruction": "model"})


# ----- the folder ---------------------------------------------------------------------------------


def table_rows(pool: Pool, found: Found, queries: Sequence[Query]) -> list[dict]:
    """Rows of composition.parquet, with the pair that each query came from."""
    rows = rows_of(pool, [composed for _, composed in found])
    return [
        row
        | {
            "shown": pool.ids[chain.shown],
            "cosine": chain.cosine,
            "known": [t.known for t in chain.taken],
            "instruction": query.tags.get("instruction", "template"),
        }
        for row, (chain, _), query in zip(rows, found, queries, strict=True)
    ]


def candidate_rows(pool: Pool, found: Found) -> Iterator[dict]:
    for chain, composed in found:
        for number, taken in enumerate(chain.taken, 1):
            for place, (product, score) in enumerate(taken.candidates, 1):
                yield {
                    "query_id": name_of(composed),
                    "number": number,
                    "product_id": pool.ids[product],
                    "score": score,
                    "rank": place,
                }
