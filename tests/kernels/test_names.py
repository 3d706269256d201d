"""Names to kernels and back."""

import pytest

from prefit.errors import InputError
from prefit.kernels import NTK, Conjugate, StandardNTK, TwoLayer, kernel_named


@pytest.mark.parametrize(
    "kernel", [TwoLayer(), Conjugate(1), Conjugate(64), NTK(1), NTK(12), StandardNTK(1), StandardNTK(7)]
)
def test_a_name_gives_its_kernel_back(kernel):
    assert kernel_named(kernel.name) == kernel


def test_names_are_the_documented_ones():
    named = {"two-layer": 1, "conjugate:2": 2, "ntk:3": 3, "standard-ntk:4": 4}
    assert {name: kernel_named(name).depth for name in named} == named
    assert NTK(3).layer(2).name == "ntk:3/layer:2"
    assert Conjugate(2, scaling="printed").name == "conjugate:2/printed"


@pytest.mark.parametrize(
    "text",
    [
        *("", "ntk", "ntk:", "ntk:0", "ntk:x", "ntk:-1", "ntk:65", "ntk:03", "ntk:3 ", " ntk:3", "NTK:3", "ntk:３"),
        *("two-layer:1", "conjugate", "standard-ntk:1.0", "rbf", "ntk:3/layer:2", "ntk:3\n", "__import__('os')"),
    ],
)
def test_anything_else_is_refused_with_the_forms(text):
    with pytest.raises(InputError) as caught:
        kernel_named(text)
    assert str(caught.value) == (
        "kernel must be two-layer, conjugate:L, ntk:L or standard-ntk:L with L from 1 to 64: "
        f"got {text!r}. Write for example ntk:3 for three hidden layers."
    )


@pytest.mark.parametrize("build", [NTK, Conjugate, StandardNTK])
@pytest.mark.parametrize("depth", [0, -1, 65])
def test_depths_outside_1_to_64_are_refused(build, depth):
    with pytest.raises(InputError, match=rf"must have a whole number of layers L from 1 to 64: got {depth}\."):
        build(depth)


@pytest.mark.parametrize("index", [0, 4])
def test_a_layer_the_net_does_not_have_is_refused(index):
    with pytest.raises(InputError, match=rf"layer of ntk:3 must be from 1 to 3: got {index}\."):
        NTK(3).layer(index)


def test_an_unknown_scaling_is_refused():
    with pytest.raises(InputError, match='scaling must be "he" or "printed": got \'lecun\''):
        Conjugate(2, scaling="lecun")


def test_kernels_are_values():
    assert NTK(3) == NTK(3)
    assert NTK(3) != StandardNTK(3)
    assert len({NTK(3), NTK(3), NTK(2)}) == 2
    assert repr(NTK(3)) == "NTK(layers=3)"
