"""What the studies stand on: the paper's numbers, tables, slopes, options, exact limits, linearized nets."""

from __future__ import annotations

import numpy as np
import pytest

from prefit.data import from_arrays
from prefit.errors import InputError
from prefit.experiments import StudyOptions, paper, reproduce
from prefit.experiments.limit import Factorized, matrix_of, posed, stopped_coefficients
from prefit.experiments.nets import as_deep, linearized
from prefit.experiments.slopes import slope_of
from prefit.experiments.tables import Table
from prefit.gram import Workers
from prefit.networks.two_layer import TwoLayer
from prefit.training import DescentOptions, descend, loss_named
from prefit.training.two_layer import TwoLayerEngine


@pytest.fixture
def workers():
    made = Workers(1)
    yield made
    made.close()


def problem(workers, n=30, d=6):
    rng = np.random.default_rng(0)
    return posed(from_arrays(rng.standard_normal((n, d)), np.tile([0, 1], n // 2)), workers)


# The paper's numbers


def test_the_papers_curves_are_all_there():
    for panel in ("2a", "2b"):
        for series in ("l1_loss", "classification_error", "complexity"):
            np.testing.assert_allclose(paper.curve(panel, series).x, np.arange(11) / 10)
    for panel in ("1a", "1c"):
        assert abs(paper.curve(panel, "random_labels").y[0] - 0.5) < 2e-3
    for panel in ("1b", "1d"):
        assert (np.diff(paper.curve(panel, "projection_random").x) > 0).all()
        assert (np.diff(paper.curve(panel, "eigenvalue").y) <= 0).all()


@pytest.mark.parametrize(("panel", "images"), [("2a", 1960), ("2b", 2000)])
def test_the_papers_errors_are_whole_numbers_of_images(panel, images):
    counts = images * paper.curve(panel, "classification_error").y
    np.testing.assert_allclose(counts, np.rint(counts), atol=0.04)


# Tables and slopes


def test_a_table_is_text_and_csv():
    table = Table("Two rows", ("name", "m", "value"), [("a", 256, 0.5), ("b, c", 16_384, None)])
    assert table.csv() == 'name,m,value\na,256,0.5\n"b, c",16384,\n'
    assert str(table).splitlines() == ["Two rows", "       m  value", "a", "     256  0.500", "b, c", "  16,384"]
    assert [table.is_number(i) for i in range(3)] == [False, True, True]


def test_a_table_fits_the_screen_with_errors_beside_their_numbers_and_without_empty_columns():
    columns = ("nets", "quantity", "exponent", "error", "half", "its error", "source")
    row = ("L = 1", "max |f − F|, F linearized at W(0)", -0.681, 0.018, -0.794, None, "Lemma 4.2")
    screen = {"quantity": "quantity", "exponent": "exponent", "half": "widest half"}
    table = Table("Exponents", columns, [row, row], screen, {"exponent": "error", "half": "its error"})
    assert table.filled().columns == (*columns[:5], "source")
    assert table.lines(56)[1:5] == [
        "  quantity                         exponent  widest half",
        "L = 1",
        "  max |f − F|, F linearized  -0.681 ± 0.018       -0.794",
        "  at W(0)",
    ]


def test_an_error_below_the_digits_shown_does_not_lengthen_its_number():
    rows = [("L = 1", "harvey2017", -0.16816, 1.4e-5), ("L = 1", "bartlett2017", -0.45, 0.052)]
    table = Table("Exponents", ("nets", "bound", "value", "error"), rows, errors={"value": "error"})
    assert table.lines()[3:] == ["  harvey2017            -0.168", "  bartlett2017  -0.450 ± 0.052"]


def test_the_slope_of_a_power_law_and_its_error():
    widths = 2.0 ** np.arange(8, 13)
    rng = np.random.default_rng(0)
    noise = 1 + 0.05 * rng.standard_normal((5, 400))
    found = slope_of(widths, 3.0 * widths[:, None] ** -0.5 * noise)
    assert found is not None
    assert abs(found.value + 0.5) <= 4 * found.error
    assert slope_of(widths, 2.0 * widths[:, None] ** -0.5).value == pytest.approx(-0.5)
    assert slope_of(widths, widths[:, None] * 0.0) is None
    assert slope_of(widths[:1], np.ones((1, 3))) is None


# Options


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 21}, "even"),
        ({"kernel_n": 7}, "even"),
        ({"width": 0}, "--width must be a whole number, 1 or more"),
        ({"seeds": True}, "--seeds"),
        ({"only": "svhn"}, "mnist or cifar10"),
        ({"device": "tpu"}, "auto, cpu or cuda"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, says):
    with pytest.raises(InputError, match=says):
        StudyOptions(**options)


def test_a_study_without_its_data_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("PREFIT_DATA", raising=False)
    with pytest.raises(InputError, match="--data DIR, or set PREFIT_DATA"):
        reproduce("arora2019/figure2", tmp_path / "out")
    with pytest.raises(InputError, match="must name the folder"):
        reproduce("arora2019/figure2", tmp_path / "out", StudyOptions(data=str(tmp_path / "none")))
    with pytest.raises(InputError, match="holds mnist/"):
        reproduce("arora2019/figure2", tmp_path / "out", StudyOptions(data=str(tmp_path)))
    with pytest.raises(InputError, match=r"'arora2019/figur1'\. Did you mean arora2019/figure1\? Name one of"):
        reproduce("arora2019/figur1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Limits


def test_the_factorized_matrix_solves_and_knows_the_trace_of_its_inverse(workers):
    H = matrix_of(problem(workers))
    Y = np.random.default_rng(1).standard_normal((H.shape[0], 3))
    solver = Factorized.of(H, 1)
    np.testing.assert_allclose(H @ solver.solve(Y), Y, atol=1e-12)
    assert solver.inverse_trace(1) == pytest.approx(np.trace(np.linalg.inv(H)), rel=1e-11)


@pytest.mark.parametrize("steps", [1, 7, 400])
def test_the_stopped_net_is_that_of_so_many_steps(workers, steps):
    posed_problem = problem(workers)
    H, y, z = matrix_of(posed_problem), np.ones((30, 1)), np.zeros((30, 1))
    y[1::2] = -1.0
    rate = 0.7 / np.linalg.eigvalsh(H)[-1]
    for _ in range(steps):
        z = z + rate * (y - H @ z)
    np.testing.assert_allclose(H @ stopped_coefficients(posed_problem, y, rate, steps), H @ z, atol=1e-3)


def test_coinciding_inputs_are_refused(workers):
    X = np.tile(np.eye(3), (2, 1))
    with pytest.raises(InputError, match="differ on the sphere"):
        posed(from_arrays(X, [0, 1, 0, 0, 1, 0]), workers)


# Nets


def test_a_linearized_net_is_the_least_change_of_weights_that_fits():
    """min ‖ΔW‖ with f(x_i) + ⟨∂f(x_i), ΔW⟩ = y_i, from the features Z themselves."""
    rng = np.random.default_rng(2)
    X, test_X = (U / np.linalg.norm(U, axis=1, keepdims=True) for U in rng.standard_normal((2, 12, 5)))
    Y, test_Y = rng.choice([-1.0, 1.0], (2, 12, 3))
    network = TwoLayer.initialized(40, 5, init_scale=0.5, seed=3)
    found = linearized(network, X, Y, test_X, test_Y, 1)
    Z, moved = network.features(X), Y - network.predict(X)
    change = Z @ np.linalg.solve(Z.T @ Z, moved)
    F = network.predict(test_X) + network.features(test_X).T @ change
    np.testing.assert_allclose(found["form"], np.square(change).sum(axis=0), rtol=1e-8)
    np.testing.assert_allclose(found["l1"], np.abs(F - test_Y).mean(axis=0), rtol=1e-8)
    np.testing.assert_allclose(found["error"], (F * test_Y <= 0).mean(axis=0))


def test_the_deep_net_that_stands_in_on_cuda_descends_alike(workers):
    pytest.importorskip("torch")
    from prefit.training.deep import DeepEngine

    rng = np.random.default_rng(4)
    X = rng.standard_normal((15, 6))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    Y = rng.choice([-1.0, 1.0], (15, 1))
    network = TwoLayer.initialized(64, 6, init_scale=0.01, seed=5)
    own = TwoLayerEngine(network, X, workers, "float64")
    other = DeepEngine(as_deep(network), X, "cpu", "float64")
    runs = [
        descend(engine, Y, None, None, DescentOptions(loss_named("quadratic"), rate, 30)).trajectory
        for engine, rate in ((own, 0.2), (other, 0.2 / 64))
    ]
    np.testing.assert_allclose(runs[1].outputs, runs[0].outputs, atol=1e-9)
    np.testing.assert_allclose(8.0 * runs[1].distance, runs[0].distance, atol=1e-9)
