"""A network with far more weights than examples has a bound below the error of guessing: Dziugaite & Roy 2017, §6.

Their worked case: MNIST, digits 0-4 against 5-9, 600 hidden units, true and random labels (they report 0.16 and beyond
1 for test errors of 0.02 to 0.03 and 0.5); beside it digits 0 against 1 with label noise. Both layers are trained, as
in the paper, by SGD with momentum 0.9, rate 0.01, 100 examples a step, from weights N(0, 0.04²); there are no biases,
and labels ±1 have the logistic loss.

    python benchmarks/dziugaite_roy_on_binary_mnist.py --data DIR --out FILE
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import prefit
from prefit.gram.workers import default_threads
from prefit.theory.bounds import Layered, Subject
from prefit.theory.bounds.dziugaite2017 import certificate, confidence
from prefit.theory.bounds.gaussians import Prior
from prefit.theory.bounds.posterior import Effort, count_errors, optimized

BINARY, ZERO_ONE = "0+1+2+3+4,5+6+7+8+9", "0,1"
DELTA, DRAWS, START = 0.05, 300_000, 0.04


@dataclass(frozen=True)
class Case:
    """noise is the portion of labels redrawn uniformly; 1 is random labels."""

    classes: str
    n: int
    noise: float
    steps: int


CASES = (
    Case(BINARY, 60_000, 0.0, 2000),
    Case(BINARY, 60_000, 1.0, 500),
    Case(ZERO_ONE, 10_000, 0.0, 1000),
    Case(ZERO_ONE, 10_000, 0.2, 1000),
    Case(ZERO_ONE, 10_000, 0.5, 1000),
    Case(ZERO_ONE, 10_000, 1.0, 1000),
)


def main() -> None:
    given = arguments()
    torch.set_num_threads(given.threads)
    rows = []
    for case in CASES:
        rows.append(measured(case, given))
        print(json.dumps(rows[-1]), flush=True)
        if given.out:
            Path(given.out).write_text(
                json.dumps({"width": given.width, "delta": DELTA, "rows": rows}, indent=1) + "\n"
            )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/")
    parser.add_argument("--width", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=default_threads())
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


def measured(case: Case, given: argparse.Namespace) -> dict[str, float | str]:
    X, y, X_test, y_test = images(given.data, case)
    began = time.perf_counter()
    net = trained(X, y, given.width, given.epochs)
    seconds_training, began = time.perf_counter() - began, time.perf_counter()
    labels = (y < 0).astype(np.int64)
    trivial = min(labels.mean(), 1.0 - labels.mean())
    options = {"threads": float(given.threads)}
    subject = Subject("module", net, X, y[:, None], labels, 2, trivial, DELTA, sphere=False, options=options)
    prior = Prior.of(net)
    posterior = optimized(subject, prior, Effort(case.steps), confidence(case.n, DELTA), lambda portion: None)
    passes = -(-DRAWS // case.n)
    errors = count_errors(subject, posterior, passes, lambda portion: None)
    found = certificate(errors, passes * case.n, posterior, prior, case.n, DELTA)
    seconds = time.perf_counter() - began
    test = Subject("module", net, X_test, y_test[:, None], (y_test < 0).astype(np.int64), 2, 0.5, DELTA, sphere=False)
    random_errors = count_errors(test, posterior, passes, lambda portion: None) / (passes * len(y_test))
    return {
        "classes": case.classes,
        "n": case.n,
        "noise": case.noise,
        "bound": found.value,
        **found.terms,
        "random_network_test_error": random_errors,
        "network_train_error": error(net, X, y),
        "network_test_error": error(net, X_test, y_test),
        "trivial": float(trivial),
        "steps": case.steps,
        "seconds_training": seconds_training,
        "seconds": seconds,
    }


def images(folder: str, case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixels in [0, 1], and labels ±1 of which a portion, of the test split too, is redrawn uniformly."""
    data = prefit.load(f"idx:{folder}/mnist", classes=case.classes, limit=case.n)
    assert data.test is not None
    rng, out = np.random.default_rng(0), []
    for split in (data.train, data.test):
        y = np.where(split.labels == 0, 1.0, -1.0)
        again = rng.random(len(y)) < case.noise
        y[again] = rng.choice([-1.0, 1.0], int(again.sum()))
        out += [np.asarray(split.X, dtype=np.float64).reshape(len(y), -1) / 255.0, y]
    return out[0], out[1], out[2], out[3]


def trained(X: np.ndarray, y: np.ndarray, width: int, epochs: int) -> Layered:
    generator = torch.Generator().manual_seed(0)
    start = [START * torch.randn(size, generator=generator) for size in ((width, X.shape[1]), (1, width))]
    weights = [A.clone().requires_grad_(True) for A in start]
    inputs, target = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    descent = torch.optim.SGD(weights, lr=0.01, momentum=0.9)
    for _ in range(epochs):
        for rows in torch.randperm(len(y), generator=generator).split(100):
            f = torch.relu(inputs[rows] @ weights[0].T) @ weights[1][0]
            descent.zero_grad()
            torch.nn.functional.softplus(-target[rows] * f).mean().backward()
            descent.step()
    before, after = (tuple(A.detach().numpy().astype(np.float64) for A in side) for side in (start, weights))
    return Layered(after, before, (True, True))


def error(net: Layered, X: np.ndarray, y: np.ndarray) -> float:
    return float((y * net.outputs(X)[:, 0] <= 0.0).mean())


if __name__ == "__main__":
    main()
