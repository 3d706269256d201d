"""Made-up but coherent run documents: a power-law spectrum, a network that strays from it as 1/√m."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from prefit.documents.run import Run
from tests.reports.documents import DIGITS, HOSTILE, World, data, steps_grid

Curve = list[float | None]


@dataclass(frozen=True)
class Training:
    """A network, how it is descended, and the world of its labels."""

    kind: str = "two-layer"
    widths: tuple[int, ...] = (10_000,)
    classes: tuple[str, ...] = ("0", "1")
    steps: int = 2000
    loss: str = "quadratic"
    batch: int | None = None
    n: int = 500
    name: str = "digits 0/1"

    @property
    def world(self) -> World:
        return World(n=self.n, classes=self.classes, name=self.name)

    @property
    def layers(self) -> int:
        return len(self.widths)

    @property
    def k(self) -> np.ndarray:
        return steps_grid(self.steps)

    @property
    def stray(self) -> float:
        """How far this network is from the limit."""
        return self.widths[-1] ** -0.5

    def residual(self, scale: float = 1.0) -> np.ndarray:
        world = self.world
        decay = np.abs(1 - scale * world.step_size * world.eigenvalues)[None, :] ** (2 * self.k[:, None])
        return np.sqrt(decay @ world.mass("true"))

    def distance(self) -> np.ndarray:
        world = self.world
        grown = (1 - (1 - world.step_size * world.eigenvalues)[None, :] ** self.k[:, None]) ** 2
        return np.sqrt(grown @ (world.mass("true") / world.eigenvalues))


def listed(values: np.ndarray) -> Curve:
    return [None if not np.isfinite(value) else float(value) for value in values]


def trajectory(run: Training) -> dict[str, Any]:
    k, residual, distance = run.k, run.residual(0.99), run.distance()
    nothing = [None] * len(k)
    progress = residual / residual[0]
    loss = 0.5 * residual**2 if run.loss == "quadratic" else np.log(2.0) * progress**2
    binary = len(run.classes) == 2
    noise = np.random.default_rng(3).normal(size=len(k)) * (0.05 if run.batch else 0.0)
    layers = range(run.layers)
    flips = 0.02 * run.stray**0.5 * distance / distance[-1]
    return {
        "steps": k.tolist(),
        "seconds": listed(0.01 * k),
        "loss": listed(loss * np.exp(noise)),
        "residual": listed(residual),
        "surrogate_error": listed(0.5 * progress) if binary else nothing,
        "logistic_loss": listed(np.log(2.0) * progress) if binary else nothing,
        "train_error": listed(0.5 * progress**2) if run.classes else nothing,
        "test_error": listed(0.02 + 0.48 * progress**2) if run.classes else nothing,
        "test_surrogate_error": listed(0.03 + 0.47 * progress) if binary else nothing,
        "test_loss": listed(0.4 * loss + 1.0),
        "test_l1": listed(0.1 + 0.9 * progress) if binary else nothing,
        "gradient_norm": [listed(residual * (1 + 0.1 * layer)) for layer in layers],
        "surrogate_gradient": listed(0.1 * progress) if binary else nothing,
        "distance": [listed(distance / (1.0 + layer)) for layer in layers],
        "neuron_movement": listed(3 * run.stray * distance),
        "flips": [listed(flips * (1 + layer)) for layer in layers],
        "gradient_ratio": listed(0.08 + 0.24 * progress) if binary else nothing,
        "linearization_error": listed(run.stray * distance / 10),
        "linear_part": listed(distance),
        "kernel_smallest": nothing,
        "kernel_largest": nothing,
    }


def predicted(run: Training, apart: float) -> dict[str, Any]:
    residual = run.residual()
    start = residual[0]
    return {
        "steps": run.k.tolist(),
        "residual": listed(residual),
        "loss": listed(0.5 * residual**2),
        "gap": listed(apart * run.stray * start * (1 - residual / start)),
        "distance": listed(run.distance()) if run.layers == 1 else None,
    }


ARORA = {"authors": "Arora, Du, Hu, Li, Wang", "year": 2019, "reference": "arXiv:1901.08584"}
CAO = {"authors": "Cao, Gu", "year": 2020, "reference": "arXiv:1902.01384"}
OURS = {"authors": "prefit", "year": 2026, "number": "our derivation", "reference": "docs/proofs.md"}


def check(name: str, number: str, verdict: str, **known: Any) -> dict[str, Any]:
    paper = CAO if number.startswith(("Theorem 3", "Lemma 4", "eq.")) else ARORA
    nothing = {"predicted": None, "bound": None, "measured": None, "slack": None, "step": None, "constants": []}
    return (
        nothing
        | {
            "name": name,
            "statement": "‖y − u(k)‖ ≤ (1 − ηλ_0/2)^(k/2) ‖y − u(0)‖ for all k, with probability 1 − δ",
            "source": OURS if number == "ours" else paper | {"number": number},
            "verdict": verdict,
            "comment": "Seen at every recorded step, with λ_0 = 0.0068 and η = 0.012.",
        }
        | known
    )


def checks() -> list[dict[str, Any]]:
    constants = [
        {"name": "δ", "value": 0.05, "origin": "assumed"},
        {"name": "λ_0", "value": 0.0068, "origin": "our derivation: certified floor of λ_min(H)"},
    ]
    narrow = "The paper claims it for m = Ω(n⁶/(λ_0⁴κ²δ³)), which is 3.1e30 here; this network has 10,000 neurons."
    return [
        check("loss falls geometrically", "Theorem 3.1", "holds", bound=1.0, measured=0.9975, slack=0.0025, step=1)
        | {"source": ARORA | {"number": "Theorem 3.1"}},
        check(
            "loss curve, infinite width", "Theorem 4.1", "holds", predicted=1.51, measured=1.52, slack=0.006, step=97
        ),
        check("neurons stay near their start", "Lemma C.1", "outside its regime", bound=61.2, measured=0.083)
        | {"comment": narrow, "constants": constants},
        check(
            "H(0) is near H", "Lemma C.3", "holds", bound=23.1, measured=2.03, slack=0.91, step=0, constants=constants
        ),
        check("H(0) is near H, sharper", "ours", "holds", bound=4.2, measured=2.03, slack=0.52, step=0),
        check("total movement", "Lemma 5.3", "holds", bound=14.6, measured=11.2, slack=0.23, step=2000),
        check(
            "Rademacher complexity of the class of radii", "Lemma 5.4", "violated", bound=0.31, measured=0.36, step=2000
        )
        | {"comment": "The measured side passes its bound by 16%: a defect, or bad luck of probability 0.05."},
        check("gradient is at most C√m E_S", "Lemma 4.1", "constant measured", measured=0.71, step=12),
        check("gradient lower bound", "eq. 3.1", "holds", bound=0.066, measured=0.081, slack=0.23, step=2000),
        check("iterates stay in the ball of radius τ", "Theorem 3.2 (i)", "not applicable")
        | {"comment": "It is about networks with more than one hidden layer."},
    ]


def as_dict(run: Training) -> dict[str, Any]:
    kernel_predicts = run.loss == "quadratic" and run.batch is None
    binary = len(run.classes) == 2
    return {
        "schema": "prefit.run/1",
        "summary": [
            "After 2,000 steps the loss is 0.41% of its start; at infinite width it would be 0.40%.",
            "Of 9 statements that apply, 6 hold, 1 is violated and 1 is outside its regime.",
        ],
        "data": data(run.world),
        "network": {
            "kind": run.kind,
            "width": run.widths[-1],
            "widths": list(run.widths),
            "depth": run.layers,
            "outputs": len(run.classes) if len(run.classes) > 2 else 1,
            "init_scale": 1.0 if run.kind == "two-layer" else None,
            "antisymmetric": run.kind == "two-layer",
            "parameters": 784 * run.widths[0] + sum(a * b for a, b in zip(run.widths, run.widths[1:], strict=False)),
        },
        "descent": {
            "loss": run.loss,
            "step_size": run.world.step_size,
            "chosen": "1/λ_max of the network's own kernel",
            "stable_below": 2 * run.world.step_size,
            "steps": run.steps,
            "batch": run.batch,
            "one_pass": False,
            "seed": 0,
            "stopped": "steps",
            "reason": f"All {run.steps:,} steps were done.",
            "k_star": run.steps if binary else None,
            "k_star_surrogate_error": 0.0123 if binary else None,
        },
        "trajectory": trajectory(run),
        "predicted": predicted(run, 1.0) if kernel_predicts else None,
        "predicted_finite": predicted(run, 0.2) if kernel_predicts else None,
        "kernel": {
            "name": "two-layer" if run.layers == 1 else f"ntk:{run.layers}",
            "lambda_min_floor": 0.0068,
            "lambda_min": 0.0135,
            "lambda_max": 81.2,
            "lambda_min_start": 0.0129,
            "lambda_max_start": 81.9,
            "deviation": 2.03,
            "margin": [0.0659, 0.0661] if binary else None,
            "start_ratio": 0.3184 if binary else None,
        },
        "checks": checks(),
        "files": {
            "trajectory": "trajectory.npz",
            "weights at k = 0": "weights/0.npz",
            "weights at the end": "weights/2000.npz",
        },
        "notes": [],
        "cost": {
            "seconds": 61.3,
            "training_seconds": 48.1,
            "peak_bytes": 412 * 2**20,
            "phases": {"descent": 48.1, "H(0)": 9.2},
        },
        "ran": {
            "device": "cpu",
            "precision": "float32 products, float64 sums",
            "threads": 2,
            "seed": 0,
            "versions": {"prefit": "0.1.0", "numpy": "2.4.6", "scipy": "1.17.0"},
        },
    }


def two_layer() -> dict[str, Any]:
    return as_dict(Training())


def deep() -> dict[str, Any]:
    """Nine hidden layers, logistic loss, nothing predicted."""
    document = as_dict(Training(kind="deep", widths=(2000,) * 8 + (1000,), loss="logistic"))
    document["kernel"] |= {"lambda_min_floor": None, "lambda_min": None, "lambda_min_start": None, "deviation": None}
    return document


def three_layers() -> dict[str, Any]:
    """A deep net on the quadratic loss, with eigenvalues of H(k)."""
    run = Training(kind="deep", widths=(1000, 1000, 500))
    document = as_dict(run)
    progress = np.linspace(1, 1.1, len(run.k))
    document["trajectory"] |= {
        "kernel_smallest": (0.0129 * progress).tolist(),
        "kernel_largest": (81.9 * progress).tolist(),
    }
    return document


def ten_classes() -> dict[str, Any]:
    document = as_dict(Training(classes=tuple(DIGITS), name="fashion-mnist", widths=(4096,)))
    document["notes"] = ["Ten outputs through independent signs: in the limit each column follows H by itself."]
    return document


def stochastic() -> dict[str, Any]:
    """Mini-batches: no prediction, and the data were used up."""
    document = as_dict(Training(batch=32, steps=16, widths=(512,)))
    document["descent"] |= {"one_pass": True, "stopped": "data used up", "reason": "Every example was used once."}
    return document


def diverged() -> dict[str, Any]:
    """A loss that grows until it is no number any more."""
    document = as_dict(Training(steps=40))
    path = document["trajectory"]
    count = len(path["steps"])
    path["loss"] = [250 * 1.3**i for i in range(count - 1)] + [None]
    path["residual"] = [22 * 1.15**i for i in range(count - 1)] + [None]
    document["descent"] |= {
        "stopped": "diverged",
        "reason": "The loss was 3.1e4 at step 40, 124 times its start: η = 0.2 is not below 2/λ_max = 0.0244.",
        "k_star": None,
        "k_star_surrogate_error": None,
    }
    document["summary"] = ["Gradient descent diverged: the step size 0.2 is not below 2/λ_max = 0.0244."]
    return document


def regression() -> dict[str, Any]:
    document = as_dict(Training(classes=(), name="diabetes"))
    document["data"] |= {"prepared": "standardized", "test_n": 0}
    document["trajectory"]["test_loss"] = [None] * len(document["trajectory"]["steps"])
    return document


def watched() -> dict[str, Any]:
    """A user's own loop: hardly anything is known."""
    document = as_dict(Training(kind="module", widths=(64,), loss="logistic"))
    path = document["trajectory"]
    nothing = [None] * len(path["steps"])
    seen = ("steps", "loss", "distance", "gradient_norm", "flips")
    path |= {name: nothing for name in path if name not in seen}
    path |= {"flips": [], "gradient_norm": []}
    document["network"] |= {"init_scale": None, "antisymmetric": False}
    document["descent"] |= {
        "loss": "own",
        "step_size": None,
        "chosen": "",
        "stable_below": None,
        "k_star": None,
        "k_star_surrogate_error": None,
    }
    document["kernel"] |= {name: None for name in document["kernel"] if name != "name"}
    return document


def bare() -> dict[str, Any]:
    """As little as the schema allows: stopped before the first step."""
    document = watched()
    path = document["trajectory"]
    document["trajectory"] = {name: [0] if name == "steps" else [] if name in LAYERED else [None] for name in path}
    document |= {"summary": [], "checks": [], "files": {}, "notes": []}
    document["descent"] |= {"steps": 0, "stopped": "unstable", "reason": "η = 3 is not below 2/λ_max = 0.02."}
    document["cost"]["phases"] = {}
    return document


LAYERED = ("gradient_norm", "distance", "flips")


def hostile() -> dict[str, Any]:
    """Every text that a user's file can supply is an attack."""
    document = as_dict(Training(classes=(HOSTILE, "b\x1b[31m\u202e\n<b>", f"c{HOSTILE}"), widths=(256,)))
    document["data"] |= {"name": HOSTILE, "source": f"{HOSTILE}.csv", "notes": [f"The label column is {HOSTILE}."]}
    document |= {"summary": [f"About {HOSTILE}: nothing.", HOSTILE], "notes": [HOSTILE], "files": {HOSTILE: HOSTILE}}
    document["descent"] |= {"chosen": HOSTILE, "reason": HOSTILE}
    document["kernel"]["name"] = HOSTILE
    document["ran"]["versions"] = {HOSTILE: HOSTILE}
    document["checks"][0] |= {"name": HOSTILE, "comment": HOSTILE, "statement": HOSTILE}
    document["checks"][0]["constants"] = [{"name": HOSTILE, "value": 1.0, "origin": HOSTILE}]
    document["checks"][0]["source"] |= {"authors": HOSTILE, "number": HOSTILE}
    return document


MAKERS = {
    make.__name__: make
    for make in (
        two_layer,
        deep,
        three_layers,
        ten_classes,
        stochastic,
        diverged,
        regression,
        watched,
        bare,
        hostile,
    )
}


@functools.cache
def run(name: str) -> Run:
    return Run.model_validate(MAKERS[name]())
