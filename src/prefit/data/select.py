"""Which examples are taken: deterministic, in file order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from prefit._shapes import Indices
from prefit.data.wording import Place, counted, quoted
from prefit.errors import InputError


@dataclass(frozen=True)
class Wish:
    """How many examples of a split to take: `limit` of all, or `per_class` of each class, or every one."""

    split: Literal["training", "test"]
    limit: int | None
    per_class: int | None

    def option(self, name: str) -> str:
        """The option as the command line calls it for this split."""
        return f"--{name}" if self.split == "training" else f"--test-{name}"


def proportional(labels: Indices, count: int) -> Indices:
    """Positions of exactly `count` examples, each class in proportion by largest remainder, its first ones.

    Of equal remainders the smaller class index is served first.

    labels   (n,) class of each example, n at least `count`
    """
    sizes = np.bincount(labels)
    shares, remainders = np.divmod(sizes * count, labels.size)
    served = np.argsort(-remainders, kind="stable")[: count - int(shares.sum())]
    shares[served] += 1
    return _first(labels, shares)


def first_of_each(wish: Wish, count: int, labels: Indices, names: tuple[str, ...], place: Place) -> Indices:
    """Positions of the first `count` examples of each class; a test split may lack a class, but not have too few."""
    sizes = np.bincount(labels, minlength=len(names))
    few = np.flatnonzero((sizes < count) & ((sizes > 0) | (wish.split == "training")))
    if few.size:
        raise InputError(
            f"{wish.option('per-class')} asks for {counted(count, 'example')} of each class, and class "
            f"{quoted(names[few[0]], 40)} of the {wish.split} split {place} has {int(sizes[few[0]]):,}. Ask for "
            "at most as many, or choose other --classes."
        )
    return _first(labels, np.minimum(sizes, count))


def check_limit(wish: Wish, available: int, place: Place) -> None:
    """As many examples as the limit asks for, which takes exactly so many."""
    if wish.limit is not None and wish.limit > available:
        raise InputError(
            f"{wish.option('limit')} takes exactly {counted(wish.limit, 'example')}, and the {wish.split} "
            f"split {place} has {available:,} to choose from. Ask for at most as many, "
            "or leave the option out to take all."
        )


def _first(labels: Indices, shares: Indices) -> Indices:
    """Positions, in file order, of the first shares[c] examples of each class c."""
    order = np.argsort(labels, kind="stable")
    starts = np.cumsum(np.bincount(labels, minlength=shares.size)) - np.bincount(labels, minlength=shares.size)
    place_in_class = np.arange(labels.size) - starts[labels[order]]
    return np.sort(order[place_in_class < shares[labels[order]]])
