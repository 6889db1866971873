"""Indexes of a table: which there are, when they are brought up to date, and by what parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from skulens.index.stores.engines.lance import find
from skulens.index.stores.engines.lance.failures import explain
from skulens.index.stores.engines.lance.layout import GRAMS, KEY, WORDS, Layout
from skulens.index.stores.words import GRAMS as LETTERS

M, EF_CONSTRUCTION = 16, 150
"""Neighbours of a node of the graph, and candidates while it is built."""
COMMITS = 20
"""Commits that are worth tidying up after."""
UNINDEXED = 0.1
"""Share of rows outside the index of words from which they slow searches down."""
FRAGMENTS = 200
"""Pieces of a table from which every merge slows down, however few rows they hold."""
KEEP = timedelta(hours=1)
"""Age of versions that are dropped: no search lasts so long."""


@dataclass(frozen=True)
class IndexState:
    """What a table's indexes cover."""

    rows: int
    fragments: int
    unindexed: int
    """Rows outside the index of words."""
    indexes: Mapping[str, str]
    """Column of the table -> kind of its index."""

    def is_due(self) -> bool:
        """Is it time to optimise?

        Compaction reads and writes the whole table: it must not come more often than the table
        grows by a share, or n batches would cost n squared.
        """
        if self.fragments > FRAGMENTS:
            return True
        return self.fragments > COMMITS and self.unindexed >= UNINDEXED * self.rows


def read_state(table: Any, folder: Path) -> IndexState:
    with explain(folder, "reading the state of the indexes"):
        stats = table.stats()
        made = {i.columns[0]: i for i in table.list_indices()}
    words = made.get(WORDS)
    unindexed = words.num_unindexed_rows if words else stats["num_rows"]
    return IndexState(
        stats["num_rows"],
        stats["fragment_stats"]["num_fragments"],
        unindexed or 0,
        {name: i.index_type for name, i in made.items()},
    )


def index_words(table: Any) -> None:
    """Make the two indexes of words, which every store has from the beginning."""
    from lancedb.index import FTS

    plain = FTS(
        base_tokenizer="icu",
        stem=False,
        remove_stop_words=False,
        lower_case=True,
        ascii_folding=True,
    )
    table.create_index(WORDS, config=plain)
    groups = replace(
        plain, base_tokenizer="ngram", ngram_min_length=min(LETTERS), ngram_max_length=max(LETTERS)
    )
    table.create_index(GRAMS, config=groups)


def optimise(table: Any, layout: Layout, folder: Path) -> None:
    """Make indexes that are missing, bring the others up to date, drop old versions.

    Raises:
        StoreError: a full disk; what was there stays.
    """
    from lancedb.index import BTree, HnswSq

    state = read_state(table, folder)
    with explain(folder, "optimising"):
        if KEY not in state.indexes and state.rows:
            table.create_index(KEY, config=BTree())
        for name in layout.vectors.values():
            if name not in state.indexes and state.rows > find.EXACT_ROWS:
                parts = find.partitions(state.rows)
                made = HnswSq(
                    distance_type="dot", num_partitions=parts, m=M, ef_construction=EF_CONSTRUCTION
                )
                table.create_index(name, config=made)
        table.optimize(cleanup_older_than=KEEP)
