"""The graph of vectors (HNSW) of engines that build it themselves: one choice for all of them."""

M, EF_CONSTRUCT = 16, 128
"""Links per vector, and candidates while linking."""
EF, EF_FILTER = 128, 256
"""Candidates of a search, without and with a filter: at 200,000 products in Qdrant recall@10 is then
1.00, and 0.99 where a filter leaves a tenth."""
GRAPH = {"m": M, "ef_construct": EF_CONSTRUCT, "ef": EF, "ef_filter": EF_FILTER}
"""As `Store.info` says it."""


def choose_ef(k: int, filtered: bool) -> int:
    """Candidates of a search for k products."""
    return max(EF_FILTER if filtered else EF, 2 * k)
