"""Generalization bounds of a trained network, one file a paper: a `Subject` in, a row for every bound out."""

from __future__ import annotations

from collections.abc import Callable

from prefit.theory.bounds.allenzhu2018 import allenzhu2018
from prefit.theory.bounds.arora2018 import arora2018
from prefit.theory.bounds.arora2019 import arora2019_finite, arora2019_paper, arora2019_wide
from prefit.theory.bounds.bartlett2017 import bartlett2017, bartlett2017_prior
from prefit.theory.bounds.caogu2019 import caogu2019
from prefit.theory.bounds.caogu2020 import caogu2020, caogu2020_measured, caogu2020_order
from prefit.theory.bounds.daniely2017 import daniely2017
from prefit.theory.bounds.dziugaite2017 import dziugaite2017
from prefit.theory.bounds.golowich2018 import golowich2018
from prefit.theory.bounds.hardt2016 import hardt2016
from prefit.theory.bounds.harvey2017 import harvey2017
from prefit.theory.bounds.li2018 import li2018
from prefit.theory.bounds.neyshabur2015 import neyshabur2015
from prefit.theory.bounds.neyshabur2018 import neyshabur2018
from prefit.theory.bounds.neyshabur2019 import neyshabur2019
from prefit.theory.bounds.statement import Assumption, Bound, Kind, Verdict
from prefit.theory.bounds.subject import KernelFacts, Layered, Subject
from prefit.theory.bounds.valleperez2018 import valleperez2018
from prefit.theory.bounds.wei2019 import wei2019

Row = Callable[[Subject, Callable[[float], None]], Bound]
ROWS: tuple[tuple[str, Row], ...] = (  # by name, in the order of the table
    ("arora2019_wide", arora2019_wide),
    ("arora2019_finite", arora2019_finite),
    ("arora2019_paper", arora2019_paper),
    ("caogu2020", caogu2020),
    ("caogu2020_measured", caogu2020_measured),
    ("caogu2020_order", caogu2020_order),
    ("dziugaite2017", dziugaite2017),
    ("valleperez2018", valleperez2018),
    ("neyshabur2015", neyshabur2015),
    ("golowich2018", golowich2018),
    ("neyshabur2018", neyshabur2018),
    ("bartlett2017_prior", bartlett2017_prior),
    ("bartlett2017", bartlett2017),
    ("neyshabur2019", neyshabur2019),
    ("harvey2017", harvey2017),
    ("arora2018", arora2018),
    ("hardt2016", hardt2016),
    ("caogu2019", caogu2019),
    ("li2018", li2018),
    ("wei2019", wei2019),
    ("daniely2017", daniely2017),
    ("allenzhu2018", allenzhu2018),
)
OF_KERNEL = frozenset({"arora2019_wide", "arora2019_paper", "caogu2019"})  # those that look at `Subject.kernel`
OF_MARGIN = frozenset({"caogu2019"})  # and at its hard margin

__all__ = [
    "OF_KERNEL",
    "OF_MARGIN",
    "ROWS",
    "Assumption",
    "Bound",
    "KernelFacts",
    "Kind",
    "Layered",
    "Row",
    "Subject",
    "Verdict",
]
