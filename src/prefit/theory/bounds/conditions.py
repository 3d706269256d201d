"""What several statements near the start and in the limit of infinite width ask for, each in the same words."""

from __future__ import annotations

from prefit.theory.bounds.statement import Assumption
from prefit.theory.bounds.subject import Subject


def on_sphere(subject: Subject) -> Assumption:
    return Assumption("inputs have length 1, whatever the sample", subject.sphere)


def signs(subject: Subject) -> Assumption:
    return Assumption("one output and labels ±1", subject.binary)


def kernel_known(subject: Subject) -> Assumption:
    return Assumption("the kernel of the infinitely wide network was computed", subject.kernel is not None)


def all_met(asked: tuple[Assumption, ...]) -> bool:
    return all(one.met for one in asked)
