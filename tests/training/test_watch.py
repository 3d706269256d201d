"""A watcher records of a user's module what a run of ours records, and leaves its training as it was."""

import json
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import prefit  # noqa: E402
from prefit.errors import InputError  # noqa: E402
from prefit.networks import DeepReLU  # noqa: E402
from prefit.training import Measured, loss_named, module, row_of  # noqa: E402
from prefit.training.deep import DeepEngine  # noqa: E402
from tests.training.conftest import Problem  # noqa: E402


class Signs(nn.Module):
    """The net of Cao & Gu (2020), §2, as a user would write it: hidden layers without bias, output signs fixed."""

    def __init__(self, net, dtype=torch.float64):
        super().__init__()
        parts = []
        for W in net.weights:
            parts += [nn.Linear(*W.shape, bias=False, dtype=dtype), nn.ReLU()]
            parts[-2].weight.data = torch.tensor(W.T, dtype=dtype)
        self.hidden = nn.Sequential(*parts)
        self.register_buffer("signs", torch.tensor(net.output, dtype=dtype))

    def forward(self, x):
        return self.hidden(x) @ self.signs


def small(seed=0, outputs=1, inplace=False):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(5, 24), nn.ReLU(inplace), nn.Dropout(0.5), nn.Linear(24, 16), nn.ReLU(inplace), nn.Linear(16, outputs)
    )


def logistic(F, y):
    return functional.softplus(-y.reshape(F.shape) * F).mean()


def trained(model, X, y, steps, watcher=None, rate=0.3, loss=logistic):
    X, y = (torch.as_tensor(part, dtype=next(model.parameters()).dtype) for part in (X, y))
    descent = torch.optim.SGD(model.parameters(), lr=rate)
    for step in range(1, steps + 1):
        descent.zero_grad()
        loss(model(X), y).backward()
        descent.step()
        if watcher is not None:
            watcher.record(step)
    return model


@pytest.fixture
def problem():
    return Problem(n=20)


def test_the_deep_net_as_a_module_gives_the_trajectory_of_our_own(problem):
    net = DeepReLU.initialized(5, (12, 9), seed=1)
    engine, what = DeepEngine(net, problem.X, "cpu", "float64"), None
    model = Signs(net)
    test = (problem.test.X, problem.test.Y)
    watcher = prefit.watch(
        model, problem.X, problem.Y, loss="logistic", test=test, kernel_scale=9.0, kernel_eigenvalues=True, chunk=7
    )
    trained(model, problem.X, problem.Y, 6, watcher, rate=0.2)
    loss = loss_named("logistic")
    what = Measured(loss, problem.Y, problem.labels, problem.test, kernel_eigenvalues=True)
    for k in range(7):
        F = engine.forward()
        for name, value in row_of(engine, F, k, 0.0, what).items():
            if name != "seconds":
                seen = getattr(watcher.trajectory, name)[k]
                np.testing.assert_allclose(seen, value, rtol=1e-8, atol=1e-8, err_msg=f"{name} at {k}")
        engine.forward()
        engine.descend(loss.gradient(F, problem.Y), 0.2)
    assert np.isfinite(watcher.trajectory.flips).all()


def test_training_goes_on_as_if_nobody_watched(problem):
    """Random numbers of the dropout, gradients, modes of the parts and statistics of the batches are untouched."""

    def net():
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(5, 30), nn.BatchNorm1d(30), nn.ReLU(), nn.Dropout(0.5), nn.Linear(30, 1))
        model[3].eval()
        model[3].train()
        model[1].eval()  # a user's choice that has to stay
        return model

    alone, seen = net(), net()
    torch.manual_seed(4)
    trained(alone, problem.X, problem.Y, 5)
    watcher = prefit.watch(seen, problem.X, problem.Y, loss="logistic")
    torch.manual_seed(4)
    trained(seen, problem.X, problem.Y, 5, watcher)
    for name, value in alone.state_dict().items():
        assert torch.equal(value, seen.state_dict()[name]), name
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(alone.parameters(), seen.parameters(), strict=True))
    assert [part.training for part in seen] == [part.training for part in alone]
    assert not any(part._forward_pre_hooks for part in seen.modules())


def test_it_can_be_asked_where_gradients_are_switched_off(problem):
    watcher = prefit.watch(small(), problem.X, problem.Y)
    with torch.no_grad():
        watcher.record(1)
    with torch.inference_mode():
        watcher.record(2)
    assert (watcher.trajectory.gradient_norm[2] == watcher.trajectory.gradient_norm[0]).all()


@pytest.mark.parametrize("inplace", [False, True])
def test_gradients_kernel_and_linearization_are_those_of_autograd(problem, inplace):
    model = small(inplace=inplace).double()
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    watcher = prefit.watch(model, problem.X, problem.Y, loss="logistic", kernel_eigenvalues=True)
    trained(model.eval(), problem.X, problem.Y, 3, rate=1.0)
    watcher.record(3)
    X, y, seen = torch.tensor(problem.X), torch.tensor(problem.Y), watcher.trajectory
    model.zero_grad()
    logistic(model(X), y).backward()
    literal = [p.grad.norm().item() for p in model.parameters() if p.ndim == 2]
    np.testing.assert_allclose(seen.gradient_norm[-1], literal, rtol=1e-9)
    values = np.linalg.eigvalsh(_kernel(model, X))
    assert seen.kernel_smallest[-1] == pytest.approx(values[0], abs=1e-10)
    assert seen.kernel_largest[-1] == pytest.approx(values[-1], rel=1e-9)
    now = {name: p.detach().clone() for name, p in model.named_parameters()}
    F = model(X).detach()
    model.load_state_dict(start)
    linear = [_linear(model, x, now, start) for x in X]
    off = np.abs(F[:, 0].numpy() - np.array(linear)).max()
    assert seen.linearization_error[-1] == pytest.approx(off, rel=1e-8)
    moved = max((now[n] - start[n]).norm(dim=1).max().item() for n in now if now[n].ndim == 2)
    assert seen.neuron_movement[-1] == pytest.approx(moved, rel=1e-12)


def _rows(model, x):
    model.zero_grad()
    model(x[None])[0, 0].backward()
    return {name: p.grad.clone() for name, p in model.named_parameters()}


def _kernel(model, X):
    rows = [torch.cat([g.flatten() for g in _rows(model, x).values()]) for x in X]
    return (torch.stack(rows) @ torch.stack(rows).T).numpy()


def _linear(model, x, now, start):
    slope = sum((g * (now[name] - start[name])).sum() for name, g in _rows(model, x).items())
    return (model(x[None])[0, 0] + slope).item()


def test_b_k_is_of_the_last_hidden_layer_where_the_output_is_trained_too(problem):
    model = small().double().eval()
    watcher = prefit.watch(model, problem.X, problem.Y, loss="logistic", kernel_scale=4.0)
    logistic(model(torch.tensor(problem.X)), torch.tensor(problem.Y)).backward()
    gradient, seen = model[3].weight.grad.norm().item(), watcher.trajectory
    assert seen.surrogate_gradient[0] == pytest.approx(gradient, rel=1e-9)
    assert seen.gradient_ratio[0] == pytest.approx(gradient / (2.0 * seen.surrogate_error[0]), rel=1e-9)
    assert np.isnan(seen.flips[0]).tolist() == [False, False, True]


def test_layers_come_in_the_order_of_their_calls_and_frozen_ones_are_left_out(problem):
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(8, 1)
            self.second = nn.Linear(6, 8)
            self.first = nn.Linear(5, 6)
            self.relu = nn.ReLU()
            self.last.requires_grad_(False)

        def forward(self, x):
            return self.last(self.relu(self.second(self.relu(self.first(x)))))[:, 0]

    model = Backwards()
    watcher = prefit.watch(model, problem.X, problem.Y)
    with torch.no_grad():
        model.second.weight.mul_(-1.0)
    watcher.record(1)
    seen = watcher.trajectory
    assert "1 first.weight, 2 second.weight." in watcher.result().notes[0]
    assert seen.flips[1, 0] == 0.0
    assert seen.flips[1, 1] > 0.1
    assert seen.surrogate_gradient[0] == seen.gradient_norm[0, 1]


# Losses and labels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "own", "name"),
    [
        (1, lambda F, y: functional.softplus(-y * F[:, 0]).mean(), "logistic"),
        (1, lambda F, y: ((F[:, 0] - y) ** 2).mean(), "square"),
        (1, lambda F, y: 0.5 * ((F[:, 0] - y) ** 2).sum(), "quadratic"),
        (2, functional.cross_entropy, "cross-entropy"),
    ],
)
def test_a_loss_of_ones_own_is_recorded_like_the_one_of_that_name(problem, outputs, own, name):
    y = problem.labels if outputs == 2 else problem.Y[:, 0]
    test = (problem.test.X, problem.test.labels if outputs == 2 else problem.test.Y[:, 0])
    model = small(outputs=outputs).double()
    mine, named = (prefit.watch(model, problem.X, y, loss=loss, test=test).trajectory for loss in (own, name))
    for quantity in ("loss", "gradient_norm", "test_loss", "train_error", "test_error"):
        np.testing.assert_allclose(getattr(mine, quantity), getattr(named, quantity), rtol=1e-9, err_msg=quantity)


def test_labels_of_zero_and_one_are_signs(problem):
    model, y = small().double(), (problem.Y[:, 0] > 0).astype(float)
    bce = prefit.watch(model, problem.X, y, loss=lambda F, t: functional.binary_cross_entropy_with_logits(F[:, 0], t))
    signs = prefit.watch(model, problem.X, problem.Y, loss="logistic")
    for quantity in ("loss", "surrogate_error", "gradient_ratio", "train_error"):
        assert getattr(bce.trajectory, quantity) == pytest.approx(getattr(signs.trajectory, quantity), rel=1e-9)
    assert bce.result().data.classes == ["1", "0"]


@pytest.mark.parametrize(("outputs", "loss"), [(1, "logistic"), (2, "cross-entropy"), (1, "square")])
def test_without_a_loss_the_one_that_fits_the_labels_is_taken(problem, outputs, loss):
    y = {"logistic": problem.Y, "cross-entropy": problem.labels, "square": problem.X[:, 0]}[loss]
    assert prefit.watch(small(outputs=outputs), problem.X, y).result().descent.loss == loss


def test_coded_targets_of_several_outputs_have_classes(problem):
    Y = np.eye(2)[problem.labels] - 0.5
    watcher = prefit.watch(small(outputs=2), problem.X, Y, loss="quadratic")
    labels = prefit.watch(small(outputs=2), problem.X, problem.labels, loss="quadratic")
    assert watcher.trajectory.train_error[0] == labels.trajectory.train_error[0]
    assert watcher.trajectory.residual[0] == labels.trajectory.residual[0]


def test_loaded_data_are_taken_with_their_labels_and_test_split():
    data = prefit.load("digits", classes="0,1", per_class=20)
    model = nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 1))
    result = prefit.watch(model, data).result()
    assert (result.data.name, result.data.classes, result.descent.loss) == ("digits", ["0", "1"], "logistic")


def test_images_and_convolutions_are_flattened_for_the_records(problem):
    X = np.random.default_rng(0).standard_normal((6, 1, 8, 8))
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    watcher = prefit.watch(model, X, [0, 1, 2, 0, 1, 2])
    result = watcher.result()
    assert (result.data.d, result.network.widths, result.network.parameters) == (64, [4, 3], 40 + 435)


# Records and the document ---------------------------------------------------------------------------------------------


def test_the_document_holds_what_was_recorded(problem, tmp_path):
    model = small()
    watcher = prefit.watch(model, problem.X, problem.Y, loss="logistic", test=(problem.test.X, problem.test.Y))
    trained(model, problem.X, problem.Y, 4, watcher)
    result = watcher.result()
    document = json.loads(result.to_json(tmp_path / "run.json"))
    assert document["schema"] == "prefit.run/1"
    assert document["network"]["kind"] == "module"
    assert document["trajectory"]["steps"] == [0, 1, 2, 3, 4]
    assert document["trajectory"]["loss"] == pytest.approx(watcher.trajectory.loss)
    assert len(document["trajectory"]["distance"]) == 3
    assert document["data"]["test_n"] == problem.test.X.shape[0]
    assert document["data"]["sphere"] is True
    assert {check["verdict"] for check in document["checks"]} <= {"not applicable", "constant measured"}
    assert "logistic" in str(result)
    assert "<svg" in result.to_html() or "vega" in result.to_html()


def test_steps_on_a_grid_are_recorded_and_others_passed_over(problem):
    watcher = prefit.watch(small(), problem.X, problem.Y, steps=100)
    recorded = [step for step in range(1, 101) if watcher(step)]
    assert recorded[:3] == [1, 2, 3]
    assert recorded[-1] == 100
    assert watcher.trajectory.steps.tolist() == [0, *recorded]
    given = prefit.watch(small(), problem.X, problem.Y, steps=[2, 5])
    assert [step for step in range(7) if given(step)] == [2, 5]


def test_the_start_is_recorded_once_and_steps_increase(problem):
    model = small()
    watcher = prefit.watch(model, problem.X, problem.Y)
    watcher.record(0)
    watcher.record(3)
    assert watcher.trajectory.steps.tolist() == [0, 3]
    assert repr(watcher) == "<Watcher of a module: 2 records, the last at step 3>"
    with pytest.raises(InputError, match="must increase: step 3 is recorded, and now comes 2"):
        watcher.record(2)
    trained(model, problem.X, problem.Y, 1)
    with pytest.raises(InputError, match="must increase"):
        watcher.record(3)


# What cannot be had ---------------------------------------------------------------------------------------------------


def refused(model, X, y, match, **asked):
    with pytest.raises(InputError, match=match):
        prefit.watch(model, X, y, **asked)


def test_what_does_not_fit_is_told(problem):
    X, Y, labels = problem.X, problem.Y, problem.labels
    refused(small(), X, np.arange(20) % 3, "needs one column of labels ±1", loss="logistic")
    refused(small(outputs=3), X, labels - 1, "y must hold classes 0 to 2.*it holds -1")
    refused(small(outputs=3), X, np.ones((20, 2)), "a column for each of the module's 3 outputs")
    refused(small(), X, Y[:5], "one row per input")
    refused(small(), X, Y, "it is 3", loss=3)
    refused(small(), X, Y, "must be one of quadratic", loss="mse")
    refused(small(), X, Y, "must be one number", loss=lambda F, y: F - y)
    refused(small(), X, Y, "takes no option 'batch'", batch=3)
    refused(small(), X, Y, "kernel_scale must be a positive number", kernel_scale=0.0)
    refused(small(), X, Y, r"rows of shape \(1,\)", test=(X, labels))
    refused(small(), X, Y, "examples of shape", test=(X[:, :4], Y))
    refused(nn.Flatten(), X, Y, "must have a trained weight")
    refused(nn.Sequential(nn.Linear(5, 4), nn.Unflatten(1, (2, 2))), X, Y, "must give one row of outputs")
    refused(nn.Linear(64, 10), prefit.load("digits"), Y, "have their labels")


def test_a_kernel_that_does_not_fit_is_refused_before_it_is_formed(problem, monkeypatch):
    monkeypatch.setattr(module, "KERNEL_BYTES", 1000)
    refused(small(), problem.X, problem.Y, "Give fewer examples", kernel_eigenvalues=True)


def test_without_torch_the_extra_is_named(problem, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("prefit.training.", "prefit.jobs.watch"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    refused(None, problem.X, problem.Y, r"pip install 'prefit\[torch\]'")
