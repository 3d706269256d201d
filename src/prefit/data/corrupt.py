"""Label noise: a portion of the labels redrawn, as in Arora et al. (2019), Appendix A, arXiv:1901.08584."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prefit.data.coding import random_labels
from prefit.data.labelled import Split


def with_label_noise(split: Split, portion: float, classes: int, rng: np.random.Generator) -> Split:
    """The split with exactly round(portion · n) of its labels redrawn.

    Classes are drawn uniformly, so that some redrawn labels are what they were; real targets are permuted
    among the chosen examples, which keeps their distribution.
    """
    count = round(portion * split.n)
    if count == 0:
        return split
    chosen = np.sort(rng.choice(split.n, size=count, replace=False))
    if split.labels is not None:
        labels = split.labels.copy()
        labels[chosen] = random_labels(count, classes, rng)
        return replace(split, labels=labels)
    assert split.targets is not None
    targets = split.targets.copy()
    targets[chosen] = targets[rng.permutation(chosen)]
    return replace(split, targets=targets)
