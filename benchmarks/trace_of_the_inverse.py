"""Claim: for tr H⁻¹ label draws solved in lockstep beat Hutch++ and XTrace per product, their error bar is honest from
two draws on, and the preconditioner that is there anyway takes more off their variance, at no product.

Every estimator gets the same number of columns solved by the same preconditioned conjugate gradients, so that products
are columns times iterations. The truth is a Cholesky factorization's. Rivals work on H⁻¹ and on H⁻¹ − P⁻¹, P the
preconditioner, tr P⁻¹ added. Two more controls are shown that prefit does not make: Vecchia's approximation of H⁻¹ from
the NEIGHBOURS nearest earlier inputs, alone and beside P⁻¹.

    python benchmarks/trace_of_the_inverse.py --data DIR [--cases mnist:2000,ijcnn1:5000] [--seeds 20]
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.special import stdtrit

import prefit
from prefit.data import LabelledData
from prefit.data.distinct import distinct_inputs, unit_rows
from prefit.gram import cosines_of, dense_gram
from prefit.kernels import kernel_named
from prefit.spectra.cg import ConjugateGradients
from prefit.spectra.nystrom import Nystrom, Pivoted
from prefit.spectra.trace import Control, low_rank_control, trace_of_inverse

CASES = "digits:1797,mnist:2000,fashion-mnist:5000,ijcnn1:5000,mnist:10000"
COLUMNS = (2, 6, 12, 24)  # solved in one estimate; multiples of 6 serve halves and thirds; up to 12 from LARGE on
LARGE = 8000
RESIDUAL = 1e-3  # relative; conjugate gradients' forms err by its square, in the norm of H⁻¹
NEIGHBOURS = 32


def main() -> None:
    options = arguments()
    rows = []
    for case in options.cases.split(","):
        name, n = case.split(":")
        found = measure(name, gram(options.data, name, int(n)), options.seeds)
        print_table(found)
        rows += found
    if options.out:
        facts = {"seeds": options.seeds, "residual": RESIDUAL, "neighbours": NEIGHBOURS}
        Path(options.out).write_text(json.dumps(facts | {"rows": rows}, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("PREFIT_DATA"), help="folder that holds mnist/ and the others")
    parser.add_argument("--cases", default=CASES, help="data set and number of examples, joined by commas")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", help="JSON file for the rows")
    return parser.parse_args()


def gram(folder: str, name: str, n: int) -> np.ndarray:
    """H of the distinct inputs."""
    data = load(folder, name, n)
    U, _ = unit_rows(data.train.X, data.train.rows)
    cosines = cosines_of(data.train.X, U, distinct_inputs(U).first)
    return dense_gram(cosines, kernel_named("two-layer")).operator.K  # type: ignore[attr-defined, no-any-return]


def load(folder: str, name: str, n: int) -> LabelledData:
    if name == "digits":
        return prefit.load("digits", limit=n)
    if name == "ijcnn1":
        return prefit.load(f"libsvm:{folder}/tabular/ijcnn1.trn.bz2", limit=n)
    classes = "0+2+4+6+8,1+3+5+7+9"
    return prefit.load(f"idx:{folder}/{name}", classes=classes, per_class=n // 2, test_limit=10)


# The solver -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Solver:
    """K is (n, n) float32: products of many columns are taken so."""

    K: np.ndarray
    preconditioner: Nystrom

    def solve(self, B: np.ndarray) -> tuple[np.ndarray, float]:
        """K⁻¹B, and the mean number of iterations a column took."""
        run, products = ConjugateGradients(B, self.preconditioner), 0
        goal = RESIDUAL * np.linalg.norm(B, axis=0)
        while run.width:
            products += run.width
            run.absorb(self.K @ np.asarray(run.directions(), dtype=np.float32))
            run.active &= np.linalg.norm(run.R, axis=0) > goal
        return run.Z, products / B.shape[1]

    def solve_all(self, blocks: list[np.ndarray]) -> tuple[list[np.ndarray], float]:
        """The same for the blocks of all seeds at once."""
        X, iterations = self.solve(np.hstack(blocks))
        return np.split(X, np.cumsum([block.shape[1] for block in blocks])[:-1], axis=1), iterations


def preconditioned(K: np.ndarray) -> Solver:
    rank = len(K) // 10
    pivoted = Pivoted(lambda columns: K[:, columns], K.diagonal().copy())
    pivoted.grow(rank)
    return Solver(K.astype(np.float32), Nystrom(pivoted.F, pivoted.shift))


def vecchia(K: np.ndarray, seed: int = 0) -> scipy.sparse.csr_array:
    """V with VᵀV ≈ K⁻¹: each input regressed on the NEIGHBOURS nearest of those before it, in a random order."""
    order = np.random.default_rng(seed).permutation(len(K))
    rows, columns, values = [], [], []
    for i, index in enumerate(order):
        before = order[:i]
        near = before if i <= NEIGHBOURS else before[np.argpartition(-K[index, before], NEIGHBOURS)[:NEIGHBOURS]]
        group = np.append(near, index)
        last = np.linalg.solve(K[np.ix_(group, group)], np.eye(len(group))[:, -1])
        rows.append(np.full(len(group), i))
        columns.append(group)
        values.append(last / math.sqrt(last[-1]))
    places = (np.concatenate(rows), np.concatenate(columns))
    return scipy.sparse.csr_array((np.concatenate(values), places), shape=K.shape)


# The estimators: value, standard error, degrees of freedom ------------------------------------------------------------

Estimate = tuple[float, float, float]


def draws(Z: np.ndarray, X: np.ndarray, controls: list[Control]) -> Estimate:
    found = trace_of_inverse(Z, X, controls=controls)
    assert found.standard_error is not None
    return found.value, found.standard_error, found.degrees


def scatter(Z: np.ndarray, X: np.ndarray) -> Estimate:
    """The same draws with the textbook's error bar: from the scatter of their forms."""
    forms = np.einsum("ij,ij->j", Z, X)
    return float(forms.mean()), float(forms.std(ddof=1) / math.sqrt(len(forms))), len(forms) - 1.0


def hutch_pp(Q: np.ndarray, AQ: np.ndarray, G: np.ndarray, AG: np.ndarray) -> Estimate:
    """tr QᵀAQ + mean gᵀ(1 − QQᵀ)A(1 − QQᵀ)g, Q an orthonormal basis of AS (Meyer, Musco, Musco, Woodruff 2021,
    arXiv:2010.09649, Algorithm 1); its error bar is the second term's."""
    inside = Q.T @ G
    forms = np.einsum("ij,ij->j", G - Q @ inside, AG - AQ @ inside)
    error = float(forms.std(ddof=1) / math.sqrt(len(forms))) if len(forms) > 1 else math.inf
    return float(np.trace(Q.T @ AQ) + forms.mean()), error, max(len(forms) - 1.0, 1.0)


def xtrace(Omega: np.ndarray, Y: np.ndarray, Q: np.ndarray, AQ: np.ndarray) -> Estimate:
    """XTrace and its error estimate (Epperly, Tropp, Webber 2024, arXiv:2301.07825, §2.1), Y = AΩ, Q its basis.

    Leaving out column i of Y turns the projector QQᵀ into Q(1 − ssᵀ)Qᵀ, s the normalized column i of R⁻ᵀ.
    """
    count = Omega.shape[1]
    S = np.linalg.inv(Q.T @ Y).T
    S /= np.linalg.norm(S, axis=0)
    T, W = Q.T @ AQ, Q.T @ Omega
    inside = W - S * np.einsum("ij,ij->j", S, W)  # (1 − ssᵀ)Qᵀω
    forms = np.einsum("ij,ij->j", Omega - Q @ inside, Y - AQ @ inside)
    values = np.trace(T) - np.einsum("ij,ij->j", S, T @ S) + forms
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(count)), count - 1.0


# What is measured -----------------------------------------------------------------------------------------------------


def measure(name: str, K: np.ndarray, seeds: int) -> list[dict]:
    truth, solver, local = exact_trace_of_inverse(K), preconditioned(K), vecchia(K)
    n, P = len(K), solver.preconditioner
    sizes = [m for m in COLUMNS if m <= 12 or n < LARGE]
    Z = [np.random.default_rng([seed, n]).choice([-1.0, 1.0], size=(n, max(sizes))) for seed in range(seeds)]
    X, iterations = solver.solve_all(Z)
    low_rank = [low_rank_control(P.F, P.shift, z) for z in Z]
    near = [vecchia_control(local, z) for z in Z]
    facts = {"data": name, "n": n, "rank": P.rank, "truth": truth, "seeds": seeds}
    rows = []

    def add(method: str, columns: int, steps: float, estimates: list[Estimate]) -> None:
        row = {"method": method, "columns": columns, "products": columns * steps}
        rows.append(facts | row | accuracy(estimates, truth))

    for m in sizes:
        first = [(z[:, :m], x[:, :m]) for z, x in zip(Z, X, strict=True)]
        cut = [[Control(c.product[:, :m], c.diagonal) for c in pair] for pair in zip(low_rank, near, strict=True)]
        add("draws, error bar by scatter", m, iterations, [scatter(*pair) for pair in first])
        add("draws", m, iterations, [draws(*pair, []) for pair in first])
        add("draws, control P⁻¹", m, iterations, [draws(*p, c[:1]) for p, c in zip(first, cut, strict=True)])
        add("draws, control neighbours", m, iterations, [draws(*p, c[1:]) for p, c in zip(first, cut, strict=True)])
        add("draws, both controls", m, iterations, [draws(*p, c) for p, c in zip(first, cut, strict=True)])
    correction = [control.product for control in low_rank]
    for m in sizes[1:]:
        for label, less in (("", None), (" on H⁻¹ − P⁻¹", correction)):
            rivals(add, label, m, solver, Z, X, iterations, less)
    return rows


def rivals(
    add: Callable[[str, int, float, list[Estimate]], None],
    label: str,
    m: int,
    solver: Solver,
    Z: list[np.ndarray],
    X: list[np.ndarray],
    iterations: float,
    less: list[np.ndarray] | None,
) -> None:
    """Hutch++ with thirds of m columns, XTrace with halves, on A = K⁻¹ or A = K⁻¹ − P⁻¹ (`less` is P⁻¹Z)."""
    AZ = X if less is None else [x - y for x, y in zip(X, less, strict=True)]
    third, half = m // 3, m // 2
    for method, width in (("Hutch++", third), ("XTrace", half)):
        bases = [np.linalg.qr(az[:, :width])[0] for az in AZ]
        AQ, steps = solver.solve_all(bases)
        if less is not None:
            AQ = [aq - solver.preconditioner.solve(q) for aq, q in zip(AQ, bases, strict=True)]
        rest = slice(width, 2 * width)
        if method == "Hutch++":
            every = zip(bases, AQ, Z, AZ, strict=True)
            found = [hutch_pp(q, aq, z[:, rest], az[:, rest]) for q, aq, z, az in every]
        else:
            every = zip(Z, AZ, bases, AQ, strict=True)
            found = [xtrace(z[:, :width], az[:, :width], q, aq) for z, az, q, aq in every]
        added = 0.0 if less is None else solver.preconditioner.trace_of_inverse
        mean = (width * steps + (m - width) * iterations) / m
        add(method + label, m, mean, [(value + added, *error) for value, *error in found])  # type: ignore[misc]


def vecchia_control(V: scipy.sparse.csr_array, Z: np.ndarray) -> Control:
    return Control(V.T @ (V @ Z), np.asarray(V.multiply(V).sum(axis=0)).ravel())


def exact_trace_of_inverse(K: np.ndarray) -> float:
    factor = scipy.linalg.cholesky(K, lower=True, check_finite=False)
    inverse, _ = scipy.linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    return float(np.trace(inverse))


def accuracy(estimates: list[Estimate], truth: float) -> dict[str, float | None]:
    """Relative to the truth: root mean square error, mean half-width of the 95% intervals, how many hold it."""
    value, error, degrees = np.array(estimates).T
    half = stdtrit(np.minimum(degrees, 1e6), 0.975) * error
    return {
        "rms_error": float(np.sqrt(np.mean((value / truth - 1.0) ** 2))),
        "mean_error": float(np.mean(value / truth - 1.0)),
        "half_width": float(half.mean() / truth) if np.isfinite(half).all() else None,
        "held": float(np.mean(np.abs(value - truth) <= half)),
    }


def print_table(rows: list[dict]) -> None:
    one = rows[0]
    print(f"\n{one['data']}, n = {one['n']:,}, rank {one['rank']}, tr H⁻¹ = {one['truth']:.6g}; {one['seeds']} seeds")
    print(f"{'':28} {'columns':>7} {'products':>8} {'rms error':>9} {'95% ±':>8} {'held':>5}   products for 0.1%")
    for row in rows:
        half = "" if row["half_width"] is None else f"{100 * row['half_width']:7.2f}%"
        needed = row["products"] * (row["rms_error"] / 1e-3) ** 2
        print(
            f"{row['method']:28} {row['columns']:7} {row['products']:8.0f} {100 * row['rms_error']:8.3f}% {half:>8} "
            f"{100 * row['held']:4.0f}%   {needed:,.0f}"
        )


if __name__ == "__main__":
    main()
