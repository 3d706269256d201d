"""A user's torch module as matrices: the same as a run folder's network, biases folded in, other modules refused."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest

import prefit
from prefit.jobs import TrainOptions, run_training
from prefit.jobs.bounds import rows_of
from prefit.jobs.trained import Trained, subject_of, trained_of

torch = pytest.importorskip("torch")

from prefit.jobs.own_module import trained_module  # noqa: E402

SAME = ["neyshabur2015", "golowich2018", "bartlett2017", "neyshabur2018", "neyshabur2019", "harvey2017"]


def examples(n: int = 40, d: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    X = torch.nn.functional.normalize(torch.randn(n, d, generator=draw))
    return X, torch.sign(X[:, 0])


def sequence(*parts: torch.nn.Module) -> torch.nn.Module:
    return torch.nn.Sequential(*parts)


def linear(a: int, b: int, bias: bool = True) -> torch.nn.Linear:
    """Its weights the same in every run."""
    layer, draw = torch.nn.Linear(a, b, bias=bias), torch.Generator().manual_seed(100 * a + b)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw) / a**0.5)
    return layer


def moved(module: torch.nn.Module) -> torch.nn.Module:
    """The same with other weights, as training leaves them."""
    other = copy.deepcopy(module)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=draw)
    return other


# As a run folder ------------------------------------------------------------------------------------------------------


def as_module(found: Trained) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The network of a run as a torch module, at the start and at the end."""

    def made(matrices) -> torch.nn.Module:
        parts: list[torch.nn.Module] = []
        for A, trained in zip(matrices, found.net.trained, strict=True):
            layer = torch.nn.Linear(*A.shape[::-1], bias=False, dtype=torch.float64)
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(A))
            parts += [layer.requires_grad_(trained), torch.nn.ReLU()]
        return sequence(*parts[:-1])

    return made(found.net.start), made(found.net.matrices)


@pytest.mark.parametrize(
    ("options", "classes"),
    [
        (TrainOptions(width=64, steps=30), "0,1"),
        (TrainOptions(network="deep", width=32, depth=2, steps=30), "0,1"),
        (TrainOptions(network="deep", width=32, depth=1, steps=30), "0,1,2"),
    ],
)
def test_a_module_has_the_bounds_of_the_run_with_its_weights(options, classes):
    data = prefit.load("digits", classes=classes, per_class=15)
    document, outcome = run_training(data, options)
    folder = trained_of(document, outcome.weights, data)
    before, after = as_module(folder)
    y = folder.labels if len(data.classes) > 2 else folder.Y[:, 0]
    loss = document.descent.loss
    module = trained_module(after, before, (folder.X, y), (None, None), loss=loss, normalized=True)
    assert module.sphere
    assert module.network.parameters == folder.network.parameters
    assert module.net.trained == folder.net.trained
    for (one, _), (other, _) in zip(rows_of(subject_of(folder), SAME), rows_of(subject_of(module), SAME), strict=True):
        assert one.verdict(0.5) == other.verdict(0.5), one.name
        assert (one.value is None) == (other.value is None), one.name
        assert one.value is None or one.value == pytest.approx(other.value, rel=1e-12), one.name


# Biases ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("biases", [(1, 1, 1), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1)])
def test_biases_stand_in_the_matrices(biases):
    X, y = examples()
    first, second, third = map(bool, biases)
    start = sequence(
        torch.nn.Flatten(),
        linear(6, 8, first),
        torch.nn.ReLU(),
        torch.nn.Dropout(),
        linear(8, 5, second),
        torch.nn.ReLU(),
        linear(5, 1, third),
    )
    module = moved(start)
    found = trained_module(module, start, (X, y), (X[:7], y[:7]), normalized=True)
    for net, at_start in ((start, True), (module, False)):
        expected = copy.deepcopy(net).double().eval()(X.double()).detach().numpy()
        # Without biases the rows are brought to length 1 from what float32 left of it.
        rounding = {"rtol": 1e-12, "atol": 1e-14} if any(biases) else {"rtol": 1e-6}
        np.testing.assert_allclose(found.net.outputs(found.X, at_start), expected, **rounding)
    assert any(biases) or np.linalg.norm(found.X, axis=1) == pytest.approx(1.0, abs=1e-15)
    assert found.X.shape[1] == 6 + any(biases)
    assert found.sphere == (not any(biases))
    assert found.network.parameters == sum(p.numel() for p in module.parameters())
    assert found.test_error == pytest.approx(float((module.eval()(X[:7])[:, 0] * y[:7] <= 0).float().mean()))
    assert bool(found.notes) == any(biases)


def test_the_start_may_be_a_state_dict_and_frozen_layers_are_told():
    X, y = examples()
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    module = copy.deepcopy(start)
    with torch.no_grad():
        module[0].weight += 0.1
    module[2].requires_grad_(False)
    found = trained_module(module, copy.deepcopy(start.state_dict()), (X, y), (None, None), drawn=False)
    assert found.net.trained == (True, False)
    assert not subject_of(found).drawn


def test_a_layer_whose_bias_alone_was_trained_counts_as_trained():
    """Also where it asks for no gradients any more."""
    X, y = examples()
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    module = copy.deepcopy(start)
    with torch.no_grad():
        module[2].bias += 0.5
    module.requires_grad_(False)
    found = trained_module(module, start, (X, y), (None, None))
    assert found.net.trained == (False, True)
    assert found.network.parameters == found.net.parameters == 9


def test_what_the_sample_cannot_tell_is_the_users_word():
    X, y = examples()
    start = sequence(linear(6, 8, False), torch.nn.ReLU(), linear(8, 1, False))
    module = moved(start)
    silent = trained_module(module, start, (X, y), (None, None))
    told = trained_module(module, start, (X, y), (None, None), normalized=True, prepared=True)
    assert (silent.sphere, silent.prepared) == (False, False)
    assert (told.sphere, told.prepared) == (True, True)
    assert "learned from the sample" in told.notes[0]
    assert silent.digest != told.digest
    result = prefit.bounds(module, X, y, start=start, prepared=True, only=["golowich2018"])
    assert result.bounds[0].verdict == "not applicable"
    assert not prefit.bounds(module, X, y, start=start, only=["golowich2018"]).data.sphere
    with pytest.raises(prefit.InputError, match="every input has length 1, and these have not"):
        prefit.bounds(module, 2.0 * X, y, start=start, normalized=True)


def test_inputs_of_length_one_are_told_where_normalized_was_not_said():
    """And where it would change something: with biases, or other lengths, it would not."""
    X, y = examples()

    def notes(X: torch.Tensor, bias: bool, **said: bool) -> list[str]:
        start = sequence(linear(6, 8, bias), torch.nn.ReLU(), linear(8, 1, bias))
        result = prefit.bounds(moved(start), X, y, start=start, only=["neyshabur2018"], **said)
        assert result.bounds[0].verdict == ("vacuous" if said else "not applicable")
        return [note for note in result.data.notes if "normalized=True" in note]

    [said] = notes(X, False)
    assert said.startswith("Every input has length 1 here. If all are divided by their length before")
    assert said.endswith("say normalized=True: more rows apply.")
    assert notes(X, False, normalized=True) == []
    assert notes(1.5 * X, False) == []
    assert notes(X, True) == []


@pytest.mark.parametrize(("first", "second", "met"), [(False, False, True), (True, False, True), (True, True, False)])
def test_a_net_that_hands_a_constant_on_is_not_homogeneous(first, second, met):
    X, y = examples()
    start = sequence(linear(6, 8, first), torch.nn.ReLU(), linear(8, 1, second))
    found = trained_module(moved(start), start, (X, y), (None, None))
    [(row, _)] = rows_of(subject_of(found), ["wei2019"])
    assert [one.met for one in row.assumptions if "homogeneous" in one.text] == [met]


class Named(torch.nn.Module):
    """Functional ReLU, layers declared in another order than they are called in."""

    def __init__(self, skip: bool = False) -> None:
        super().__init__()
        self.last, self.first, self.skip = linear(8, 1), linear(6, 8), skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.first(x))
        return self.last(h + 0.5 if self.skip else h)[:, 0]


def test_a_module_of_ones_own_is_read_by_its_calls():
    X, y = examples()
    start = Named()
    found = trained_module(moved(start), start, (X, y), (None, None))
    assert [A.shape for A in found.net.matrices] == [(9, 7), (1, 9)]


def test_labels_of_zero_and_one_and_of_classes_are_understood():
    X, y = examples()
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    signs = trained_module(moved(start), start, (X, y), (None, None))
    zero_one = trained_module(moved(start), start, (X, (y + 1) / 2), (None, None))
    assert zero_one.Y.tobytes() == signs.Y.tobytes()
    several = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 3))
    classes = trained_module(moved(several), several, (X, torch.arange(40) % 3), (None, None))
    assert (classes.data.classes, classes.Y.shape) == (("0", "1", "2"), (40, 3))


def test_loaded_data_are_taken_as_they_are():
    data = prefit.load("digits", classes="0,1", per_class=10, test="digits", test_per_class=5)
    start = sequence(linear(64, 8), torch.nn.ReLU(), linear(8, 1))
    found = trained_module(moved(start), start, (data, None), (None, None))
    assert found.data is data
    assert len(found.test.X) == 10


# Refused --------------------------------------------------------------------------------------------------------------


def refused(module: object, start: object, says: str, y: object = None, X: object = None) -> None:
    inputs, signs = examples()
    with pytest.raises(prefit.InputError, match=says):
        prefit.bounds(module, inputs if X is None else X, signs if y is None else y, start=start)


class Loose(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.W = torch.nn.Parameter(torch.ones(6, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.W


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (sequence(linear(6, 8), torch.nn.Tanh(), linear(8, 1)), "has the Tanh '1'"),
        (sequence(torch.nn.Unflatten(1, (1, 6)), torch.nn.Conv1d(1, 2, 3)), "has the Unflatten '0'"),
        (sequence(linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), linear(8, 1)), "has the BatchNorm1d '1'"),
        (Loose(), "has the parameter 'W' of its own"),
        (sequence(linear(6, 1)), "with a hidden layer, and this module has 1 linear"),
        (sequence(linear(6, 8), linear(8, 1)), "outputs are not those of its linear layers"),
        (sequence(linear(6, 7), torch.nn.ReLU(), linear(7, 1), torch.nn.ReLU()), "outputs are not those"),
        (Named(skip=True), "outputs are not those"),
        (sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 2)), "classes|column for each of the module's 2 outputs"),
        (7, "got int"),
    ],
)
def test_a_module_of_another_kind_is_refused_by_name(module, says):
    refused(module, moved(module) if isinstance(module, torch.nn.Module) else None, says)


def test_a_start_that_is_none_is_refused():
    module = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    other = sequence(linear(6, 9), torch.nn.ReLU(), linear(9, 1))
    refused(module, None, r"start must be the module's weights before training.+: start = copy.deepcopy\(module\)")
    refused(module, 7, "start must be the module's weights before training")
    refused(module, module.state_dict(), "start holds the very weights")
    refused(module, {"0.weight": torch.zeros(8, 6)}, "start lacks '0.bias'")
    refused(module, other, r"of shape \(9, 6\), and the module of shape \(8, 6\)")


def test_targets_that_are_real_are_refused():
    module = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    refused(module, moved(module), "these are real targets", y=np.linspace(0, 1, 40))


def test_two_other_numbers_are_labels_to_be_coded():
    X, y = examples()
    module = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    told = "by its sign, and the labels are 3 and 8. Train with labels coded as ±1 or 0/1.+ give class indices"
    for labels in (np.where(y > 0, 8, 3), torch.where(y > 0, 8, 3)[:, None], np.where(y > 0, 8.0, 3.0)):
        refused(module, moved(module), told, y=labels)
    told = "the labels are 0 and 1, real targets to this loss. Train with labels coded as ±1 and"
    with pytest.raises(prefit.InputError, match=told):
        prefit.bounds(module, X, (y + 1) / 2, start=moved(module), loss="quadratic")


def test_examples_all_of_one_class_are_refused():
    one, three = (sequence(linear(6, 8), torch.nn.ReLU(), linear(8, c)) for c in (1, 3))
    for module, y, name in (
        (one, np.ones(40), "1"),
        (one, -np.ones((40, 1)), "-1"),
        (one, np.zeros(40), "0"),
        (three, np.full(40, 2), "2"),
        (three, np.eye(3)[np.ones(40, dtype=int)], "1"),
    ):
        refused(module, moved(module), f"of two classes or more; all are of class '{name}'", y=y)


def test_inputs_that_the_module_does_not_take_are_told_with_what_torch_says():
    X, _ = examples()
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    module = moved(start)
    refused(
        module, start, r"X has 4 features and the module takes 6: RuntimeError 'mat1 and mat2.+Give the", X=X[:, :4]
    )
    refused(moved(Named()), Named(), "X has 4 features and the module takes 6:", X=X[:, :4])
    flat = sequence(torch.nn.Flatten(), linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    refused(flat, start, r"examples of shape \(2, 5\) and the module takes 6 features", X=np.ones((40, 2, 5)))
    # The layer that fails is not the first, or it is not the features that fail.
    uneven = sequence(linear(6, 6), torch.nn.ReLU(), linear(8, 1))
    refused(uneven, moved(uneven), r"gives no outputs for X, of shape \(40, 6\): RuntimeError '")
    refused(Fussy(), Fussy(), r"gives no outputs for X, of shape \(40, 6\): ValueError 'no such\\nvalue'")


class Fussy(Named):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise ValueError("no such\nvalue")


@pytest.mark.parametrize(
    ("X", "says"),
    [
        (np.ones(40), r"a row per example and a column per feature.+shape is \(40,\)"),
        (np.ones((0, 6)), "must not be empty"),
        ([["a"] * 6] * 40, "must be real numbers"),
    ],
)
def test_inputs_that_are_no_rows_of_numbers_are_refused(X, says):
    module = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    refused(module, moved(module), says, X=X)


def test_inputs_and_labels_that_are_missing_are_asked_for():
    X, y = examples()
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    module = moved(start)
    for given, says in (
        ((), r"trained on, and X and y are missing.+prefit.bounds\(module, X, y, start=start\)"),
        ((X,), "trained on, and y is missing"),
        ((X, y, X), "X_test and y_test must come together; only X_test came"),
        ((X, y, X[:0], y[:0]), "The inputs 'X_test' must not be empty"),
        ((X, y, None, y), "X_test and y_test must come together; only y_test came"),
    ):
        with pytest.raises(prefit.InputError, match=says):
            prefit.bounds(module, *given, start=start)


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_what_is_not_finite_is_told_by_its_place(strange):
    X, y = examples()
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    module = moved(start)

    def spoiled(layer: int, name: str, of: torch.nn.Module) -> torch.nn.Module:
        other = copy.deepcopy(of)
        getattr(other[layer], name).data.view(-1)[0] = strange
        return other

    other, labels = X.clone(), y.clone()
    other[3, 2] = labels[5] = strange
    refused(module, start, rf"row 3 \(counted from 0\) of 'X' holds {strange}", X=other)
    refused(module, start, rf"Row 5 \(counted from 0\) of 'y' holds {strange}", y=labels)
    with pytest.raises(prefit.InputError, match=rf"row 3 \(counted from 0\) of 'X_test' holds {strange}"):
        prefit.bounds(module, X, y, other, y, start=start)
    for layer, name in ((0, "weight"), (2, "bias")):
        told = f"The weights '{layer}.{name}' of {{}} hold {strange}, and all must be finite numbers. {{}}"
        refused(spoiled(layer, name, module), start, told.format("the module", "Its training diverged"))
        refused(module, spoiled(layer, name, start), told.format("start", "Give the weights before the first"))


def test_outputs_that_overflow_are_told():
    start = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1)).double()
    module = copy.deepcopy(start)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter *= 1e200
    refused(
        module, start, r"output for row 0 \(counted from 0\) of X is -?(inf|nan), and every output must be a finite"
    )


def test_options_of_other_functions_are_refused():
    X, y = examples()
    module = sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1))
    with pytest.raises(prefit.InputError, match="bounds of a module takes no option 'width'"):
        prefit.bounds(module, X, y, start=moved(module), width=3)


def test_a_step_is_refused_before_anything_else():
    X, y = examples()
    with pytest.raises(prefit.InputError, match=r"step is of a run folder.+Leave step out"):
        prefit.bounds(sequence(linear(6, 8), torch.nn.ReLU(), linear(8, 1)), X, y, step=3)


def test_without_torch_the_extra_is_named(monkeypatch):
    for name in ("prefit.jobs.own_module", "prefit.training.linear_layers", "prefit.jobs.watch"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "torch" or name.startswith("prefit.training.t")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(prefit.InputError, match=r"prefit\[torch\]"):
        prefit.bounds(object(), [[1.0]], [1.0])
