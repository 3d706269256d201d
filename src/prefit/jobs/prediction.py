"""The infinite-width network on the test split."""

from __future__ import annotations

import numpy as np

from prefit._shapes import Matrix
from prefit.data.coding import code
from prefit.documents.forecast import Test
from prefit.jobs.problem import Problem


def test_part(problem: Problem, Z: Matrix) -> Test | None:
    """Error and ℓ1 loss of Σ_i z_i κ(x_i, ·) on the test split, where there is one and its labels are the file's."""
    test = problem.data.test
    if test is None or problem.data.labels != "true":
        return None
    F = problem.predict(Z)
    if test.labels is None:
        assert test.targets is not None
        return Test(n=test.n, error=None, l1=float(np.abs(F - test.targets).sum(axis=1).mean()))
    Y = code(test.labels, len(problem.data.classes))
    wrong = Y[:, 0] * F[:, 0] <= 0.0 if Y.shape[1] == 1 else F.argmax(axis=1) != test.labels
    return Test(n=test.n, error=float(wrong.mean()), l1=float(np.abs(F - Y).sum(axis=1).mean()))
