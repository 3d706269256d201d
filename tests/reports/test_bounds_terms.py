"""The words for the terms of the bounds, held against the numbers that they are said to be."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

from prefit.documents.bounds import BoundRow
from prefit.reports.bounding import terms
from prefit.theory.bounds import ROWS, Bound, KernelFacts, Layered, Subject
from prefit.theory.bounds.margins import candidates
from tests.reports.bounding import row

N, DELTA = 40, 0.05
SIZES = {"two-layer": (4, 20), "deep": (4, 9, 8)}


@functools.cache
def subject(kind: str, classes: int) -> Subject:
    """A net near its start that is right everywhere; hidden layers are trained, with ten classes the output too."""
    rng, outputs = np.random.default_rng(classes), 1 if classes == 2 else classes
    start = [rng.standard_normal((b, a)) / math.sqrt(a) for a, b in pairwise((*SIZES[kind], outputs))]
    start[-1] = rng.choice([-1.0, 1.0], start[-1].shape) / math.sqrt(start[-1].shape[1])
    trained = (True,) * (len(start) - 1) + (classes > 2,)
    end = [A + on * 0.1 * rng.standard_normal(A.shape) for A, on in zip(start, trained, strict=True)]
    net, X = Layered(tuple(end), tuple(start), trained), rng.standard_normal((N, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    F = net.outputs(X)
    labels = (F[:, 0] <= 0.0).astype(np.int64) if classes == 2 else F.argmax(axis=1)
    Y = np.where(labels == 0, 1.0, -1.0)[:, None] if classes == 2 else np.eye(classes)[labels]
    facts = KernelFacts("two-layer", 0.5, 30.0, (0.15, 0.16), converged=0.9, stopped=0.6, step=7, scale=2.0)
    training = {"loss": "logistic", "step_size": 0.04, "steps": 12, "fixed": True}
    options = {"lambda_0": 0.01, "dziugaite2017.steps": 5.0, "threads": 1.0}
    return Subject(kind, net, X, Y, labels, classes, 0.5, DELTA, True, kernel=facts, options=options, **training)


@functools.cache
def bounds(kind: str, classes: int) -> dict[str, Bound]:
    return {name: compute(subject(kind, classes), lambda portion: None) for name, compute in ROWS}


def told(name: str, term: str) -> str:
    return terms.meaning(BoundRow.model_validate(row(name, 1.0, "derived", "vacuous")), term)


NETS = [(kind, classes) for kind in SIZES for classes in (2, 10)]


def every_term() -> set[tuple[str, str]]:
    return {(name, term) for net in NETS for name, bound in bounds(*net).items() for term in bound.terms}


@pytest.mark.parametrize(("kind", "classes"), NETS)
def test_every_term_of_every_row_has_words(kind, classes):
    silent = [(name, term) for name, one in bounds(kind, classes).items() for term in one.terms if not told(name, term)]
    assert silent == []


def test_all_rows_but_the_one_without_a_value_were_seen():
    assert {name for name, _ in every_term()} == {name for name, _ in ROWS} - {"allenzhu2018"}
    assert ("arora2019_paper", "lambda_0") in every_term()
    assert ("hardt2016", "stability") in every_term()


def test_no_words_are_for_what_no_row_has():
    seen = every_term()
    assert set(terms.OF_ROWS) <= seen
    of_all = {term for name, term in seen if (name, term) not in terms.OF_ROWS}
    assert set(terms.WORDS) <= of_all
    assert {term.rpartition("_")[0] for term in of_all - set(terms.WORDS)} == set(terms.NUMBERED)


def test_words_are_a_few():
    assert max(len(told(name, term)) for name, term in every_term()) <= 75


# What the words say is what the number is -----------------------------------------------------------------------------

Said = Callable[[Subject, dict[str, float]], float]


def ramp(s: Subject, t: dict[str, float]) -> float:
    return float(np.clip(1.0 - s.margins / t["margin"], 0.0, 1.0).mean())


def surrogate(s: Subject, margin: float) -> float:
    return float(expit(-s.margins / margin).mean())


def product(s: Subject, order: int | str) -> float:
    return math.prod(float(np.linalg.norm(A, order)) for A in s.net.matrices)


def distances(s: Subject) -> list[float]:
    return [float(np.linalg.norm(A - A0)) for A, A0 in zip(s.net.matrices, s.net.start, strict=True)]


def farthest(s: Subject) -> float:
    return float(np.linalg.norm(s.net.matrices[0] - s.net.start[0], axis=1).max())


def root(log: float, n: float = N) -> float:
    return math.sqrt(log / (2.0 * n))


def alone(s: Subject, t: dict[str, float]) -> float:
    return root(math.log(1.0 / DELTA))


def with_union(s: Subject, t: dict[str, float]) -> float:
    return root(math.log(1.0 / DELTA) + t["union"])


def in_tail(s: Subject, t: dict[str, float]) -> float:
    return 2.0 * N * t["tail"] ** 2 - math.log(1.0 / DELTA)


def in_complexity(s: Subject, t: dict[str, float]) -> float:
    return 2.0 * (N * t["complexity"] ** 2 - t["kl"] - math.log(2.0)) - math.log(2.0 * math.sqrt(N) / DELTA)


def noisy(s: Subject, t: dict[str, float]) -> float:
    return math.sqrt((t["kl"] + math.log(2.0) + 0.5 * (math.log(2.0 * math.sqrt(N) / DELTA) + t["union"])) / N)


CLAIMS: list[tuple[str, str, str, Said]] = [
    ("wei2019", "margin", "smallest margin of the sample", lambda s, t: s.margins.min()),
    (
        "wei2019",
        "normalized_margin",
        "margin over norm, to the power D",
        lambda s, t: t["margin"] / t["norm"] ** t["D"],
    ),
    ("wei2019", "D", "matrices", lambda s, t: len(s.net.matrices)),
    ("wei2019", "length", "longest input", lambda s, t: s.lengths.max()),
    ("bartlett2017_prior", "tail", "confidence alone", lambda s, t: 3.0 * root(math.log(2.0 / DELTA))),
    ("bartlett2017_prior", "width", "largest width, of inputs and outputs too", lambda s, t: s.net.width),
    ("bartlett2017_prior", "ramp_loss", "mean ramp loss", ramp),
    ("bartlett2017", "tail", "with what was chosen", with_union),
    ("bartlett2017", "data_norm", "all inputs together", lambda s, t: np.linalg.norm(s.X)),
    ("harvey2017", "tail", "confidence alone", alone),
    ("harvey2017", "parameters", "trained weights", lambda s, t: s.net.parameters),
    ("harvey2017", "error", "error on the sample", lambda s, t: (s.margins <= 0.0).mean()),
    (
        "arora2019_paper",
        "tail",
        "N norms",
        lambda s, t: 3.0 * root(math.log(6.0 * (math.ceil(math.sqrt(N / t["lambda_0"])) + 1) / DELTA)),
    ),
    ("arora2019_paper", "lambda_0", "said to have", lambda s, t: 0.01),
    ("arora2019_paper", "width", "5/√n", lambda s, t: 5.0 / math.sqrt(N)),
    ("arora2019_finite", "loss", "mean ramp loss", ramp),
    ("arora2019_finite", "R_measured", "farthest neuron", lambda s, t: farthest(s)),
    ("arora2019_finite", "B_measured", "all weights, as measured", lambda s, t: np.linalg.norm(distances(s))),
    ("li2018", "margin_error", "below the margin", lambda s, t: (s.margins < t["margin"]).mean()),
    ("li2018", "p", "largest width, of inputs and outputs too", lambda s, t: s.net.width),
    ("caogu2020", "loss", "2 E_S(f/γ)", lambda s, t: 2.0 * surrogate(s, t["margin"])),
    ("caogu2020", "complexity", "I1 and I2 over the margin", lambda s, t: (t["I1"] + t["I2"]) / t["margin"]),
    ("caogu2020_measured", "loss", "2 E_S(f/γ)", lambda s, t: 2.0 * surrogate(s, t["margin"])),
    (
        "caogu2020_measured",
        "complexity",
        "I1 and the smaller I2 over the margin",
        lambda s, t: (t["I1"] + min(t["I2_layers"], t["I2_joint"])) / t["margin"],
    ),
    ("caogu2020_order", "loss", "2 E_S: twice the surrogate loss, at no margin", lambda s, t: 2.0 * surrogate(s, 1.0)),
    ("caogu2020_order", "L", "hidden layers", lambda s, t: s.net.depth),
    ("caogu2020_order", "m", "least width of a hidden layer", lambda s, t: min(A.shape[0] for A in s.net.start[:-1])),
    ("caogu2019", "L", "layers, the output's among them", lambda s, t: len(s.net.matrices)),
    ("daniely2017", "L", "hidden layers", lambda s, t: s.net.depth),
    ("neyshabur2018", "margin_loss", "at or below the margin", lambda s, t: (s.margins <= t["margin"]).mean()),
    ("neyshabur2018", "spectral", "product of the matrices' spectral norms", lambda s, t: product(s, 2)),
    ("neyshabur2018", "complexity", "root of kl, union and confidence over n", noisy),
    ("neyshabur2018", "union", "part of the complexity", in_complexity),
    ("neyshabur2015", "norms", "product of the matrices' Frobenius norms", lambda s, t: product(s, "fro")),
    ("neyshabur2015", "tail", "with what was chosen", with_union),
    ("neyshabur2015", "union", "part of the tail", in_tail),
    ("neyshabur2015", "layers", "matrices", lambda s, t: len(s.net.matrices)),
    ("golowich2018", "norms", "product of the matrices' Frobenius norms", lambda s, t: product(s, "fro")),
    ("golowich2018", "tail", "with what was chosen", with_union),
    ("golowich2018", "ramp_loss", "mean ramp loss", ramp),
    ("neyshabur2019", "tail", "with what was chosen", with_union),
    ("dziugaite2017", "B", "over n", lambda s, t: (t["divergence"] + t["prior_choice"] + t["logarithm"]) / N),
    ("dziugaite2017", "draws", "one example each", lambda s, t: 200_000),
    ("valleperez2018", "examples", "to be fitted", lambda s, t: N),
    ("hardt2016", "steps", "made", lambda s, t: 12),
    ("hardt2016", "step_size", "of every step", lambda s, t: 0.04),
]


@pytest.mark.parametrize(("name", "term", "words", "said"), CLAIMS, ids=[f"{name}/{term}" for name, term, *_ in CLAIMS])
def test_a_term_is_what_its_words_say(name, term, words, said):
    assert words in told(name, term)
    found = [(subject(*net), bounds(*net)[name].terms) for net in NETS if term in bounds(*net)[name].terms]
    assert found
    for one, numbers in found:
        assert numbers[term] == pytest.approx(float(said(one, numbers)), rel=1e-9)


def test_what_is_chosen_without_a_grid_is_not_said_to_be_on_one():
    for name in ("bartlett2017_prior", "li2018", "wei2019"):
        assert "on its grid" not in told(name, "margin")
    for name in ("bartlett2017_prior", "li2018"):
        for net in NETS:
            assert bounds(*net)[name].terms["margin"] in candidates(subject(*net).ordered_margins)
