"""Gradient descent with a record of all that the theorems speak of: full batch, mini-batches, or one pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix
from prefit.errors import InputError
from prefit.storage import Forgetful, Keeper
from prefit.training.engine import Engine
from prefit.training.grid import grid_of
from prefit.training.losses import Loss, are_signs, surrogate_error
from prefit.training.measure import HeldOut, Measured, Records, row_of
from prefit.training.trajectory import Trajectory, empty

Stopped = Literal["steps", "loss", "time", "patience", "data used up", "unstable", "diverged"]

STAGE = "training"
OUTPUTS = "trajectory.outputs"
GROWN = 10.0  # times the loss at the start, or that of an output of 0 if larger: a loss above it diverges
RISES = 50  # so many steps in a row, all of them up and twofold in all, are no bump on the way down
SHOWN = 0.1  # seconds between two words of progress


@dataclass(frozen=True)
class DescentOptions:
    """How to descend, when to stop, what to keep.

    loss                what is descended
    step_size           η, the same at every update
    steps               most updates
    batch               examples an update, drawn anew each epoch without replacement; None: all (Algorithm 1)
    one_pass            every example is used in one update only; the batch is 1 where none is given
    seed                of the order in which mini-batches take the examples
    until_loss          stop once the loss on the whole training set is at most this
    time_limit          stop after so many seconds of descent, records apart
    patience            stop once so many updates have brought no new least E_S; the weights of k* are then kept
    grid                steps that are recorded, the first and the last always; None: geometric, 16 a decade
    keep_weights        steps whose weights are kept, the first and the last always
    kernel_eigenvalues  record the extreme eigenvalues of the empirical kernel H(k)
    linearization       record the distance to the net linearized at W(0)
    stable_below        step size from which on descent is unstable at the start: none is done then
    force               descend all the same
    """

    loss: Loss
    step_size: float
    steps: int
    batch: int | None = None
    one_pass: bool = False
    seed: int = 0
    until_loss: float | None = None
    time_limit: float | None = None
    patience: int | None = None
    grid: tuple[int, ...] | None = None
    keep_weights: tuple[int, ...] = ()
    kernel_eigenvalues: bool = False
    linearization: bool = True
    stable_below: float | None = None
    force: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a descent left.

    stopped, reason  why it ended, in a word and in a sentence with the numbers
    steps            updates done
    seconds          wall time of the descent alone, records apart
    k_star           argmin_k E_S(W(k)) over all steps, or over the recorded ones of stochastic descent; None unless
                     labels are ±1; k_star_error the E_S there
    weights          by step: arrays by name, as `Engine.weights` says
    """

    trajectory: Trajectory
    stopped: Stopped
    reason: str
    steps: int
    seconds: float
    k_star: int | None
    k_star_error: float | None
    weights: dict[int, dict[str, AnyArray]]


def silent(portion: float, text: str) -> None:
    """No progress is shown."""


def descend(
    engine: Engine,
    Y: Matrix,
    labels: Indices | None,
    test: HeldOut | None,
    options: DescentOptions,
    keeper: Keeper | None = None,
    progress: Callable[[float, str], None] = silent,
) -> Outcome:
    """Train the network of the engine, fresh from its initialization, on the targets Y (n, c).

    Full batch: W(k+1) = W(k) − η ∇L(W(k)), Algorithm 1 of Cao and Gu (2020), arXiv:1902.01384, and its k*.
    Mini-batches: the gradient over the batch in place of ∇L, scaled so that its expectation is ∇L. The state is kept
    when the keeper says so and at the end; a run that goes on from there ends with the same digits, wall times
    excepted.

    labels    (n,) classes, for the error of several outputs; None where there are none
    progress  is told the portion done and a few words with the loss
    """
    _check(options, Y)
    with np.errstate(over="ignore", invalid="ignore"):  # a descent that diverges is told by its loss
        return _Descent(
            engine,
            Measured(options.loss, Y, labels, test, options.kernel_eigenvalues, options.linearization),
            options,
            keeper or Forgetful(),
            progress,
        ).outcome()


def _check(options: DescentOptions, Y: Matrix) -> None:
    options.loss.check(Y)
    if not (np.isfinite(options.step_size) and options.step_size > 0.0):
        raise InputError(f"A step size must be a number above 0; it is {options.step_size}. Give one, or leave it out.")
    if options.steps < 0 or (options.batch is not None and options.batch < 1):
        raise InputError(
            f"Steps must be 0 or more and a batch 1 or more; they are {options.steps} and {options.batch}. Raise them."
        )
    if options.patience is not None and (options.patience < 1 or not are_signs(Y)):
        raise InputError(
            "Stopping some steps after the least surrogate error (k*) needs 1 step or more and one output with labels "
            f"±1; there are {options.patience} steps and {Y.shape[1]} outputs. Choose two classes, or another stop."
        )


class _Descent:
    """A descent under way: look at the net at step k, judge, record; then make the step.

    k            updates done
    start        loss that others are held against: at the start, or of an output of 0 if that is larger
    loss         as last seen on the whole training set; `low` as it was before it rose `rises` times in a row
    lost         outputs on a batch are not finite any more
    best         weights at k*, where they are asked for
    """

    def __init__(
        self,
        engine: Engine,
        what: Measured,
        asked: DescentOptions,
        keeper: Keeper,
        progress: Callable[[float, str], None],
    ) -> None:
        self.engine, self.what, self.asked, self.keeper, self.progress = engine, what, asked, keeper, progress
        self.n, c = what.Y.shape
        self.batch = _batch_of(asked, self.n)
        self.updates = -(-self.n // self.batch)  # of an epoch
        self.last = min(asked.steps, self.updates) if asked.one_pass else asked.steps
        self.grid = frozenset(grid_of(asked.grid, self.last).tolist())
        self.k, self.seconds, self.shown = 0, 0.0, -np.inf
        self.records = Records(empty(engine.layers, self.n, c))
        self.k_star: int | None = None
        self.k_star_error = np.inf
        self.start = self.loss = self.low = np.inf
        self.rises, self.lost = 0, False
        self.F: Matrix = np.empty((0, c))
        self.order: tuple[int, Indices] = (-1, np.empty(0, dtype=np.int64))  # epoch, its permutation
        self.weights: dict[int, dict[str, AnyArray]] = {}
        self.best: dict[str, AnyArray] = {}
        self.stopped: Stopped | None = None
        self.reason = ""

    @property
    def stochastic(self) -> bool:
        return self.batch < self.n or self.asked.one_pass

    def outcome(self) -> Outcome:
        self._begin()
        if self.stopped is None:
            self._run()
            self._save()
        assert self.stopped is not None
        k_star = self.k_star
        return Outcome(
            trajectory=self.records.trajectory,
            stopped=self.stopped,
            reason=self.reason,
            steps=self.k,
            seconds=self.seconds,
            k_star=k_star,
            k_star_error=None if k_star is None else self.k_star_error,
            weights={step: self.weights[step] for step in sorted(self.weights)},
        )

    def _run(self) -> None:
        while True:
            if self.keeper.due():
                self._save()
            self._look()
            if self.stopped is not None:
                break
            if self.k in self.asked.keep_weights:
                self.weights[self.k] = self._present_weights()
            self._advance()
        self.weights[self.k] = self._present_weights()
        if self.best and self.k_star is not None:
            self.weights[self.k_star] = self.best

    # One step --------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """At step k: the loss, whether to stop, and the record if one is due. Stochastic descent looks when it records.

        A forward pass over all examples is the first half of a full-batch step, and an extra one of any other.
        """
        due = self.k in self.grid or self.lost or self._out_of_time()
        if self.stochastic and not due:
            return
        begun = time.perf_counter()
        self.F = self.engine.forward()
        if not self.stochastic:
            self.seconds += time.perf_counter() - begun
        self._note()
        self._judge()
        if self.k in self.grid or self.stopped is not None:
            self._record()

    def _note(self) -> None:
        before, self.loss = self.loss, self.asked.loss.value(self.F, self.what.Y)
        if self.k == 0:
            self.start = max(self.loss, self.asked.loss.value(np.zeros_like(self.F), self.what.Y))
        if self.loss > before and not self.stochastic:
            self.rises += 1
        else:
            self.rises, self.low = 0, self.loss
        if self.what.binary:
            self._note_surrogate(surrogate_error(self.F, self.what.Y))

    def _note_surrogate(self, error: float) -> None:
        if error < self.k_star_error:
            self.k_star, self.k_star_error = self.k, error
            self.best = self._present_weights() if self.asked.patience is not None else {}

    def _record(self) -> None:
        if self.records.last("steps") == self.k:
            return
        self.records.add(row_of(self.engine, self.F, self.k, self.seconds, self.what))
        if self.stopped is None and not self.stochastic:
            self.F = self.engine.forward()  # the record may have let go of it

    def _advance(self) -> None:
        begun = time.perf_counter()
        F, Y = self.F, self.what.Y
        if self.stochastic:
            rows = self._rows()
            F, Y = self.engine.forward(rows), Y[rows]
            self.lost = not np.isfinite(F).all()
        if not self.lost:
            self.engine.descend(self._gradient(F, Y), self.asked.step_size)
            self.k += 1
        self.seconds += time.perf_counter() - begun
        self._show()

    def _gradient(self, F: Matrix, Y: Matrix) -> Matrix:
        """∂loss/∂F at these rows; a sum over a batch is scaled up to all examples."""
        G = self.asked.loss.gradient(F, Y)
        return G if self.asked.loss.mean or F.shape[0] == self.n else G * (self.n / F.shape[0])

    def _rows(self) -> Indices:
        """The examples of update k: an epoch takes them in an order of its own, the last batch what is left."""
        epoch, place = divmod(self.k, self.updates)
        if self.order[0] != epoch:
            self.order = epoch, np.random.default_rng([self.asked.seed, 3, epoch]).permutation(self.n)
        return self.order[1][place * self.batch : (place + 1) * self.batch]

    def _present_weights(self) -> dict[str, AnyArray]:
        return self.engine.weights()

    def _show(self) -> None:
        now = time.monotonic()
        if now - self.shown < SHOWN:
            return
        self.shown = now
        limit = self.asked.time_limit
        portion = max(self.k / max(self.last, 1), 0.0 if limit is None else self.seconds / limit)
        self.progress(min(1.0, portion), f"step {self.k:,} of {self.last:,}, loss {self.loss:.3g}")

    # When to stop ----------------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        for rule in (self._diverged, self._unstable, self._low_enough, self._at_the_end, self._worse, self._late):
            found = rule()
            if found is not None:
                self.stopped, self.reason = found
                return

    def _diverged(self) -> tuple[Stopped, str] | None:
        if self.lost or not np.isfinite(self.loss):
            return "diverged", f"The loss is not finite any more at step {self.k:,}.{self._advice()}"
        if self.loss > GROWN * self.start:
            said = f"The loss reached {self.loss:.3g} at step {self.k:,}, over {GROWN:.0f} times its start"
            return "diverged", f"{said} ({self.start:.3g}).{self._advice()}"
        if self.rises >= RISES and self.loss >= 2.0 * self.low:
            said = f"The loss rose from {self.low:.3g} to {self.loss:.3g} in {self.rises} steps, each of them up"
            return "diverged", f"{said}, at step {self.k:,}.{self._advice()}"
        return None

    def _advice(self) -> str:
        stable, rate = self.asked.stable_below, self.asked.step_size
        if stable is not None and rate >= stable:
            return f" The step size {rate:.3g} is not below {stable:.3g}, from where descent is unstable at the start."
        return f" The step size {rate:.3g} is too large here: try a smaller one."

    def _unstable(self) -> tuple[Stopped, str] | None:
        stable, rate = self.asked.stable_below, self.asked.step_size
        if self.k > 0 or self.asked.force or stable is None or rate < stable:
            return None
        return "unstable", (
            f"The step size {rate:.3g} is not below {stable:.3g} = 2/(β λ_max), from where descent is unstable at the "
            "start: no step was made."
        )

    def _low_enough(self) -> tuple[Stopped, str] | None:
        wanted = self.asked.until_loss
        if wanted is None or self.loss > wanted:
            return None
        return "loss", f"The loss fell to {self.loss:.3g}, at most the {wanted:.3g} asked for, at step {self.k:,}."

    def _at_the_end(self) -> tuple[Stopped, str] | None:
        if self.k < self.last:
            return None
        if self.asked.one_pass and self.k == self.updates:
            return "data used up", f"All {self.n:,} examples were used once, in {self.k:,} updates."
        return "steps", f"All {self.k:,} steps were made."

    def _worse(self) -> tuple[Stopped, str] | None:
        patience = self.asked.patience
        if patience is None or self.k_star is None or self.k - self.k_star < patience:
            return None
        return "patience", (
            f"The surrogate error was least at k* = {self.k_star:,} ({self.k_star_error:.3g}), and "
            f"{self.k - self.k_star:,} steps since then brought none lower."
        )

    def _late(self) -> tuple[Stopped, str] | None:
        if not self._out_of_time():
            return None
        return "time", f"The {self.asked.time_limit:,.3g} s allowed were over after {self.k:,} steps."

    def _out_of_time(self) -> bool:
        return self.asked.time_limit is not None and self.seconds >= self.asked.time_limit

    # State -----------------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        facts = {
            "step": self.k,
            "seconds": self.seconds,
            "start": self.start,
            "loss": self.loss,
            "low": self.low,
            "rises": self.rises,
            "lost": self.lost,
            "k_star": self.k_star,
            "k_star_error": self.k_star_error,
            "stopped": self.stopped,
            "reason": self.reason,
        }
        rows = self.records.trajectory.arrays()
        outputs = rows.pop("outputs")
        groups = {"state": self.engine.state(), "trajectory": rows, "best": self.best}
        groups |= {str(step): arrays for step, arrays in self.weights.items() if step > 0}
        arrays = {f"{group}.{name}": array for group, held in groups.items() for name, array in held.items()}
        columns = outputs.reshape(len(outputs), self.what.Y.size).T  # a column a record
        self.keeper.save(STAGE, facts, arrays, {OUTPUTS: columns})

    def _begin(self) -> None:
        """Put everything where the last save left it; the weights at step 0 are those of the engine as it comes."""
        self.weights[0] = self._present_weights()
        saved = self.keeper.load(STAGE)
        if saved is None:
            return
        facts, groups = saved.facts, _grouped(saved.arrays)
        self.k, self.seconds, self.rises = int(facts["step"]), float(facts["seconds"]), int(facts["rises"])
        self.start, self.loss, self.low = (float(facts[name]) for name in ("start", "loss", "low"))
        self.k_star, self.k_star_error = facts["k_star"], float(facts["k_star_error"])
        self.lost, self.stopped, self.reason = bool(facts["lost"]), facts["stopped"], facts["reason"]
        self.engine.restore(groups.pop("state"))
        rows, self.best = groups.pop("trajectory"), groups.pop("best", {})
        rows["outputs"] = np.ascontiguousarray(rows["outputs"].T).reshape(-1, *self.what.Y.shape)
        self.records = Records(Trajectory(**rows))
        self.weights |= {int(step): arrays for step, arrays in groups.items()}


def _batch_of(asked: DescentOptions, n: int) -> int:
    """Examples an update: all, where no batch is given, but one each in a single pass."""
    if asked.batch is None:
        return 1 if asked.one_pass else n
    return min(asked.batch, n)


def _grouped(arrays: dict[str, AnyArray]) -> dict[str, dict[str, AnyArray]]:
    """Arrays named "group.name" by group."""
    groups: dict[str, dict[str, AnyArray]] = {}
    for whole, array in arrays.items():
        group, _, name = whole.partition(".")
        groups.setdefault(group, {})[name] = array
    return groups
