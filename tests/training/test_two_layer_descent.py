"""The fused two-layer engine under the descent: the literal net's trajectory, and the same digits after a kill."""

import numpy as np
import pytest

from prefit.gram import Workers
from prefit.networks import TwoLayer
from prefit.training import descend, stability_of
from prefit.training.two_layer import TwoLayerEngine
from tests.training.test_resume import Killed, Memory, same


@pytest.fixture(scope="module")
def workers():
    team = Workers(2)
    yield team
    team.close()


def fused(problem, workers, precision="float64"):
    """The net of the problem's literal engine."""
    literal = problem.engine(width=70)
    network = TwoLayer(literal.W0, literal.a, init_scale=1.0, antisymmetric=False)
    return TwoLayerEngine(network, problem.X, workers, precision)


TWINS = ["quadratic", "logistic"]


@pytest.mark.parametrize(("precision", "close"), [("float64", 1e-9), ("float32", 2e-4)])
@pytest.mark.parametrize("batch", [None, 4])
@pytest.mark.parametrize("name", TWINS)
def test_every_record_is_that_of_the_literal_net(problem, options, workers, name, batch, precision, close):
    asked = options(name, steps=30, batch=batch, kernel_eigenvalues=True)
    one, other = (
        descend(engine, problem.Y, problem.labels, problem.test, asked)
        for engine in (fused(problem, workers, precision), problem.engine(width=70))
    )
    assert one.k_star == other.k_star
    for quantity, array in one.trajectory.arrays().items():
        if quantity != "seconds":
            expected = getattr(other.trajectory, quantity)
            scale = np.abs(expected[np.isfinite(expected)]).max(initial=1e-3)
            np.testing.assert_allclose(array, expected, rtol=0, atol=close * scale, err_msg=quantity)


@pytest.mark.parametrize("batch", [None, 4])
def test_it_goes_on_with_the_same_digits(problem, options, workers, batch):
    asked = options(steps=11, batch=batch, keep_weights=(4,))

    def run(keeper):
        return descend(fused(problem, workers, "float32"), problem.Y, problem.labels, problem.test, asked, keeper)

    uninterrupted = run(None)
    for stop_after in (0, 3, 10, 11):
        keeper = Memory(stop_after)
        with pytest.raises(Killed):
            run(keeper)
        keeper.stop_after = None
        same(run(keeper), uninterrupted)


def test_its_largest_eigenvalue_is_the_literal_one(problem, workers):
    one, other = stability_of(fused(problem, workers)), stability_of(problem.engine(width=70))
    assert one.lambda_max == pytest.approx(other.lambda_max, rel=1e-9)
