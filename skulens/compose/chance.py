"""Counter-based randomness: the draws of proposal i depend on seed and i alone.

Philox4x32-10 (Salmon et al., SC 2011) on arrays, so that any number of workers, any size of batch
and any order of proposals give the same queries.
"""

from zlib import crc32

import numpy as np

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def words(seed: int, ids: np.ndarray, block: int, stream: int = 0) -> np.ndarray:
    """Four random words of 32 bits for each proposal.

    Args:
        seed: 0 to 2^64 - 1, the key.
        ids: (n,) uint64, the lower half of the counter.
        block: 0 to 2^32 - 1, which four words of the proposal.
        stream: 0 to 2^32 - 1, what the words decide; see `stream_of`.
    Returns:
        (n, 4) uint64, each below 2^32.
    """
    ids = np.asarray(ids, np.uint64)
    zero = np.zeros(len(ids), np.uint64)
    c = [ids & LOW, ids >> HALF, zero + np.uint64(block), zero + np.uint64(stream)]
    key = [seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF]
    for _ in range(ROUNDS):
        p, q = MULTIPLIERS[0] * c[0], MULTIPLIERS[1] * c[2]
        c = [
            (q >> HALF) ^ c[1] ^ np.uint64(key[0]),
            q & LOW,
            (p >> HALF) ^ c[3] ^ np.uint64(key[1]),
            p & LOW,
        ]
        key = [(k + w) & 0xFFFFFFFF for k, w in zip(key, WEYL, strict=True)]
    return np.stack(c, axis=1)


def stream_of(name: str) -> int:
    """The number of a stream of words: samplers and decisions of other names draw independently."""
    return crc32(name.encode())


def uniforms(seed: int, ids: np.ndarray, draws: int, first: int = 0, stream: int = 0) -> np.ndarray:
    """Uniform numbers in [0, 1), multiples of 2^-53: (n, draws) float64.

    Args:
        first: number of the first draw, so that later decisions never shift earlier ones.
    """
    blocks = range(first // 2, (first + draws + 1) // 2)
    found = np.concatenate([words(seed, ids, block, stream) for block in blocks], axis=1)
    high, low = found[:, 0::2], found[:, 1::2]
    numbers = ((high >> np.uint64(5)) * np.float64(2**26) + (low >> np.uint64(6))) * 2.0**-53
    start = first % 2
    return numbers[:, start : start + draws]


def pick(chance: np.ndarray, size: np.ndarray | int) -> np.ndarray:
    """Uniform whole numbers from 0 to size - 1, and 0 where there is nothing to pick. int64."""
    return np.minimum((chance * size).astype(np.int64), np.maximum(size, 1) - 1)


def pick_distinct(chance: np.ndarray, size: np.ndarray | int) -> np.ndarray:
    """Different numbers below `size` in random order, each order equally likely.

    Args:
        chance: (n, k), one number for each pick.
        size: (n,) or one; columns from `size` on mean nothing.
    Returns:
        (n, k) int64.
    """
    drawn = np.empty(chance.shape, np.int64)
    for i in range(chance.shape[1]):
        drawn[:, i] = pick(chance[:, i], np.maximum(size - i, 1))
        for other in np.sort(drawn[:, :i], axis=1).T:  # step over what is taken
            drawn[:, i] += drawn[:, i] >= other
    return drawn
