"""A plan: constants given, or measured on labelled data, in; what every statement asks for out."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Literal

from prefit.data import LabelledData
from prefit.documents.forecast import Data
from prefit.documents.plan import (
    AmountPart,
    GivenConstant,
    OtherAmount,
    Plan,
    PlanCost,
    PlanRan,
    StatementPart,
)
from prefit.documents.run import SourcePart
from prefit.errors import InputError
from prefit.jobs.memory import allowed_bytes, peak_bytes
from prefit.jobs.progress import Clock, Show, silent
from prefit.jobs.requirement_options import PlanOptions
from prefit.jobs.requirement_sentences import summary
from prefit.jobs.requirements_measured import Measured, measure
from prefit.storage import Forgetful, Keeper
from prefit.theory.requirements import AT_MOST, Amount, Given, Quantity, Requirement, all_requirements

QUANTITIES: tuple[Quantity, ...] = ("m", "n", "steps", "step_size", "init_scale", "radius")
BEFOREHAND = ("form", "feature_margin", "kernel_margin")  # what samples ask for, known before the sample


@dataclass(frozen=True)
class Known:
    """How a constant is called, and how it is given."""

    name: str
    symbol: str
    what: str
    option: str


CONSTANTS = (
    Known("n", "n", "examples", "--samples"),
    Known("lambda_0", "λ0", "lower end of λ_min of the kernel's matrix", "--lambda-min"),
    Known("lambda_max", "λ_max", "its upper end: nκ(1) unless measured", ""),
    Known("gram_norm", "‖S‖_F", "norm of the matrix of cosines: n unless measured", ""),
    Known("gradient_bound", "B", "of the gradient lower bound (3.1) of Cao & Gu", "--gradient-bound"),
    Known("feature_margin", "γ (3.3)", "margin of random ReLU features, Assumption 3.3", "--margin"),
    Known("kernel_margin", "γ (3.4)", "margin of the conjugate kernel, Assumption 3.4 in He's scaling", "--margin"),
    Known("form", "M", "upper end of yᵀK⁻¹y", "--quadratic-form"),
    Known("radius", "T", "τ√m, how far every layer goes from its start, times √m", "--radius"),
)


def run_plan(
    data: LabelledData | None, options: PlanOptions, progress: Show = silent, keeper: Keeper | None = None
) -> Plan:
    """What the statements of both papers, and ours, ask of width, examples, steps and step size (`prefit.plan/1`).

    data     what the constants are measured on that are not given; None: all that is known is given
    keeper   where constants that are measured are kept, and found again; None: nowhere

    Raises InputError where there are neither data nor constants, or the data do not fit.
    """
    if data is None and all(value is None for value in options.constants.values()):
        raise InputError(
            "A plan needs data or constants, and got neither. Name a SOURCE, as digits, or give some of --samples, "
            "--lambda-min, --margin, --gradient-bound and --quadratic-form."
        )
    options = replace(options, memory=allowed_bytes(options.memory))
    clock = Clock(progress)
    found = Measured() if data is None else measure(data, options, clock, keeper or Forgetful())
    constants = [_constant(known, options, found) for known in CONSTANTS]
    given = _given(options, constants, found)
    measured = {one.name for one in constants if one.origin == "measured"}
    statements = [_statement(one, measured) for one in all_requirements(given)]
    draft = Plan(
        summary=[],
        data=found.data,
        kernel=options.kernel,
        epsilon=options.epsilon,
        delta=options.delta,
        depth=options.depth,
        constants=constants,
        statements=statements,
        notes=_notes(options, found.data),
        cost=PlanCost(seconds=clock.seconds, peak_bytes=peak_bytes(), phases=clock.phases),
        ran=PlanRan(threads=options.worker_count, seed=options.seed, versions=_versions()),
    )
    return draft.model_copy(update={"summary": summary(draft)})


# Constants ------------------------------------------------------------------------------------------------------------


def _constant(known: Known, options: PlanOptions, found: Measured) -> GivenConstant:
    """One constant: given, else measured, else unknown and why."""
    given = options.constants.get(known.name)
    form = options.quadratic_form
    of_form = known.name == "radius" and form is not None and found.binary
    measured = None if of_form else found.values.get(known.name)
    if given is not None:
        return GivenConstant(
            name=known.name,
            symbol=known.symbol,
            value=given,
            lower=None,
            upper=None,
            origin="given",
            comment=f"{known.what} ({known.option})",
        )
    if measured is not None:
        return GivenConstant(
            name=known.name,
            symbol=known.symbol,
            value=measured.value,
            lower=measured.lower,
            upper=measured.upper,
            origin="measured",
            comment=measured.comment,
        )
    if of_form and form is not None:
        return GivenConstant(
            name=known.name,
            symbol=known.symbol,
            value=math.sqrt(form),
            lower=None,
            upper=None,
            origin="given",
            comment="√M of the M given; how far all layers together go in the limit, at most: --radius gives another",
        )
    return GivenConstant(
        name=known.name,
        symbol=known.symbol,
        value=None,
        lower=None,
        upper=None,
        origin="unknown",
        comment=_why_unknown(known, found),
    )


def _why_unknown(known: Known, found: Measured) -> str:
    reason = found.reasons.get(known.name)
    if not known.option:
        return known.what if reason is None else f"{known.what}; {reason}"
    how = f"give {known.option}" if found.data is not None else f"give {known.option}, or a SOURCE to measure it on"
    return f"{known.what}: {how}" if reason is None else f"{known.what}: {reason}; else {how}"


def _given(options: PlanOptions, constants: list[GivenConstant], found: Measured) -> Given:
    values = {one.name: one.value for one in constants}
    n = values.pop("n")
    return Given(
        epsilon=options.epsilon,
        delta=options.delta,
        depth=options.depth,
        n=None if n is None else round(n),
        kappa=options.init_scale,
        step_size=options.step_size,
        diagonal=options.diagonal,
        classes=found.classes,
        **values,
    )


# Statements -----------------------------------------------------------------------------------------------------------


def _statement(one: Requirement, measured: set[str]) -> StatementPart:
    if one.name.startswith("samples"):
        one = _estimated(one, measured)
    return StatementPart(
        name=one.name,
        title=one.title,
        source=SourcePart(
            authors=one.source.authors,
            year=one.source.year,
            number=one.source.number,
            reference=one.source.reference,
        ),
        kind=one.kind,
        reading=one.reading,
        statement=one.text,
        exponents={amount.of: dict(amount.exponents) for amount in one.amounts},
        **{of: _amount(one.amount(of)) for of in QUANTITIES},
        also=[OtherAmount(of=amount.of, **_fields(amount)) for amount in one.also],
        missing=list(one.missing),
        unfit=one.unfit,
        comment=one.comment,
    )


def _estimated(one: Requirement, measured: set[str]) -> Requirement:
    """Samples from a constant that was measured on the sample: no bound, since it was to be known before."""
    need = {"samples": "form", "samples_3_3": "feature_margin", "samples_3_4": "kernel_margin"}[one.name]
    if need not in measured:
        return one
    amounts = tuple(replace(amount, means="estimate") for amount in one.amounts)
    words = "Measured on this sample, not known before it: an estimate, no bound."
    return replace(one, amounts=amounts, comment=f"{one.comment} {words}".strip())


def _amount(amount: Amount | None) -> AmountPart | None:
    return None if amount is None else AmountPart(**_fields(amount))


def _fields(amount: Amount) -> dict[str, object]:
    at: Literal["least", "most"] = "most" if amount.of in AT_MOST else "least"
    return {
        "formula": amount.formula,
        "value": amount.value,
        "log10": amount.log10,
        "at": at,
        "means": amount.means,
    }


def _notes(options: PlanOptions, data: Data | None) -> list[str]:
    told = []
    if options.init_scale is None:
        told.append("κ is the largest start that each statement allows, with constant 1; --init-scale gives another.")
    if data is not None and data.duplicates:
        told.append("Inputs that coincide are counted in n; λ0 is that of the distinct ones.")
    return told


def _versions() -> Mapping[str, str]:
    packages = ("prefit", "numpy", "scipy", "numba")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
