"""Labels of which a portion is redrawn, and what nets make of them: infinitely wide, linearized, and trained ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.data import LabelledData
from prefit.experiments import paper
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.images import noisy_targets, rows_of
from prefit.experiments.limit import Factorized, errors, matrix_of, posed, stopped_coefficients
from prefit.experiments.nets import NetOptions, linearized, trained
from prefit.experiments.study import Workshop
from prefit.networks.two_layer import TwoLayer
from prefit.spectra import certify
from prefit.training import HeldOut

PORTIONS = tuple(i / 10 for i in range(11))


@dataclass(frozen=True)
class Noisy:
    """Inputs with labels of every portion and draw.

    Y, test_Y   (n, portions·draws) and (t, portions·draws) labels ±1, the draws of a portion side by side
    """

    data: LabelledData
    X: Matrix
    test_X: Matrix
    Y: Matrix
    test_Y: Matrix


def noisy(data: LabelledData, draws: int, seed: int) -> Noisy:
    """Labels with a portion replaced by fair coins, of the test split too, as in the paper's Appendix A."""
    assert data.test is not None
    keys = [(i, draw) for i in range(len(PORTIONS)) for draw in range(draws)]
    columns = [
        np.hstack([noisy_targets(split, PORTIONS[i], (seed, stream, i, draw)) for i, draw in keys])
        for stream, split in enumerate((data.train, data.test))
    ]
    return Noisy(data, rows_of(data.train), rows_of(data.test), *columns)


def by_portion(row: Vector) -> Matrix:
    """(portions, draws)."""
    return row.reshape(len(PORTIONS), -1)


# Cells ----------------------------------------------------------------------------------------------------------------


def wide(labels: Noisy, workshop: Workshop, portion: Portion) -> Arrays:
    """The infinitely wide net trained to the end: certified forms, tr H⁻¹ (exact up to rounding), test errors."""
    problem = posed(labels.data, workshop.workers)
    portion(0.3)
    solver = Factorized.of(matrix_of(problem), workshop.workers.threads)
    Z = solver.solve(labels.Y)
    portion(0.6)
    sides = certify(problem.gram, labels.Y, Z, problem.gram.floor.smallest())
    wrong, l1 = errors(problem.predict(Z), labels.test_Y)
    portion(0.8)
    return {
        "lower": by_portion(sides.lower),
        "upper": by_portion(sides.upper),
        "error": by_portion(wrong),
        "l1": by_portion(l1),
        "trace": np.array(solver.inverse_trace(workshop.workers.threads)),
    }


def lazy(labels: Noisy, width: int, workshop: Workshop) -> Arrays:
    """A net of this width linearized at its start, trained to the end."""
    seed = workshop.options.seed
    network = TwoLayer.initialized(width, labels.X.shape[1], init_scale=paper.INIT_SCALE, seed=seed)
    found = linearized(network, labels.X, labels.Y, labels.test_X, labels.test_Y, workshop.workers.threads)
    return {name: by_portion(row) for name, row in found.items()}


def net(labels: Noisy, column: int, options: NetOptions, workshop: Workshop, portion: Portion) -> Arrays:
    """One trained net, and the infinitely wide net on the same labels after as many steps of the same size."""
    Y, test = labels.Y[:, [column]], HeldOut(labels.test_X, labels.test_Y[:, [column]])
    arrays, _ = trained(options, labels.X, Y, test, workshop.workers, portion)
    problem = posed(labels.data, workshop.workers)
    Z = stopped_coefficients(problem, Y, float(arrays["step_size"]), int(arrays["steps"][-1]))
    wrong, l1 = errors(problem.predict(Z), test.Y)
    return arrays | {"wide_error": wrong, "wide_l1": l1}
