"""What a training run can be asked, with its defaults and its limits."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from prefit.errors import InputError
from prefit.jobs.run_options import RunOptions, wrong
from prefit.training.losses import LossName

NetworkName = Literal["two-layer", "deep"]
Precision = Literal["float32", "float64"]

WIDTHS: dict[str, int] = {"two-layer": 4096, "deep": 1024}
DEPTHS: dict[str, int] = {"two-layer": 1, "deep": 2}
STEPS = 1000


@dataclass(frozen=True)
class TrainOptions(RunOptions):
    """Options of `prefit train` beyond those that read the data; each sentence is its --help."""

    job: ClassVar[str] = "train"

    network: NetworkName = "two-layer"
    width: int | None = None  # m, units of every hidden layer; None: 4,096, or 1,024 of a deep net
    depth: int | None = None  # L, hidden layers, all trained; None: 1, or 2 of a deep net
    init_scale: float = 1.0  # κ, standard deviation of a two-layer net's weights at k = 0
    antisymmetric: bool = False  # every neuron twice, with opposite signs: the output starts at 0
    steps: int | None = None  # updates at most; None: 1,000, or with one_pass what the data give
    loss: LossName | None = None  # None: quadratic; of a deep net logistic, or cross-entropy beyond two classes
    batch: int | None = None  # examples an update, drawn anew each epoch; None: all of them, or 1 with one_pass
    one_pass: bool = False  # every example is used once
    until_loss: float | None = None  # stop once the training loss is this or less
    time_limit: float | None = None  # stop after so many seconds of training
    patience: int | None = None  # stop after so many steps without a new least surrogate error
    grid: tuple[int, ...] | None = None  # steps to record ("0,10,100"); None: ten a decade, first and last
    keep_weights: tuple[int, ...] = ()  # steps whose weights are kept, beside the first and the last
    kernel_eigenvalues: bool = False  # both ends of the net's own kernel at every recorded step
    precision: Precision = "float32"  # of the matrix products
    force: bool = False  # run at a step size that is unstable

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set_choice("network", get_args(NetworkName))
        self._set_choice("loss", get_args(LossName))
        self._set_choice("precision", get_args(Precision))
        self._set_choice("device", ("auto", "cpu", "cuda"))
        self._set_whole("width", 1, 2**24)
        self._set_whole("depth", 1, 64)
        self._set_number("init_scale", 0.0, math.inf)
        self._set_whole("steps", 1, 10**9)
        self._set_whole("batch", 1, 2**40)
        self._set_number("until_loss", 0.0, math.inf)
        self._set_number("time_limit", 0.0, math.inf)
        self._set_whole("patience", 1, 10**9)
        self._set_steps("grid")
        self._set_steps("keep_weights")
        self._check_network()

    def _set_choice(self, name: str, choices: tuple[str, ...]) -> None:
        value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
        if value is None and default is None:
            return
        if value not in choices:
            raise wrong(name, f"be {', '.join(choices[:-1])} or {choices[-1]}", value)

    def _set_steps(self, name: str) -> None:
        """Step numbers in increasing order, each once; a text holds them with commas between them."""
        value: Any = getattr(self, name)
        if value is None:
            return
        try:
            parts: Iterable[Any] = value.split(",") if isinstance(value, str) else value
            found = sorted({_step(part) for part in parts if part != ""})
        except (TypeError, ValueError):
            found = [-1]
        if any(step < 0 for step in found) or (name == "grid" and not found):
            raise wrong(name, 'be steps from 0 on as "0,10,100"', value)
        object.__setattr__(self, name, tuple(found))

    def _check_network(self) -> None:
        """Refuse what the other kind of network alone has."""
        if self.network == "deep":
            if self.init_scale != 1.0 or self.antisymmetric:
                name = "antisymmetric" if self.antisymmetric else "init-scale"
                raise InputError(
                    f"--{name} is of --network two-layer: the weights of a deep net start as N(0, 2/m), as in "
                    "Cao & Gu (2020). Leave the option out, or take the two-layer net."
                )
            return
        if self.depth not in (None, 1):
            raise InputError(
                f"--depth {self.depth} is of --network deep: a two-layer net has one hidden layer. "
                "Leave the option out, or take the deep net."
            )
        if self.device == "cuda":
            raise InputError(
                "--device must be auto or cpu for a two-layer net, got cuda: its step is written for the processor. "
                "Leave the option out, or take --network deep --depth 1."
            )
        if self.antisymmetric and self.units % 2:
            raise InputError(
                f"--antisymmetric takes an even --width, since every neuron stands twice, got {self.units}. "
                f"Take {self.units + 1}."
            )

    def updates(self, n: int) -> int:
        """Updates at most on n examples; raises InputError where a step that is asked for is not among them."""
        last, which = self.steps or STEPS, "--steps"
        if self.one_pass:
            epoch = -(-n // (self.batch or 1))
            if self.steps is None or epoch < last:
                last, which = epoch, "the last of the one pass"
        for name, asked in (("grid", self.grid or ()), ("keep_weights", self.keep_weights)):
            if asked and asked[-1] > last:
                raise wrong(name, f"be steps up to {which}, {last:,}", asked[-1])
        return last

    @property
    def place(self) -> str:
        if self.network == "two-layer" or self.device == "cpu":
            return "cpu"
        from prefit.training.tensors import device_named, told

        return told(device_named(self.device))

    @property
    def packages(self) -> tuple[str, ...]:
        return (*super().packages, *["torch"] * (self.network == "deep"))

    @property
    def units(self) -> int:
        """m, the width that is taken."""
        return self.width or WIDTHS[self.network]

    @property
    def layers(self) -> int:
        """L, the depth that is taken."""
        return self.depth or DEPTHS[self.network]


def _step(value: Any) -> int:
    return int(value) if isinstance(value, str) else operator.index(value)
