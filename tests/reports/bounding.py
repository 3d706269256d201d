"""Made-up but coherent documents of bounds: every kind of row, and texts that a user's file can supply."""

from __future__ import annotations

import functools
from typing import Any

from prefit.documents.bounds import Bounds
from tests.reports.documents import HOSTILE, data
from tests.reports.runs import ARORA, CAO, OURS, Training

GOLOWICH = {"authors": "Golowich, Rakhlin, Shamir", "year": 2018, "reference": "arXiv:1712.06541"}
WEI = {"authors": "Wei, Lee, Liu, Ma", "year": 2019, "reference": "arXiv:1810.05369"}


def row(name: str, value: float | None, kind: str, verdict: str, **known: Any) -> dict[str, Any]:
    fails = verdict == "not applicable"
    return {
        "name": name,
        "title": f"{name.capitalize()}: a bound by norms",
        "source": GOLOWICH | {"number": "Theorem 1"},
        "of": "this network",
        "formula": "L_S + 2·(2√(log 2·L) + 1)·N·√n/(γ n) + √(log(1/δ')/(2n))",
        "value": value,
        "terms": {"L_S": 0.01, "N": 12.3, "γ": 0.4, "√(log(1/δ')/(2n))": 0.06},
        "kind": kind,
        "assumptions": [
            {"text": "the examples are independent draws", "met": True},
            {"text": "the output layer is trained", "met": not fails},
        ],
        "verdict": verdict,
        "comment": "Norms are measured on the trained weights and rounded up to a grid.",
        "seconds": 0.02,
    } | known


def rows() -> list[dict[str, Any]]:
    wide = {
        "title": "Arora, Du, Hu, Li, Wang: the infinitely wide network",
        "of": "the infinitely wide network",
        "source": ARORA | {"number": "Theorem 5.1"},
    }
    return [
        row("arora2019_wide", 0.247, "derived", "informative", **wide),
        row("caogu2020", 1.93, "derived", "vacuous", source=CAO | {"number": "Theorem 3.1"}),
        row("caogu2020_order", 6.02e3, "order", "order only", source=CAO | {"number": "Theorem 3.1"}),
        row("neyshabur2015", 92.4, "explicit", "vacuous"),
        row("golowich2018", 47.2, "explicit", "vacuous"),
        row("bartlett2017", 8.1e5, "derived", "vacuous"),
        row("harvey2017", None, "explicit", "vacuous", comment="Its value is beyond the largest number."),
        row("dziugaite2017", 0.161, "explicit", "informative", of="the randomized network"),
        row("ours", 3.1, "derived", "vacuous", source=OURS, terms={}, assumptions=[], comment=""),
        row("wei2019", 0.8, "order", "order only", source=WEI | {"number": "Theorem 1.1"}),
        row("hardt2016", None, "explicit", "not applicable"),
        row("li2018", 12.0, "order", "not applicable"),
    ]


def as_dict(run: Training, told: list[dict[str, Any]]) -> dict[str, Any]:
    module = run.kind == "module"
    least = {"name": "dziugaite2017", "value": 0.161, "of": "the randomized network", "verdict": "informative"}
    own = {"name": "caogu2020", "value": 1.93, "of": "this network", "verdict": "vacuous"}
    return {
        "schema": "prefit.bounds/1",
        "summary": ["The smallest of the bounds that apply is 0.161.", "Of 12 bounds 2 are informative."],
        "data": data(run.world),
        "network": {
            "kind": run.kind,
            "width": run.widths[-1],
            "widths": list(run.widths),
            "depth": run.layers,
            "outputs": 1,
            "init_scale": None if module else 1.0,
            "antisymmetric": False,
            "parameters": 7_840_000,
        },
        "training": {
            "run": "" if module else "prefit-train-digits",
            "step": None if module else run.steps,
            "loss": None if module else run.loss,
            "step_size": None if module else 0.012,
            "batch": run.batch,
            "one_pass": False,
            "drawn": not module,
            "train_error": 0.0,
        },
        "test": {"n": 500, "error": 0.012, "lower": 0.0044, "upper": 0.026},
        "trivial": 0.5,
        "delta": 0.05,
        "together": False,
        "row_delta": 0.05,
        "bounds": told,
        "smallest": least,
        "smallest_own": own,
        "family": "Each row holds by itself with probability 95% over the sample.",
        "notes": [],
        "cost": {"seconds": 61.3, "peak_bytes": 412 * 2**20, "phases": {"kernel": 3.1, "golowich2018": 0.02}},
        "ran": {"device": "cpu", "threads": 2, "seed": 0, "versions": {"prefit": "0.1.0", "numpy": "2.4.6"}},
    }


def two_layer() -> dict[str, Any]:
    return as_dict(Training(), rows())


def module() -> dict[str, Any]:
    """A user's own, whose training nobody told; no test split."""
    return as_dict(Training(kind="module", widths=(128, 64)), rows()) | {"test": None}


def perfect() -> dict[str, Any]:
    """No test error; one bound."""
    document = as_dict(Training(), rows()[:1]) | {"smallest_own": None}
    document["smallest"] = {"name": "arora2019_wide", "value": 0.247, "of": "…", "verdict": "informative"}
    return document | {"test": {"n": 20, "error": 0.0, "lower": 0.0, "upper": 0.17}}


def none_applies() -> dict[str, Any]:
    document = as_dict(Training(), [row for row in rows() if row["verdict"] == "not applicable"])
    return document | {"smallest": None, "smallest_own": None, "summary": ["No bound applies to this network."]}


def hostile() -> dict[str, Any]:
    """Every text that a user's file can supply is an attack."""
    told = rows()
    for one in told:
        one |= {"comment": HOSTILE}
    document = as_dict(Training(classes=(HOSTILE, f"b{HOSTILE}")), told)
    document["data"] |= {"name": HOSTILE, "source": f"{HOSTILE}.csv", "notes": [HOSTILE]}
    document["training"]["run"] = HOSTILE
    document["ran"]["versions"] = {HOSTILE: HOSTILE}
    return document | {"summary": [HOSTILE, HOSTILE], "notes": [HOSTILE], "family": HOSTILE}


MAKERS = {make.__name__: make for make in (two_layer, module, perfect, none_applies, hostile)}


@functools.cache
def bounds(name: str) -> Bounds:
    return Bounds.model_validate(MAKERS[name]())
