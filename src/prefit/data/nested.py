"""Nested random subsets: halves of halves, disjoint at each size, every class in proportion."""

from __future__ import annotations

import numpy as np

from prefit._shapes import Indices


def halves(examples: Indices, strata: Indices, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Two disjoint random halves of `examples`, the first the larger by one where their number is odd.

    Each stratum is halved to within one example, and the odd ones are dealt out in turn, in random order. So 2^j
    blocks made by j halvings hold ⌊c/2^j⌋ or ⌈c/2^j⌉ examples of a stratum of c, and their sizes differ by one at most.

    strata   (n,) class of every example of the data, by which `examples` (m,) are looked up
    """
    shuffled = rng.permutation(examples)
    order = np.argsort(strata[shuffled], kind="stable")
    groups = np.split(shuffled[order], np.flatnonzero(np.diff(strata[shuffled][order])) + 1)
    first: list[Indices] = []
    second: list[Indices] = []
    more = True  # whether the first half gets the next odd example
    for i in rng.permutation(len(groups)):
        group = groups[i]
        odd = group.size % 2 == 1
        cut = group.size // 2 + int(odd and more)
        first.append(group[:cut])
        second.append(group[cut:])
        more = more != odd
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(second))


def nested_blocks(examples: Indices, strata: Indices, depth: int, rng: np.random.Generator) -> list[list[Indices]]:
    """Blocks by size: all of `examples`, 2 halves, 4 quarters, … 2^depth; block i lies in block ⌊i/2⌋ of the size
    above, in file order."""
    levels = [[examples]]
    for _ in range(depth):
        levels.append([half for block in levels[-1] for half in halves(block, strata, rng)])
    return levels
