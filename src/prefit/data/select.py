"""Which examples are taken: deterministic, in file order."""

from __future__ import annotations

import numpy as np

from prefit._shapes import Indices
from prefit.data.wording import Place, counted, quoted
from prefit.errors import InputError


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


def first_of_each(
    labels: Indices, count: int, names: tuple[str, ...], option: str, split: str, place: Place
) -> Indices:
    """Positions of the first `count` examples of each class that the split has."""
    sizes = np.bincount(labels, minlength=len(names))
    few = np.flatnonzero((sizes < count) & ((sizes > 0) | (split == "training")))
    if few.size:
        raise InputError(
            f"{option} asks for {counted(count, 'example')} of each class, and class "
            f"{quoted(names[few[0]], 40)} of the {split} split {place} has {int(sizes[few[0]]):,}. Ask for "
            "at most as many, or choose other --classes."
        )
    return _first(labels, np.minimum(sizes, count))


def check_limit(count: int, available: int, option: str, split: str, place: Place) -> None:
    """As many examples as the limit asks for, which takes exactly so many."""
    if count > available:
        raise InputError(
            f"{option} takes exactly {counted(count, 'example')}, and the {split} split {place} has "
            f"{available:,} to choose from. Ask for at most as many, or leave the option out to take all."
        )


def _first(labels: Indices, shares: Indices) -> Indices:
    """Positions, in file order, of the first shares[c] examples of each class c."""
    order = np.argsort(labels, kind="stable")
    starts = np.cumsum(np.bincount(labels, minlength=shares.size)) - np.bincount(labels, minlength=shares.size)
    place_in_class = np.arange(labels.size) - starts[labels[order]]
    return np.sort(order[place_in_class < shares[labels[order]]])
