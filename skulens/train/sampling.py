"""What a step is fed with: which pictures, which texts, all drawn from (seed, epoch) alone.

Nothing depends on what was drawn before, so a run that was killed goes on exactly as it would have.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from skulens.train.config import RecipeError


def generator(*key: int) -> Generator:
    """Random numbers of their own for each key, such as (seed, epoch)."""
    state = np.random.SeedSequence(key).generate_state(2, np.uint32)
    return Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)


def batches(owners: np.ndarray, batch: int, balance: float, rng: Generator) -> Iterator[np.ndarray]:
    """Positions of an epoch's pictures, `batch` at a time; a last, smaller rest is left out.

    Args:
        owners: (pictures,) product of each.
        balance: 0 gives every picture once; above, len(owners) draws with probability
            count(product) ** -balance, so that 1 shows every product equally often.
    """
    n = len(owners)
    if balance:
        counts = np.bincount(owners)
        weights = torch.from_numpy(counts[owners] ** -float(balance))
        order = torch.multinomial(weights, n, replacement=True, generator=rng)
    else:
        order = torch.randperm(n, generator=rng)
    batch = min(batch, n)
    for start in range(0, n - batch + 1, batch):
        yield order[start : start + batch].numpy()


@dataclass
class TextBank:
    """Every text of every product, tokenised once."""

    tokens: Tensor
    """(texts, context_length) int64"""
    first: np.ndarray
    """(products + 1,) position of each product's first text."""
    weight: np.ndarray
    """(texts,) with which it is drawn among its product's."""

    @classmethod
    def of(cls, texts: Sequence[Mapping[str, str]], roles: Mapping[str, float], encode) -> "TextBank":
        """Texts of each product by role; a product without any of `roles` uses all it has.

        Raises:
            RecipeError: no product has any of the roles asked for.
        """
        there = {role for product in texts for role in product}
        if roles and not there & set(roles):
            raise RecipeError(
                f"text_roles {', '.join(roles)}: no product has one; they have {', '.join(sorted(there))}"
            )
        chosen, weights, first = [], [], [0]
        for product in texts:
            kept = {r: t for r, t in product.items() if r in roles} or product
            chosen += kept.values()
            weights += [roles.get(r, 1.0) for r in kept]
            first.append(len(chosen))
        return cls(torch.from_numpy(encode(chosen)), np.array(first), np.array(weights))

    def draw(self, products: np.ndarray, drop: float, rng: Generator) -> Tensor:
        """One text of each product, (products, context_length), some tokens left out."""
        rows = []
        for product in products:
            low, high = self.first[product], self.first[product + 1]
            pick = 0
            if high - low > 1:
                pick = int(torch.multinomial(torch.from_numpy(self.weight[low:high]), 1, generator=rng))
            rows.append(low + pick)
        tokens = self.tokens[torch.from_numpy(np.array(rows))]
        return leave_out(tokens, drop, rng) if drop else tokens


def leave_out(tokens: Tensor, drop: float, rng: Generator) -> Tensor:
    """Each row without some of its tokens, moved together; the end token (largest id) always stays."""
    end = tokens.max()
    keep = (torch.rand(tokens.shape, generator=rng) >= drop) | (tokens == end)
    keep &= tokens != 0
    order = torch.argsort(~keep, dim=1, stable=True)
    return torch.where(keep.gather(1, order), tokens.gather(1, order), 0)


def distinct(owners: np.ndarray, n_products: int, extra: int, rng: Generator) -> tuple[np.ndarray, Tensor]:
    """The products of a batch once each, then up to `extra` others.

    Returns:
        Products (texts,), and each picture's position among them (pictures,).
    """
    present, position = np.unique(owners, return_inverse=True)
    if extra:
        others = np.setdiff1d(np.arange(n_products), present)
        shuffled = others[torch.randperm(len(others), generator=rng).numpy()]
        present = np.concatenate([present, shuffled[:extra]])
    return present, torch.from_numpy(position)
