"""Search of one version: exact, by the engine's index, or by words.

Up to EXACT_ROWS products every vector is compared. Above, LanceDB's IVF_HNSW_SQ is asked, with all
its parameters said: its defaults find half of the nearest. A filter is a mask over the products, so
it is known how many satisfy it: FEW of them are compared one by one; of more, so many are asked for
that k should remain, and where fewer do, all are compared.
"""

from dataclasses import replace

import numpy as np

from skulens.documents import Hits, Probe, VectorColumn
from skulens.index.stores.engines.lance.failures import explain
from skulens.index.stores.engines.lance.layout import GRAMS, WORDS
from skulens.index.stores.engines.lance.view import ROW, View
from skulens.index.stores.local.scan import Matrix
from skulens.index.stores.probes import unit
from skulens.index.stores.words import ENOUGH, GRAM_WEIGHT, compose, missing_words

EXACT_ROWS = 300_000
"""Products up to which no index of vectors is built or asked."""
HELD_BYTES = 4 << 30
"""Of a column's vectors: up to so many are kept in memory when all are to be compared."""
FEW = 50_000
"""Products that satisfy a filter, up to which each of them is compared."""
DEEPEST = 5000
"""Neighbours the index is asked for at most; beyond, comparing all is as quick."""
EF, EF_PER_HIT, REFINE = 128, 8, 2
"""Candidates of the graph's search: at least, per hit; hits compared again with whole vectors."""
EF_ROWS, MOST_EF = 300_000, 1024
"""EF grows with the products beyond EF_ROWS, up to MOST_EF. At 1 million 3 of 100 queries end in a
wrong part of the graph with 128 candidates, 1 with 256 and none with 384."""
SPARE = 1.5
"""So many times more are asked for than a filter should leave."""
TIES = 20
"""Hits by words beyond k, so that those with equal scores are ordered by id."""
LONGEST = 4096
"""Characters of a query's words that are searched; what goes beyond is another kind of text."""
LONGEST_GROUPS = 100
"""Characters whose groups of letters are searched, too: those of 50 words are in nearly every product,
take ten times as long as the words and say little."""


def by_vector(view: View, probe: Probe, mask: np.ndarray | None) -> Hits:
    """The nearest products of a mask."""
    column = view.schema.vector(probe.column)
    assert column is not None and probe.vector is not None
    vector = unit(probe.vector)
    matches = len(view) if mask is None else int(np.count_nonzero(mask))
    depth = int(np.ceil(SPARE * probe.k * len(view) / max(matches, 1)))
    depth = probe.k if mask is None else depth
    indexed = view.layout.vectors[column.name] in view.indexed
    if indexed and not probe.exact and matches > FEW and depth <= DEEPEST:
        hits = ask_index(view, column, vector, probe.k, mask, depth)
        if len(hits.ids) == min(probe.k, matches):
            return hits
    rows, scores = compare_all(view, column, vector, probe.k, mask, matches)
    return Hits(view.rows.ids_of(rows), scores, "exact")


def compare_all(
    view: View,
    column: VectorColumn,
    vector: np.ndarray,
    k: int,
    mask: np.ndarray | None,
    matches: int,
) -> tuple[np.ndarray, np.ndarray]:
    """(rows, scores) of the k nearest, by comparing each product of a mask."""
    held = column.name in view.matrices or len(view) <= EXACT_ROWS
    if not held and mask is not None and matches <= FEW:
        rows = np.flatnonzero(mask)
        return nearest_of(view, rows, view.vectors_of(column, rows), vector, k)
    if held or 4 * len(view) * column.dim <= HELD_BYTES:
        return view.matrix(column).search(vector, k, mask)
    best, high = np.empty(0, np.int64), np.empty(0, np.float32)
    for rows, vectors in view.blocks(column, mask):
        near, scores = nearest_of(view, rows, vectors, vector, k)
        best, high = np.concatenate([best, near]), np.concatenate([high, scores])
        order = np.lexsort((view.rows.tie_rank[best], -high))[:k]
        best, high = best[order], high[order]
    return best, high


def nearest_of(
    view: View, rows: np.ndarray, vectors: np.ndarray, vector: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    near, scores = Matrix(vectors, view.rows.tie_rank[rows]).search(vector, k)
    return rows[near], scores


def ask_index(
    view: View,
    column: VectorColumn,
    vector: np.ndarray,
    k: int,
    mask: np.ndarray | None,
    depth: int,
) -> Hits:
    """The nearest that LanceDB's index finds, those outside the mask left out."""
    ef = max(candidates(len(view)), EF_PER_HIT * k, REFINE * depth)  # asked for REFINE x depth
    name = view.layout.vectors[column.name]
    with explain(view.folder, f"searching the index of {column.name!r}"):
        asked = view.table.search(vector, vector_column_name=name).distance_type("dot")
        asked = asked.nprobes(partitions(len(view))).ef(ef).refine_factor(REFINE).limit(depth)
        found = asked.with_row_id(True).select(["_distance"]).to_arrow()
    rows = view.place(found[ROW].to_numpy())
    scores = (1 - found["_distance"].to_numpy()).astype(np.float32)  # the engine's "dot" distance
    fit = rows >= 0 if mask is None else (rows >= 0) & mask[rows]
    rows, scores = rows[fit], scores[fit]
    order = np.lexsort((view.rows.tie_rank[rows], -scores))[:k]
    return Hits(view.rows.ids_of(rows[order]), scores[order], f"hnsw ef {ef}")


def candidates(rows: int) -> int:
    """Least candidates of the graph's search among so many products."""
    return min(MOST_EF, max(EF, EF * rows // EF_ROWS))


def partitions(rows: int) -> int:
    """Of an index over so many rows: one per million; all of them are searched."""
    return max(1, round(rows / 1_000_000))


def by_words(view: View, probe: Probe, mask: np.ndarray | None) -> Hits:
    """The products with the best words by BM25, plus a quarter of the BM25 of the letter groups of
    those words that are not found: plurals, affixes, slips of the pen (`words.missing_words`)."""
    rows, scores = rank_words(view, replace(probe, k=max(probe.k, ENOUGH)), mask)
    texts = view.take(rows[:ENOUGH], [WORDS])[WORDS].to_pylist() if len(rows) else []
    missing = missing_words(probe.words[:LONGEST], [text or "" for text in texts])
    if not missing:
        rows, scores = rows[: probe.k], scores[: probe.k]
        return Hits(view.rows.ids_of(rows), scores, "words")
    rows, scores = rank_words(view, probe, mask, " ".join(missing))
    return Hits(view.rows.ids_of(rows), scores, "words and letter groups")


def rank_words(
    view: View, probe: Probe, mask: np.ndarray | None, letters: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """(rows, scores) of the k best of a mask; deeper until so many are found or there are no more."""
    matches = len(view) if mask is None else int(np.count_nonzero(mask))
    want = min(probe.k, matches)
    depth = probe.k + TIES if mask is None else int(SPARE * probe.k * len(view) / max(matches, 1))
    while want:
        asked = max(depth, probe.k + TIES)
        rows, scores, exhausted = ask_words(view, probe.words, asked, letters)
        fit = rows >= 0 if mask is None else (rows >= 0) & mask[rows]
        if exhausted or np.count_nonzero(fit) >= want:
            rows, scores = rows[fit], scores[fit]
            order = np.lexsort((view.rows.tie_rank[rows], -scores))[:want]
            return rows[order], scores[order]
        depth *= 4
    return np.empty(0, np.int64), np.empty(0, np.float32)


def ask_words(
    view: View, words: str, depth: int, letters: str
) -> tuple[np.ndarray, np.ndarray, bool]:
    """(rows, scores, whether these are all) of the `depth` best; `letters`: words whose groups of
    letters are searched, too."""
    from lancedb.query import BooleanQuery, FullTextQuery, MatchQuery, Occur

    text = compose(words[:LONGEST])[0]
    asked: FullTextQuery = MatchQuery(text, WORDS)  # type: ignore[call-arg]
    if letters:
        groups = MatchQuery(letters[:LONGEST_GROUPS], GRAMS, boost=GRAM_WEIGHT)  # type: ignore[call-arg]
        asked = BooleanQuery([(Occur.SHOULD, asked), (Occur.SHOULD, groups)])
    with explain(view.folder, "searching words"):
        query = view.table.search(asked, query_type="fts").with_row_id(True)
        found = query.select(["_score"]).limit(depth).to_arrow()
    scores = found["_score"].to_numpy().astype(np.float32)
    return view.place(found[ROW].to_numpy()), scores, len(found) < depth
