"""Made-up but coherent forecast documents: one power-law spectrum, everything else computed from it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prefit.documents import Forecast, Interval
from prefit.documents.growth import Bracket, GrowthBlock
from prefit.jobs.growing import growth_of

HOSTILE = "</script><script>alert(1)</script>"
DIGITS = [str(k) for k in range(10)]


@dataclass(frozen=True)
class World:
    """A spectrum and how each kind of label sits in it."""

    n: int = 1000
    classes: tuple[str, ...] = ("0", "1")
    draws: int = 8
    worst: bool = False
    exact: bool = True
    name: str = "digits 0/1"
    power: float = 1.5

    @property
    def index(self) -> np.ndarray:
        """A thinned selection of 0 .. n - 1; each stands for those up to the next."""
        return np.unique(np.round(np.geomspace(1, self.n, 300)).astype(int)) - 1

    @property
    def eigenvalues(self) -> np.ndarray:
        shape = (self.index + 1) ** -1.1 + 3e-4
        return 0.5 * self.n * shape / (shape * self.counts).sum()

    @property
    def counts(self) -> np.ndarray:
        return np.diff(np.append(self.index, self.n))

    @property
    def squared_norm(self) -> float:
        c = len(self.classes)
        return self.n * (1 - 1 / c) if c > 2 else float(self.n)

    def mass(self, kind: str) -> np.ndarray:
        weight = {
            "true": self.counts * self.eigenvalues**self.power,
            "random": np.random.default_rng(0).chisquare(8 * self.counts),
            "worst": np.eye(self.index.size)[-1],
        }[kind]
        return self.squared_norm * weight / weight.sum()

    @property
    def step_size(self) -> float:
        return 1 / self.eigenvalues[0]


def steps_grid(last: int) -> np.ndarray:
    return np.unique(np.concatenate([[0], np.round(np.logspace(0, np.log10(last), 61)).astype(int)]))


def residual_at(world: World, kind: str, k: np.ndarray) -> np.ndarray:
    decay = np.abs(1 - world.step_size * world.eigenvalues)[None, :] ** (2 * k[:, None])
    return np.sqrt(decay @ world.mass(kind))


def radius_at(world: World, kind: str, k: np.ndarray) -> np.ndarray:
    grown = (1 - (1 - world.step_size * world.eigenvalues)[None, :] ** k[:, None]) ** 2
    return np.sqrt(grown @ (world.mass(kind) / world.eigenvalues))


def steps_to(world: World, kind: str, portion: float) -> dict[str, Any]:
    norms = residual_at(world, kind, steps_grid(10**6))
    reached = np.flatnonzero(norms**2 <= portion * norms[0] ** 2)
    if not reached.size:
        return {"lower": 1_000_000, "upper": None}
    k = int(steps_grid(10**6)[reached[0]])
    return {"lower": k if world.exact else max(1, int(k * 0.93)), "upper": k}


def interval(value: float, exact: bool) -> dict[str, Any]:
    slack = 1e-11 if exact else 4e-4
    return {"lower": value * (1 - slack), "upper": value * (1 + slack), "status": "exact" if exact else "certified"}


def label_result(world: World, kind: str) -> dict[str, Any]:
    form = float(np.sum(world.mass(kind) / world.eigenvalues))
    complexity = float(np.sqrt(2 * form / world.n))
    k = steps_grid(10**6 if kind != "true" else 20_000)
    norm = residual_at(world, kind, k)
    gap = 0.0 if world.exact else np.minimum(0.25, k / 2e4)
    spread = {"mean": form, "std": 0.01 * form} if kind == "random" else {}
    root_spread = {"mean": complexity, "std": 0.005 * complexity} if kind == "random" else {}
    order = slice(None, None, 1 if world.exact else 8)
    return {
        "name": kind,
        "draws": world.draws if kind == "random" else 1,
        "quadratic_form": interval(form, world.exact) | spread,
        "complexity": interval(complexity, world.exact) | root_spread,
        "residual": {
            "steps": k.tolist(),
            "norm": norm.tolist(),
            "lower": (norm * (1 - gap)).tolist(),
            "upper": (norm * (1 + gap)).tolist(),
        },
        "steps_to": {str(p): steps_to(world, kind, p) for p in (0.5, 0.1, 0.01)},
        "distance": {"steps": k.tolist(), "norm": radius_at(world, kind, k).tolist()},
        "projection": {
            "eigenvalue": world.eigenvalues[order].tolist(),
            "cumulative": (np.cumsum(world.mass(kind)) / world.squared_norm)[order].tolist(),
            "projection": np.sqrt(world.mass(kind) / world.counts).tolist() if world.exact else [],
        },
        "test": {"n": 2000, "error": {"true": 0.021}.get(kind, 0.497), "l1": 0.11} if kind != "worst" else None,
    }


def data(world: World) -> dict[str, Any]:
    c = len(world.classes)
    return {
        "source": f"idx:data/{world.name.split()[0]}",
        "name": world.name,
        "n": world.n,
        "d": 784,
        "classes": list(world.classes),
        "class_counts": [world.n // c] * c if c else [],
        "coding": {0: "regression", 2: "+1/-1"}.get(c, "one-hot minus 1/c"),
        "prepared": "none",
        "bias": False,
        "sphere": True,
        "labels": "true",
        "label_noise": 0.0,
        "test_n": 2000,
        "duplicates": 0,
        "duplicate_groups": [],
        "conflicting_duplicates": 0,
        "chosen": {},
        "target_centre": 0.0,
        "target_scale": 1.0,
        "conflicts": [],
        "notes": ["The inputs were scaled to length 1."],
    }


def stopped(value: float) -> dict[str, Any]:
    return {"step": 1234, "scale": 1.0, "value": value, "norm": 2.9, "train_loss": 0.041}


def bound(world: World) -> dict[str, Any]:
    c = len(world.classes)
    k = steps_grid(20_000)
    train = np.minimum(1, residual_at(world, "true", k) / np.sqrt(world.n))
    value = train + 2 * radius_at(world, "true", k) * np.sqrt(0.5 / world.n) + 0.03
    leading = label_result(world, "true")["complexity"]["upper"]
    rows = [
        {
            "name": name,
            "quadratic_form": interval(180.0 + 40 * a, world.exact),
            "explicit": 0.9 + a / 10,
            "stopped": stopped(0.09 + a / 40),
            "trivial": 1 / c,
            "verdict": "vacuous" if a > 1 else "informative",
        }
        for a, name in enumerate(world.classes)
    ]
    return {
        "delta": 0.05,
        "grid": 1.0,
        "leading": leading,
        "explicit": leading + 0.06,
        "stopped": {"step": int(k[np.argmin(value)]), "scale": 0.8, "value": 0.93 * value.min()}
        | {"norm": 2.9, "train_loss": 0.041},
        "paper": None,
        "per_class": rows if c > 2 else [],
        "curve": {"steps": k.tolist(), "value": value.tolist(), "best_scale_value": (0.93 * value).tolist()},
        "trivial": 1 - 1 / c if c else 1.0,
        "statement": "With probability 0.95 over the sample, the error on new data from the same source is at most "
        "this, for the infinite-width network stopped there (Arora et al. 2019, Theorem 5.1, our constants).",
        "verdict": "informative",
        "reason": "It is below the error of always answering the commonest class.",
    }


def noise_curve(world: World) -> dict[str, Any]:
    portion = np.linspace(0, 1, 21)
    kept = (1 - portion) ** 2
    ends = [2 * np.sum(world.mass(kind) / world.eigenvalues) / world.n for kind in ("true", "random")]
    curve, trace = np.sqrt(kept * ends[0] + (1 - kept) * ends[1]), ends[1] * world.n / 2
    return {
        "portion": portion.tolist(),
        "complexity": curve.tolist(),
        "lower": (0.99 * curve).tolist(),
        "upper": (1.01 * curve).tolist(),
        "trace": {
            "value": trace,
            "standard_error": 0.01 * trace,
            "lower": 0.98 * trace,
            "upper": 1.02 * trace,
            "draws": world.draws,
            "method": "label draws",
        },
    }


def spectrum(world: World) -> dict[str, Any]:
    values = world.eigenvalues
    return {
        "lambda_max": values[0],
        "lambda_max_upper": values[0] * 1.0002,
        "lambda_min": {
            "proof": "inner products",
            "lower": values[-1] * (1.0 if world.exact else 0.47),
            "estimate": values[-1] * (1.0 if world.exact else 1.05),
            "error": 0.0 if world.exact else values[-1] * 0.2,
        },
        "trace": world.n / 2,
        "index": world.index.tolist() if world.exact else [],
        "eigenvalue": values.tolist() if world.exact else [],
        "resolved": world.exact,
    }


def as_dict(world: World) -> dict[str, Any]:
    kinds = ["true"] + ["random"] * bool(world.draws) + ["worst"] * world.worst
    return {
        "schema": "prefit.forecast/1",
        "data": data(world),
        "kernel": {"name": "two-layer", "diagonal": 0.5},
        "step_size": world.step_size,
        "spectrum": spectrum(world),
        "labels": [label_result(world, kind) for kind in kinds],
        "noise_curve": noise_curve(world) if world.draws and world.classes else None,
        "bound": bound(world),
        "ridge": None,
        "convergence": {
            "rate": world.step_size * world.eigenvalues[-1] / 2,
            "width_for_concentration": 8_410_000_000,
            "width_lemma_c3": 94_000_000_000,
            "steps_stable_below": 2 * world.step_size,
            "step_size_mean_loss": world.n * world.step_size,
        },
        "tolerance": 1e-3,
        "summary": [
            "The labels look learnable: the loss falls to 10% of its start 100 times sooner than for random labels.",
            "The complexity is 0.31, where random labels have 6.6.",
            "No input occurs twice.",
        ],
        "cost": {
            "seconds": 4.23,
            "products": 760,
            "peak_bytes": 412 * 2**20,
            "phases": {"read": 0.21, "tiles": 1.3, "Lanczos": 2.1, "certificate": 0.62},
        },
        "ran": {
            "device": "cpu",
            "operator": "dense" if world.exact else "tiled",
            "precision": "float64" if world.exact else "float32 tiles, float64 certificate",
            "solver": {
                "way": "eigendecomposition" if world.exact else "Lanczos",
                "lanczos_steps": 0 if world.exact else 95,
                "cg_steps": 0,
                "rank": 0,
            },
            "threads": 2,
            "seed": 0,
            "versions": {"prefit": "0.1.0", "numpy": "2.4.6", "scipy": "1.17.0"},
        },
    }


def binary_exact() -> dict[str, Any]:
    return as_dict(World(worst=True))


def certified() -> dict[str, Any]:
    return as_dict(World(n=10_000, exact=False, name="mnist 0/1"))


def ten_classes() -> dict[str, Any]:
    document = as_dict(World(n=2000, classes=tuple(DIGITS), name="fashion-mnist", exact=False, power=0.7))
    document["bound"] |= {"verdict": "vacuous", "reason": "It is not below 0.9, the error of a constant answer."}
    document["bound"] |= {"curve": None}
    return document


def many_classes() -> dict[str, Any]:
    """More classes than a sentence, a table in the terminal or an axis can hold."""
    document = as_dict(World(n=1200, classes=tuple(f"class number {k}" for k in range(120)), exact=False))
    document["bound"] |= {"curve": None, "verdict": "vacuous", "reason": "It is not below 0.992."}
    return document


def conflicting() -> dict[str, Any]:
    """Same inputs, different labels: no interpolant exists."""
    document = certified()
    document["data"] |= {
        "duplicates": 5,
        "conflicting_duplicates": 4,
        "conflicts": [{"rows": [17, 4021], "labels": ["0", "1"]}, {"rows": [88, 91], "labels": ["1", "0"]}],
    }
    nothing = {"lower": None, "upper": None, "status": "infinite"}
    document["labels"][0] |= {"quadratic_form": nothing, "complexity": nothing}
    document["bound"] |= {"leading": None, "explicit": None}
    document["noise_curve"] = None
    document["spectrum"]["lambda_min"] |= {"lower": 0.0}
    document["summary"][0] = "4 examples share an input with another label: no network can fit these labels exactly."
    return document


def regression() -> dict[str, Any]:
    document = as_dict(World(classes=(), name="diabetes"))
    document["data"] |= {"prepared": "standardized", "notes": ["Numeric columns were standardized.", "No class."]}
    for entry in document["labels"]:
        entry["test"] |= {"error": None}
    document["bound"] |= {
        "verdict": "not applicable",
        "reason": "The inputs were standardized with the sample's own means and deviations.",
    }
    return document


def without_draws() -> dict[str, Any]:
    return as_dict(World(draws=0))


def diverging() -> dict[str, Any]:
    """A step size of 2/lambda_max or more."""
    document = certified()
    document["step_size"] *= 2.5
    for entry in document["labels"]:
        entry |= {"residual": None, "steps_to": {}, "distance": None}
    document["bound"] |= {"curve": None, "stopped": None, "verdict": "not applicable", "reason": "It diverges."}
    document["convergence"] |= {"rate": None}
    return document


def one_sided() -> dict[str, Any]:
    """No upper sides: step size above 1/lambda_max, no certified floor."""
    document = certified()
    for entry in document["labels"]:
        entry["residual"]["upper"] = None
        entry["steps_to"] = {portion: {"lower": 40, "upper": None} for portion in entry["steps_to"]}
        entry["complexity"] |= {"status": "estimated", "upper": None}
        entry["quadratic_form"] |= {"status": "estimated", "upper": None}
    document["spectrum"]["lambda_min"] |= {"lower": 0.0, "error": None}
    document["spectrum"]["lambda_max_upper"] = None
    document["bound"] |= {"leading": None, "explicit": None}
    return document


def ridge() -> dict[str, Any]:
    document = certified()
    document["ridge"] = {
        "rho": 0.1,
        "train_error": 0.004,
        "train_loss": 0.031,
        "norm": interval(14.2, False),
        "bound": 0.241,
        "test": {"n": 2000, "error": 0.019, "l1": 0.12},
    }
    return document


def hostile() -> dict[str, Any]:
    """Every text that a user's file can supply is an attack."""
    document = as_dict(World(n=300, classes=(HOSTILE, "b\x1b[31m\u202e\n<b>", f"c{HOSTILE}"), exact=False, worst=True))
    document["data"] |= {
        "name": HOSTILE,
        "source": f"{HOSTILE}.csv",
        "notes": [f"The label column is {HOSTILE}."],
        "conflicting_duplicates": 2,
        "conflicts": [{"rows": [1, 2], "labels": [HOSTILE, "b"]}],
    }
    document["summary"] = [f"About {HOSTILE}: nothing.", HOSTILE]
    document["kernel"]["name"] = HOSTILE
    document["bound"] |= {"reason": HOSTILE, "statement": HOSTILE}
    return document


def bare() -> dict[str, Any]:
    """As little as the schema allows."""
    document = as_dict(replace(World(), n=20, draws=0))
    document["labels"] = []
    document["bound"] |= {"curve": None, "stopped": None, "explicit": None, "leading": None}
    document["summary"] = []
    document["cost"]["phases"] = {}
    return document


def growing() -> dict[str, Any]:
    """Nested subsets of 20,000 examples, of which the half was solved."""
    document = as_dict(World(n=10_000, exact=False, name="mnist 0/1"))
    levels = [
        [grown_block(n, i) for i in range(m)] for n, m in ((625, 8), (1250, 8), (2500, 4), (5000, 2), (10_000, 1))
    ]
    left_out = ["The Gram matrix of 20,000 inputs takes 800 MiB, more than the 500 MiB allowed."]
    growth = growth_of(20_000, 20_000, levels, True, "other examples", left_out)
    document["growth"] = growth.model_dump(mode="json")
    return document


def grown_block(n: int, i: int) -> GrowthBlock:
    """A block's numbers by power laws, with a scatter of about n^-1/2."""
    scatter = 1 + 0.7 * (-1) ** i * (1 + i / 4) / n**0.5
    complexity, steps = 3.0 * n**-0.2 * scatter, 2.0 * n**0.5 * scatter
    return GrowthBlock(
        n=n,
        quadratic_form=Interval(**interval(n * complexity**2 / 2, False)),
        complexity=Interval(**interval(complexity, False)),
        random_complexity=Interval(**interval(4.0 * n**0.05, False)),
        random_mean=4.0 * n**0.05,
        steps_to={p: Bracket(lower=int(k * steps), upper=int(k * steps) + 1) for p, k in PORTIONS.items()},
        error=0.9 * n**-0.5 * scatter,
        measured_on=10_000,
        bound=8.0 * n**-0.4,
    )


PORTIONS = {"0.5": 1, "0.1": 5, "0.01": 40}

MAKERS = {
    make.__name__: make
    for make in (
        binary_exact,
        certified,
        ten_classes,
        many_classes,
        conflicting,
        regression,
        without_draws,
        diverging,
        one_sided,
        ridge,
        hostile,
        bare,
        growing,
    )
}


@functools.cache
def forecast(name: str) -> Forecast:
    return Forecast.model_validate(MAKERS[name]())
