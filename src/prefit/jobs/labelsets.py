"""The label sets of a forecast: the file's own, random ones as the null, and the worst case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.data import LabelledData
from prefit.data.coding import code, random_labels, reduced_code
from prefit.data.distinct import Distinct


@dataclass(frozen=True)
class LabelSet:
    """Targets of all n examples.

    Y        (n, k) the code
    reduced  (n, w) the same in as many columns as its rank: Y = reduced @ basis.T, basis (k, w) orthonormal
    indices  (n,) class of each example, None for real targets
    """

    Y: Matrix
    reduced: Matrix
    basis: Matrix
    indices: Indices | None = None


def from_classes(labels: Indices, classes: int) -> LabelSet:
    reduced, basis = reduced_code(labels, classes)
    return LabelSet(code(labels, classes), reduced, basis, labels)


def from_targets(targets: Matrix) -> LabelSet:
    return LabelSet(targets, targets, np.eye(targets.shape[1]))


def own_labels(data: LabelledData) -> LabelSet:
    """The labels that the file and --label-noise leave."""
    if data.task == "classes":
        assert data.train.labels is not None
        return from_classes(data.train.labels, len(data.classes))
    assert data.train.targets is not None
    return from_targets(data.train.targets)


def redrawn(data: LabelledData, distinct: Distinct, rng: np.random.Generator) -> LabelSet:
    """One random labelling: a label per distinct input, uniform over the classes; real targets are permuted.

    Were coinciding inputs to draw labels of their own, one such pair would make the baseline infinite.
    """
    if data.task == "classes":
        drawn = random_labels(distinct.count, len(data.classes), rng)
        return from_classes(distinct.example_labels(drawn), len(data.classes))
    assert data.train.targets is not None
    values = distinct.values(data.train.targets)
    permuted = values[rng.permutation(distinct.count)]
    return from_targets(distinct.example_labels(permuted) * distinct.lengths[:, None])


def random_sets(data: LabelledData, distinct: Distinct, draws: int, seed: int) -> list[LabelSet]:
    """The baseline: `draws` labellings, the same for the same seed."""
    rng = np.random.default_rng([seed, 1])
    return [redrawn(data, distinct, rng) for _ in range(draws)]


def worst_set(distinct: Distinct, vector: Matrix, n: int) -> LabelSet:
    """√n times the eigenvector (g, 1) of the least eigenvalue, as targets of the n examples."""
    return from_targets(distinct.expand(vector * np.sqrt(n)))
