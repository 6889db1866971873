"""Stored results by name, their tables, and the catalogue they were measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skulens.analysis.boards import Board
from skulens.bench.result import ResultStore, read_record
from skulens.errors import DataError, StoreError, unknown
from skulens.protocols import Catalog
from skulens.records import Product


@dataclass(frozen=True)
class Stored:
    """One stored result: its record, and its tables when they are asked for."""

    record: dict

    @property
    def folder(self) -> Path:
        return Path(self.record["folder"])

    @property
    def name(self) -> str:
        """The encoder as the user named it, with what else tells this result from others."""
        return self.record["encoder"]

    @property
    def photos_known(self) -> bool:
        """Whether values belong to photos, or only their sums to SKUs (`of_board`)."""
        return bool(self.relevant)

    @cached_property
    def per_query(self) -> pa.Table:
        """query, group, first_rank, every metric; one row per query."""
        return self._table("per_query")

    @cached_property
    def firsts(self) -> dict[str, str]:
        """Query -> the product that was ranked first."""
        run = self._table("run")
        first = run.filter(pc.equal(run["rank"], 1))
        return dict(zip(first["query"].to_pylist(), first["product"].to_pylist(), strict=True))

    @cached_property
    def relevant(self) -> dict[str, tuple[str, ...]]:
        """Query -> its relevant products, best grade first; queries without any are left out."""
        table = self._table("qrels")
        rows = sorted(
            zip(*(table[c].to_pylist() for c in ("query", "grade", "product")), strict=True),
            key=lambda r: -r[1],
        )
        found: dict[str, tuple[str, ...]] = {}
        for query, grade, product in rows:
            if grade > 0:
                found[query] = (*found.get(query, ()), product)
        return found

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Every product that some query was given among its candidates, sorted."""
        return tuple(sorted(set(self._table("run")["product"].unique().to_pylist())))

    def values(self, metric: str) -> np.ndarray:
        """(queries,) values of a metric, in the order of `per_query`; NaN where a query has none.

        Raises:
            DataError: the result has no such metric per query; names those it has.
        """
        known = [
            c
            for c in self.per_query.column_names
            if c not in ("query", "group", "relevant", "first_rank", "tied")
        ]
        if metric not in known:
            raise DataError(
                f"{self.folder.name} has no {metric!r} for each query; it has {', '.join(known)}"
            )
        return self.per_query[metric].to_numpy(zero_copy_only=False).astype(float)

    def _table(self, name: str) -> pa.Table:
        path = self.folder / f"{name}.parquet"
        try:
            return pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as e:
            raise StoreError(
                f"{path} cannot be read ({e}); remove the folder and measure again"
            ) from e


def find_stored(word: str, results: Path) -> list[Stored]:
    """The results that a word means: a result's folder, its name in the store, or an encoder, newest last.

    Raises:
        StoreError: the store is empty.
        UnknownName: none is called so; names the nearest.
    """
    place = Path(word)
    for folder in (place, results / word):
        if (folder / "result.json").is_file():
            return [Stored(read_record(folder))]
    if place.is_dir() and any(place.glob("*/result.json")):
        return [Stored(r) for r in ResultStore(place).records()]
    records = ResultStore(results).records()
    if not records:
        raise StoreError(
            f"no results in {results}: measure with `skulens bench mpr DATA --encoder {word}`, or give --results DIR"
        )
    found = [Stored(r) for r in records if word in (r["encoder"], r["encoder_info"]["name"])]
    if not found:
        names = [r["encoder"] for r in records] + [Path(r["folder"]).name for r in records]
        raise unknown(
            "result", word, dict.fromkeys(names), f"skulens results show --results {results}"
        )
    return found


def one_stored(word: str, results: Path, gallery: str = "") -> Stored:
    """The one result that a word means; of several runs of the same thing the newest.

    Raises:
        StoreError: it means several; names them.
    """
    found = [s for s in find_stored(word, results) if gallery in ("", s.record["gallery"])]
    if not found:
        raise StoreError(f"{word} was never measured with --gallery {gallery} in {results}")
    newest = {(s.name, s.record["data_hash"], str(s.record["settings"])): s for s in found}
    if len(newest) > 1:
        folders = "\n  ".join(str(s.folder) for s in newest.values())
        raise StoreError(
            f"{word} means {len(newest)} results; give one of these folders, or --gallery:\n  {folders}"
        )
    return next(iter(newest.values()))


def of_board(board: Board, name: str) -> Stored:
    """An encoder of a leaderboard as if it were stored: values per probe that add up to its hits per SKU.

    Which photo of a SKU was found is unknown, so only sums over SKUs mean something, and nothing is
    known of what was found instead (`Stored.photos_known` is False).

    Raises:
        UnknownName: the board has no such encoder; names the nearest.
        DataError: the board has no hits per SKU of it.
    """
    names = [e.name for e in board.entries]
    at = next((names.index(n) for n in (name, f"open_clip:{name}") if n in names), None)
    if at is None:
        raise unknown("encoder", name, names, "skulens leaderboard")
    known = [k for k in sorted(board.hits) if board.known(k)[at]]
    if not known:
        raise DataError(
            f"{board.name} has no hits per SKU of {names[at]}, so it cannot be compared; give per_sku_hits.json beside the CSV"
        )
    groups = np.repeat(np.arange(len(board.skus)), board.photos)
    number = np.arange(len(groups)) - np.repeat(
        np.cumsum(board.photos) - board.photos, board.photos
    )
    columns = {
        "query": [
            f"{board.skus[g]}/{i}" for g, i in zip(groups.tolist(), number.tolist(), strict=True)
        ],
        "group": [board.skus[g] for g in groups],
    }
    columns |= {f"hit_rate@{k}": (number < board.hits[k][groups, at]).astype(float) for k in known}
    record = {
        "encoder": names[at],
        "suite": "leaderboard",
        "data": board.name,
        "gallery": "",
        "folder": board.name,
        "n_queries": len(groups),
        "n_gallery": len(board.skus),
        "data_hash": board.data,
        "settings": {"split": "", "mode": "", "texts": []},
        "counts": {"groups": len(board.skus)},
        "rejects": [],
    }
    stored = Stored(record)
    stored.__dict__.update(
        per_query=pa.table(columns), firsts={}, relevant={}
    )  # what would be read from its folder
    return stored


def open_measured(
    stored: Sequence[Stored], data: str | None = None, options: Mapping[str, object] | None = None
) -> Catalog:
    """The catalogue that results were measured on, from where it was then, or from `data`.

    Raises:
        SkulensError: it is not there any more, or holds none of the run's products.
    """
    from skulens.catalog.open import open_catalog

    where = data or stored[0].record["data"]
    catalog = open_catalog(where, **(options or {}))
    ids = {p.id for p in catalog.products()}
    lost = [p for s in stored for p in s.products if p not in ids]
    if lost:
        raise DataError(
            f"{where} lacks {len(set(lost))} products of the run, such as {lost[0]!r}: it is not what was measured; give --data"
        )
    return catalog


def products_of(catalog: Catalog) -> dict[str, Product]:
    return {p.id: p for p in catalog.products()}


def photos_of(catalog: Catalog, split: str) -> dict[str, str]:
    """Query id -> path of its photo, of those that lie on disk."""
    from skulens.encode.gallery import pictures_of

    return {
        q.id: pictures[0].path
        for q in catalog.queries(split)
        if (pictures := pictures_of([q.item])) and pictures[0].path
    }
