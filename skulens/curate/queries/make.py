"""A catalogue -> a folder with its products and composed queries, in the format skulens/1.

Beside the tables of `catalog.folder` stand

    composition.parquet   a row per query: query_id, proposal, method, log_importance, answers, target
    composition.json      recipe (profile, quotas, seed), digests of what went in and of the queries,
                          the funnel: proposals by the step at which each stopped, and quotas that
                          could not be filled
    rejects.parquet       what could not be used, with the reason
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skulens.catalog.folder import MANIFEST, write_catalog
from skulens.compose.balanced import Balanced, Watch, compose_balanced, unwatched
from skulens.compose.lists import Proposed, list_proposals, write_list
from skulens.compose.pool import Pool, make_pool
from skulens.compose.profiles import PROFILES, Profile, read_profile
from skulens.compose.proposals import Composed, Composition
from skulens.compose.quotas import Quota, as_quotas
from skulens.compose.run import compose
from skulens.compose.words import ask, name_of
from skulens.curate.cards.files import read_cards
from skulens.curate.cards.match import apply_cards
from skulens.errors import DataError, StoreError, unknown
from skulens.files import locked, write_record, write_whole
from skulens.protocols import Catalog
from skulens.records import Image, Product, Query, Reject
from skulens.registry import resolve

SPLIT = "composed"
"""What all composed queries of a folder are called until they are split."""
TABLE, RECORD, REJECTS = "composition.parquet", "composition.json", "rejects.parquet"


LOCK = ".composing"
BALANCED = Balanced()
Rules = Profile | Balanced
Quotas = Mapping[int, int] | Sequence[Quota]


LISTED = 10_000
"""Proposals of each method in a list, unless the plan limits them."""


@dataclass(frozen=True)
class Plan:
    """What to compose; part of a dataset's provenance but for `workers` and `proposals`.

    Attributes:
        quotas: conditions -> accepted queries, or quotas.
        limit: proposals of each method and number of conditions; None: as the profile says.
        workers: processes; any number gives the same queries. The balanced design needs one.
        cards: folder of attribute cards; attributes that are on none are left out.
        proposals: file for the first `limit` proposals of each method, with what was decided.
    Raises:
        DataError: two quotas of one name, or quotas or proposals that the balanced design cannot
            have.
    """

    rules: Rules
    quotas: Quotas
    seed: int = 0
    limit: int | None = None
    workers: int = 1
    cards: Path | None = None
    proposals: Path | None = None

    def __post_init__(self):
        quotas = as_quotas(self.quotas)
        if not isinstance(self.rules, Balanced):
            return
        if self.proposals:
            raise DataError("the balanced benchmark lists all there is and proposes nothing")
        if any(q.language or q.kind or not q.conditions for q in quotas):
            raise DataError(
                "the balanced benchmark shares out languages and classes by itself; expected "
                "quotas by number of conditions, such as 2=1000, got "
                f"{', '.join(map(str, quotas))}"
            )

    def as_dict(self) -> dict[str, Any]:
        return {
            "profile": asdict(self.rules),
            "quotas": {str(q): q.count for q in as_quotas(self.quotas)},
            "seed": self.seed,
            "limit": self.limit,
            "cards": self.cards is not None,
        }


@dataclass(frozen=True)
class ComposedFolder:
    """What a composition wrote.

    Attributes:
        digest: sha256 of the queries (`digest_queries`).
    """

    folder: Path
    products: int
    queries: int
    digest: str
    composition: Composition
    rejects: Sequence[Reject]

    def as_dict(self) -> dict[str, Any]:
        funnel = {f"{method}: {step}": n for (method, step), n in self.composition.funnel.items()}
        return {
            "folder": str(self.folder),
            "products": self.products,
            "queries": self.queries,
            "queries_sha256": self.digest,
            "funnel": funnel,
            "missing": dict(self.composition.missing),
            "shortfalls": [asdict(s) for s in self.composition.shortfalls],
            "rejects": len(self.rejects),
        }


def read_rules(name: str, method: str = "") -> Rules:
    """The rules of a name: "balanced", a profile's, or those of a YAML file.

    Args:
        method: the only sampler to ask.
    Raises:
        UnknownName: neither a profile nor a file, or no such sampler.
        DataError: a file that is no profile, or a method beside "balanced", which has its own.
    """
    if name == BALANCED.name and method:
        raise DataError(f"the balanced benchmark has its own way to draw; leave {method!r} out")
    if name == BALANCED.name:
        return BALANCED
    if name not in PROFILES and not name.endswith((".yaml", ".yml")):
        raise unknown("profile", name, [*PROFILES, BALANCED.name], "skulens curate compose --help")
    profile = read_profile(name)
    if not method:
        return profile
    resolve("sampler", method)
    return replace(profile, methods=((method, 1.0),), many=method, rest="")


def compose_catalog(
    catalog: Catalog, plan: Plan, out: Path, watch: Watch = unwatched
) -> ComposedFolder:
    """Compose queries over a catalogue's products and write both to `out`.

    The same catalogue and plan give the same queries, so that after a kill the same call begins
    anew and ends as it would have.

    Raises:
        StoreError: `out` holds a catalogue already, or another process composes into it.
        DataError: the catalogue has no product, or what the plan asks for cannot be composed.
    """
    with claim_folder(out):
        listed, rejects = read_products(catalog, plan, watch)
        pool, unusable = make_pool(listed)
        rejects = (*rejects, *unusable)
        products = first_of_each(listed, pool)
        composition = compose_by(plan, pool, products, watch)
        photos = photos_of(catalog, products)
        queries = [ask(pool, c, products, photos) for c in composition.queries]
        watch(f"writing {len(products):,} products and {len(queries):,} queries", 0)
        digest = digest_queries(queries)
        sums = {
            "products_sha256": digest_products(products.values()),
            "queries_sha256": digest,
        }
        write_composition(out, composition, plan.as_dict() | sums)
        write_rows(out / TABLE, rows_of(pool, composition.queries))
        write_rows(out / REJECTS, [asdict(r) for r in rejects])
        write_catalog(out, products.values(), {SPLIT: queries}, pictures="refer")
    return ComposedFolder(out, len(products), len(queries), digest, composition, rejects)


def read_products(
    catalog: Catalog, plan: Plan, watch: Watch
) -> tuple[list[Product], tuple[Reject, ...]]:
    """The products, with the attributes that are on the cards where there are any, and rejects."""
    read, listed = watch("products", 0), []
    cards, unusable = read_cards(plan.cards) if plan.cards else ({}, [])
    for product in catalog.products():
        listed.append(product)
        read(1)
    if plan.cards:
        listed = list(apply_cards(listed, cards))
    return listed, (*catalog.rejects, *unusable)


@contextmanager
def claim_folder(out: Path) -> Iterator[None]:
    """A folder to compose into, for this process alone; what a killed run left there is removed.

    The record is written first and the manifest last: the former without the latter is unfinished.

    Raises:
        StoreError: it holds a catalogue, or another process composes into it.
    """
    out.mkdir(parents=True, exist_ok=True)
    busy = f"another process composes into {out}; wait for it or name another folder"
    with locked(out / LOCK, busy):
        if (out / RECORD).exists() and not (out / MANIFEST).exists():
            for path in out.glob("*.parquet"):
                path.unlink()
        elif (out / MANIFEST).exists() or (out / "products.parquet").exists():
            raise StoreError(f"{out} holds a catalogue already; delete it or name another folder")
        yield


def first_of_each(listed: Iterable[Product], pool: Pool) -> dict[str, Product]:
    """Id -> product, of those that the pool took, in the order of the catalogue."""
    known: set[str] = set(pool.ids)
    found: dict[str, Product] = {}
    for product in listed:
        if product.id in known:
            found.setdefault(product.id, product)
    return found


def compose_by(
    plan: Plan, pool: Pool, products: Mapping[str, Product], watch: Watch
) -> Composition:
    """Queries by a profile, or by the design of the balanced benchmark.

    Raises:
        DataError, UnknownName: what `compose` raises.
    """
    quotas, rules = as_quotas(plan.quotas), plan.rules
    if not isinstance(rules, Balanced):
        if plan.proposals:
            write_list(plan.proposals, propose(pool, plan, rules))
        progress = watch("queries", sum(q.count for q in quotas))
        return compose(pool, quotas, rules, plan.seed, plan.limit, plan.workers, progress)
    titles = [products[name].title for name in pool.ids]
    wanted = {q.conditions: q.count for q in quotas}
    return compose_balanced(pool, titles, wanted, rules, plan.seed, watch)


def propose(pool: Pool, plan: Plan, rules: Profile) -> Iterator[Proposed]:
    """The first proposals of each method of a profile, with what is decided."""
    for method in dict.fromkeys([*(name for name, _ in rules.methods), rules.many, rules.rest]):
        if method:
            yield from list_proposals(pool, method, rules, plan.limit or LISTED, plan.seed)


def digest_queries(queries: Iterable[Query]) -> str:
    """sha256 of what is asked and what answers it, whatever the pictures and where they lie."""
    digest = hashlib.sha256()
    for q in queries:
        texts = [part for part in q.item.parts if isinstance(part, str)]
        judged = sorted(q.relevant.items())
        conditions = [[c.key, c.value, c.part, c.product, c.relation] for c in q.conditions]
        row = [q.id, texts, conditions, q.references, judged, sorted(q.tags.items())]
        digest.update(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def digest_products(products: Iterable[Product]) -> str:
    """sha256 of what queries are composed from: all but the pictures."""
    digest = hashlib.sha256()
    for p in products:
        pairs = [[a.key, a.value, a.modality] for a in p.attributes]
        row = [p.id, p.spu, p.title, p.category, p.language, p.country, bool(p.images), pairs]
        digest.update(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def photos_of(catalog: Catalog, products: Mapping[str, Product]) -> dict[str, Image]:
    """The picture that shows a product in a query: its first probe photo, else its first picture.

    A probe photo is a query of one picture whose only answer is the product.
    """
    found = {p.id: p.images[0] for p in products.values() if p.images}
    probed: set[str] = set()
    for query in probes_of(catalog):
        [answer], [photo] = query.answers, query.item.parts
        if answer in products and answer not in probed and isinstance(photo, Image):
            probed.add(answer)
            found[answer] = photo
    return found


def probes_of(catalog: Catalog) -> Iterator[Query]:
    for split in catalog.info.splits:
        for query in catalog.queries(split):
            if len(query.item.parts) == 1 and len(query.answers) == 1:
                yield query


def rows_of(pool: Pool, queries: Sequence[Composed]) -> list[dict]:
    return [
        {
            "query_id": name_of(c),
            "proposal": str(c.id),
            "method": c.method,
            "log_importance": c.log_importance,
            "answers": len(c.answers),
            "target": pool.ids[c.target] if c.target >= 0 else None,
        }
        for c in queries
    ]


def write_rows(path: Path, rows: list[dict]) -> None:
    """One Parquet file, complete or not there."""
    write_whole(path, lambda file: pq.write_table(pa.Table.from_pylist(rows), file))


def write_composition(out: Path, composition: Composition, recipe: Mapping) -> None:
    funnel: dict[str, dict[str, int]] = {}
    for (method, step), count in composition.funnel.items():
        funnel.setdefault(method, {})[step] = count
    missing, shortfalls = dict(composition.missing), [asdict(s) for s in composition.shortfalls]
    record = {**recipe, "funnel": funnel, "missing": missing, "shortfalls": shortfalls}
    write_record(out / RECORD, record)
