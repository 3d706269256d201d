"""The library's door for a user's own torch module: its training loop, recorded like a run of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from prefit.api import Run
from prefit.errors import InputError

if TYPE_CHECKING:
    from prefit.jobs.watch import Watched
    from prefit.training import Trajectory


class Watcher:
    """Records a module as its training goes on; made by `watch`, before the first update."""

    def __init__(self, watched: Watched, steps: frozenset[int] | None) -> None:
        self._watched, self._steps = watched, steps

    def record(self, step: int) -> None:
        """Record the module as it is now, after `step` updates; steps must increase."""
        self._watched.recorder.record(step)

    def __call__(self, step: int) -> bool:
        """The same where the step is one of those asked for, else nothing; says whether it was recorded."""
        due = self._steps is None or step in self._steps
        if due:
            self.record(step)
        return due

    @property
    def trajectory(self) -> Trajectory:
        """What was recorded so far, as arrays."""
        return self._watched.recorder.trajectory

    def result(self) -> Run:
        """What was recorded so far as the document `prefit.run/1`, with the statements that can be held against it."""
        from prefit.jobs.watch import watched_document

        return Run.of(watched_document(self._watched))

    def __repr__(self) -> str:
        steps = self.trajectory.steps
        return f"<Watcher of a module: {steps.size} records, the last at step {steps[-1]:,}>"


def watch(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Any = None,
    test: tuple[Any, Any] | None = None,
    steps: int | Iterable[int] | None = None,
    **options: Any,
) -> Watcher:
    """Record what the theorems speak of along the training of your own torch module, by your own loop.

    model   a torch.nn.Module of inputs (n, ...) and outputs (n,) or (n, c), at its initialization
    X, y    its training inputs and labels: ±1 or 0/1 for one output, class indices for several, or real targets; or,
            as X alone, what `prefit.load` read
    loss    quadratic, logistic, hinge, square or cross-entropy, or your own function of outputs and labels; None: what
            fits the labels
    test    test inputs and labels
    steps   updates that there will be: of the calls watcher(step) those on a geometric grid are recorded, the last too;
            or the steps to record; None: every call
    options kernel_eigenvalues=True: both ends of the empirical kernel at every record, for few examples;
            linearization=False: leave out the distance to the module linearized at its start; kernel_scale: what the
            kernel of the gradients is divided by, 1 or, where the output weights are not of order 1/√m, m; chunk:
            examples taken together

    The first record is made at once. Gradients, training mode and torch's random numbers stay as they are. Needs the
    extra prefit[torch].

    >>> import torch
    >>> import prefit
    >>> X = torch.nn.functional.normalize(torch.randn(20, 5, generator=torch.Generator().manual_seed(0)))
    >>> y = torch.sign(X[:, 0])
    >>> model = torch.nn.Sequential(torch.nn.Linear(5, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    >>> descent = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> watcher = prefit.watch(model, X, y, loss="logistic")
    >>> for step in range(1, 11):
    ...     descent.zero_grad()
    ...     torch.nn.functional.softplus(-y * model(X)[:, 0]).mean().backward()
    ...     descent.step()
    ...     watcher.record(step)
    >>> watcher.result().trajectory.steps[-1]
    10
    """
    from prefit.jobs.watch import Watching, watched

    unknown = set(options) - set(Watching.__dataclass_fields__)
    if unknown:
        names = ", ".join(Watching.__dataclass_fields__)
        raise InputError(f"watch takes no option {sorted(unknown)[0]!r}; it takes loss, test, steps, {names}.")
    return Watcher(watched(model, X, y, loss, test, Watching(**options)), _grid(steps))


def _grid(steps: int | Iterable[int] | None) -> frozenset[int] | None:
    from prefit.training import geometric_grid

    if steps is None:
        return None
    return frozenset(geometric_grid(int(steps)).tolist() if isinstance(steps, int | np.integer) else map(int, steps))
