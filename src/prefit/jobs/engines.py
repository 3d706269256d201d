"""The network that is asked for, with the training inputs in place."""

from __future__ import annotations

from dataclasses import dataclass

from prefit._shapes import Matrix
from prefit.errors import TooLarge
from prefit.gram import Workers
from prefit.jobs.curve import MOST_STEPS
from prefit.jobs.limit import DENSE_UP_TO, EXACT_UP_TO
from prefit.jobs.memory import size_text
from prefit.jobs.train_options import TrainOptions
from prefit.jobs.training_task import Task
from prefit.networks.two_layer import TwoLayer
from prefit.training.engine import Engine
from prefit.training.grid import grid_of
from prefit.training.two_layer import TwoLayerEngine

COPIES = 24  # bytes a weight at least: drawn in float64, at the start and now in float32, and what is saved
OUTPUTS = 5  # of each record: stacked, as they came, and beside two kernels' predictions and a difference
MATRICES = 5  # n × n where kernels are held whole: H, its eigenvectors and a copy; H(0), of its last layer too
BUDGET = 2**30  # bytes of the activations of a chunk of examples, as in training/deep.py
ENDS = 3  # n × n where the ends of H(k) are recorded: cosines, counts, and eigvalsh's copy


@dataclass(frozen=True)
class Built:
    """A network in its engine.

    widths      units of each hidden layer
    parameters  trained weights
    """

    engine: Engine
    widths: tuple[int, ...]
    parameters: int


def engine_for(task: Task, options: TrainOptions, workers: Workers) -> Built:
    """The network at k = 0, drawn from the seed; raises InputError where it cannot be had."""
    widths = (options.units,) * options.layers
    parameters = _parameters(task.X.shape[1], widths)
    _check_memory(task, parameters, options)
    if options.network == "deep":
        return Built(_deep_engine(task.X, task.outputs, widths, options), widths, parameters)
    network = TwoLayer.initialized(
        options.units,
        task.X.shape[1],
        task.outputs,
        init_scale=options.init_scale,
        antisymmetric=options.antisymmetric,
        seed=options.seed,
    )
    return Built(TwoLayerEngine(network, task.X, workers, options.precision), widths, parameters)


def _parameters(features: int, widths: tuple[int, ...]) -> int:
    return sum(a * b for a, b in zip((features, *widths), widths, strict=False))


def _check_memory(task: Task, parameters: int, options: TrainOptions) -> None:
    """Refuse what does not fit the memory, before anything of it is made."""
    assert options.memory is not None
    if options.kernel_eigenvalues and task.n > DENSE_UP_TO:
        raise TooLarge(
            f"--kernel-eigenvalues decomposes the net's kernel at every record, for at most {DENSE_UP_TO:,} examples, "
            f"got {task.n:,}. Take --limit {DENSE_UP_TO}, or leave the option out."
        )
    parts = _bytes(task, parameters, options)
    if sum(parts.values()) > options.memory:
        largest = sorted(parts, key=lambda part: -parts[part])[:2]
        said = " and ".join(f"{size_text(parts[part])} for {part}" for part in largest)
        raise TooLarge(
            f"The run takes at least {size_text(sum(parts.values()))}, {said}, more than the "
            f"{size_text(options.memory)} allowed (--memory; by default 70% of what is free). Take a smaller --width, "
            "fewer steps in --grid or --keep-weights, or fewer examples (--limit)."
        )


def _bytes(task: Task, parameters: int, options: TrainOptions) -> dict[str, int]:
    """What a run holds at least, by what it is for."""
    n, outputs, last = task.n, task.n * task.outputs, options.updates(task.n)
    kept = len(options.keep_weights) + 2 * (options.patience is not None)
    records = grid_of(options.grid, last).size
    columns = min(last, MOST_STEPS) if n > EXACT_UP_TO else 0  # of Lanczos on H, and on the net's own kernel
    matrices = max(MATRICES * (n <= DENSE_UP_TO), ENDS * options.kernel_eigenvalues)
    activations = 2 * n * options.units // 8  # patterns at the start and now
    if options.network == "deep":
        activations = min(BUDGET, 5 * n * options.units * options.layers)
    return {
        f"{parameters:,} weights": (COPIES + 8 * kept) * parameters,
        f"outputs at {records:,} records": 8 * OUTPUTS * records * outputs,
        "Lanczos vectors": 8 * 2 * columns * outputs,
        "n × n kernels": 8 * matrices * n**2,
        "activations": activations,
    }


def _deep_engine(X: Matrix, outputs: int, widths: tuple[int, ...], options: TrainOptions) -> Engine:
    """Raises InputError where torch is not installed."""
    from prefit.networks.deep import DeepReLU
    from prefit.training.deep import DeepEngine

    network = DeepReLU.initialized(X.shape[1], widths, outputs, seed=options.seed)
    return DeepEngine(network, X, options.device, options.precision, options.worker_count)
