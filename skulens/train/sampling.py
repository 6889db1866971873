"""What a step is fed with: which pictures, which texts, all drawn from (seed, epoch) alone.

Nothing depends on what was drawn before, so a run that was killed goes on exactly as it would have.

Of several catalogues every batch holds fixed shares, not one catalogue at a time: batch
normalisation would else learn from batches of drawings and batches of photos in turn, and
measure with the mean of both. The texts of the other catalogues are negatives too easy to cost
anything; the hard ones are the batch's own share.
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


@dataclass
class Mixture:
    """The sources of a run and the share of every batch that each fills."""

    pictures: list[np.ndarray]
    """Per source, the positions of its pictures."""
    products: list[np.ndarray]
    """Per source, the positions of its products."""
    shares: np.ndarray
    """(sources,), sum 1."""

    @classmethod
    def whole(cls, n_pictures: int, n_products: int) -> "Mixture":
        """Everything as one source."""
        return cls([np.arange(n_pictures)], [np.arange(n_products)], np.ones(1))

    @classmethod
    def of(
        cls, sources: Sequence[str], owners: np.ndarray, weights: Mapping[str, float]
    ) -> "Mixture":
        """The mixture of a recipe.

        Args:
            sources: source of each product.
            owners: (pictures,) product of each.
            weights: source -> weight; empty: everything is one source, so that each has its share
                of the pictures. Sources that are not trained on are left out, so that one recipe
                serves for all and for each alone.
        Raises:
            RecipeError: a source has no weight.
        """
        names = list(dict.fromkeys(sources))
        if not weights:
            return cls.whole(len(owners), len(sources))
        if lost := [name for name in names if name not in weights]:
            raise RecipeError(
                f"sources gives weights to {', '.join(weights)}, and none to {lost[0]!r}, "
                "which is trained on"
            )
        place = np.array([names.index(s) for s in sources])
        there = [i for i in range(len(names)) if (place[owners] == i).any()]
        shares = np.array([weights[names[i]] for i in there], np.float64)
        pictures = [np.flatnonzero(place[owners] == i) for i in there]
        return cls(pictures, [np.flatnonzero(place == i) for i in there], shares / shares.sum())

    def counts(self, total: int) -> list[int]:
        """`total` shared out in whole numbers, what is left over to the largest remainders."""
        exact = self.shares * total
        counts = np.floor(exact + 1e-9).astype(int)
        counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
        return counts.tolist()


def batches(
    owners: np.ndarray, batch: int, balance: float, rng: Generator, mixture: Mixture | None = None
) -> Iterator[np.ndarray]:
    """Positions of an epoch's pictures, `batch` at a time; a last, smaller rest is left out.

    An epoch has as many pictures as there are. A source whose share is more than it has is gone
    through several times, one whose share is less in part.

    Args:
        owners: (pictures,) product of each.
        balance: 0 gives every picture of a source once before any twice; above, draws with
            probability count(product) ** -balance, so that 1 shows every product equally often.
    """
    n = len(owners)
    batch = min(batch, n)
    steps = n // batch
    mixture = mixture or Mixture.whole(n, 0)
    parts = [
        positions[order(owners[positions], steps * count, balance, rng)].reshape(steps, count)
        for positions, count in zip(mixture.pictures, mixture.counts(batch), strict=True)
    ]
    yield from np.concatenate(parts, 1)


def order(owners: np.ndarray, count: int, balance: float, rng: Generator) -> np.ndarray:
    """The first `count` of a source's pictures in random order, as positions among them."""
    n = len(owners)
    if balance:
        weights = torch.from_numpy(np.bincount(owners)[owners] ** -float(balance))
        return torch.multinomial(weights, max(n, count), replacement=True, generator=rng)[
            :count
        ].numpy()
    rounds = [torch.randperm(n, generator=rng) for _ in range(max(1, -(-count // n)))]
    return torch.cat(rounds)[:count].numpy()


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
    def of(
        cls, texts: Sequence[Mapping[str, str]], roles: Mapping[str, float], encode
    ) -> "TextBank":
        """Texts of each product by role; a product without any of `roles` uses all it has.

        A role "caption+title" is both in that order, as one text, where a product has both.

        Raises:
            RecipeError: no product has any of the roles asked for.
        """
        joined = [role for role in roles if "+" in role]
        texts = [{**product, **join(product, joined)} for product in texts]
        there = {role for product in texts for role in product}
        if roles and not there & set(roles):
            raise RecipeError(
                f"text_roles {', '.join(roles)}: no product has one; "
                f"they have {', '.join(sorted(there))}"
            )
        chosen: list[str] = []
        weights: list[float] = []
        first = [0]
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
                pick = int(
                    torch.multinomial(torch.from_numpy(self.weight[low:high]), 1, generator=rng)
                )
            rows.append(low + pick)
        tokens = self.tokens[torch.from_numpy(np.array(rows))]
        return leave_out(tokens, drop, rng) if drop else tokens


def join(product: Mapping[str, str], roles: Sequence[str]) -> dict[str, str]:
    """Those of the joined roles, such as "caption+title", whose every part the product has."""
    parts = {role: [product.get(r) for r in role.split("+")] for role in roles}
    return {
        role: ". ".join(t.rstrip(". ") for t in found if t)
        for role, found in parts.items()
        if all(found)
    }


def leave_out(tokens: Tensor, drop: float, rng: Generator) -> Tensor:
    """Drop tokens of each row and close the gaps; the end token (largest id) always stays."""
    end = tokens.max()
    keep = (torch.rand(tokens.shape, generator=rng) >= drop) | (tokens == end)
    keep &= tokens != 0
    order = torch.argsort(~keep, dim=1, stable=True)
    return torch.where(keep.gather(1, order), tokens.gather(1, order), 0)


def pick_products(
    owners: np.ndarray, n_products: int, extra: int, rng: Generator, mixture: Mixture | None = None
) -> tuple[np.ndarray, Tensor]:
    """The products of a batch once each, then up to `extra` others, shared out over the sources.

    Returns:
        Products (texts,), and each picture's position among them (pictures,).
    """
    present, position = np.unique(owners, return_inverse=True)
    if extra:
        mixture = mixture or Mixture.whole(0, n_products)
        added = [present]
        for products, count in zip(mixture.products, mixture.counts(extra), strict=True):
            others = np.setdiff1d(products, present)
            added.append(others[torch.randperm(len(others), generator=rng).numpy()][:count])
        present = np.concatenate(added)
    return present, torch.from_numpy(position)
