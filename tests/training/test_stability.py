"""λ_max of the net's own kernel by a few products, and the step sizes that follow."""

import numpy as np
import pytest

from prefit.training import descend, loss_named, stability_of


def exact_lambda_max(engine):
    """By the matrix of J Jᵀ, a column at a time."""
    n, c = engine.forward().shape
    columns = [engine.tangent(unit.reshape(n, c)).ravel() for unit in np.eye(n * c)]
    return float(np.linalg.eigvalsh(np.array(columns))[-1])


@pytest.mark.parametrize("which", ["problem", "three_classes"])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_just_below_the_largest_eigenvalue(which, seed, request):
    engine = request.getfixturevalue(which).engine(seed=seed)
    exact, found = exact_lambda_max(engine), stability_of(engine)
    assert exact * (1 - 1e-4) <= found.lambda_max <= exact * (1 + 1e-12)
    assert found.residual <= 1e-3 * found.lambda_max
    assert found.products <= engine.forward().size


def test_one_output_s_kernel_is_h(problem):
    engine = problem.engine()
    engine.forward()
    top = np.linalg.eigvalsh(engine.kernel())[-1]
    assert stability_of(engine).lambda_max == pytest.approx(top, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "scale"), [("quadratic", 1.0), ("square", 14 / 2), ("logistic", 4 * 14), ("hinge", 14.0)]
)
def test_the_step_size_is_one_over_beta_lambda_max(problem, name, scale):
    found, loss = stability_of(problem.engine()), loss_named(name)
    assert found.step_size(loss) == pytest.approx(scale / found.lambda_max)
    stable = found.stable_below(loss)
    assert stable is None if name == "hinge" else stable == pytest.approx(2 * found.step_size(loss))


@pytest.mark.parametrize("name", ["quadratic", "square", "logistic", "hinge"])
def test_the_default_step_descends(problem, options, name):
    rate = stability_of(problem.engine(width=60)).step_size(loss_named(name))
    outcome = descend(problem.engine(width=60), problem.Y, None, None, options(name, step_size=rate, steps=40))
    assert outcome.stopped == "steps"
    assert outcome.trajectory.loss[-1] < 0.5 * outcome.trajectory.loss[0]


@pytest.mark.parametrize(("times", "falls"), [(0.95, True), (1.4, False)])
def test_the_first_steps_fall_below_the_bound_and_rise_above_it(problem, options, times, falls):
    """A residual along the top eigenvector is multiplied by 1 − ηλ_max: shrinks just when η < 2/λ_max."""
    engine = problem.engine(width=400)
    found, F = stability_of(engine), engine.forward()
    top = np.linalg.eigh(engine.kernel())[1][:, -1:]
    rate = times * found.stable_below(loss_named("quadratic"))
    outcome = descend(engine, F + 1e-3 * top, None, None, options(step_size=rate, steps=1))
    assert (outcome.trajectory.loss[1] < outcome.trajectory.loss[0]) == falls
