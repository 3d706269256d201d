"""The tables of the pages on documents, made from the models; run as a script it puts them into the pages.

python -m tests.documents.page
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefit.documents import Document, Forecast
from prefit.documents.bounds import Bounds
from prefit.documents.kernels import Kernels
from prefit.documents.learnable import Learnable
from prefit.documents.plan import Plan
from prefit.documents.run import Run

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- fields: begin -->\n", "<!-- fields: end -->\n"

# Parts in the order of the document, with the heading under which the page has them.
FORECAST_HEADINGS = {
    "Forecast": "The document",
    "Data": "data",
    "Conflict": "data.conflicts[]",
    "KernelPart": "kernel",
    "Spectrum": "spectrum",
    "LambdaMin": "spectrum.lambda_min",
    "LabelResult": "labels[]",
    "QuadraticForm": "labels[].quadratic_form, labels[].complexity, labels[].margin_complexity",
    "Residual": "labels[].residual",
    "StepsTo": "labels[].steps_to",
    "Distance": "labels[].distance",
    "Projection": "labels[].projection",
    "Test": "labels[].test, ridge.test",
    "NoiseCurve": "noise_curve",
    "RandomTrace": "noise_curve.trace",
    "Solver": "ran.solver",
    "Bound": "bound",
    "Stopped": "bound.stopped, bound.per_class[].stopped",
    "PerClass": "bound.per_class[]",
    "BoundCurve": "bound.curve",
    "Ridge": "ridge",
    "Convergence": "convergence",
    "Separability": "separability",
    "FeatureMargin": "separability.random_features",
    "SampledMargin": "separability.random_features.curve[]",
    "Growth": "growth",
    "GrowthSize": "growth.sizes[]",
    "Spread": "growth.sizes[].complexity, growth.sizes[].random_complexity, growth.sizes[].steps_to, "
    "growth.sizes[].error, growth.sizes[].bound",
    "GrowthBlock": "growth.sizes[].blocks[]",
    "Bracket": "growth.sizes[].blocks[].steps_to",
    "GrowthFit": "growth.fits[]",
    "Extrapolated": "growth.fits[].extrapolated",
    "FittedLine": "growth.fits[].line",
    "Cost": "cost",
    "Ran": "ran",
    "Interval": "bound.per_class[].quadratic_form, labels[].margin, ridge.norm, separability.conjugate, "
    "separability.conjugate_printed, separability.last_layer, growth.sizes[].blocks[]",
}

# What the models leave to the name.
FORECAST_WORDS = {
    "Forecast.schema": "id and version of this schema",
    "Forecast.data": "what was read, and what was done to it",
    "Forecast.kernel": "the kernel: which network's limit the forecast is about",
    "Forecast.step_size": "η on the sum of squares ½‖y − u‖²",
    "Forecast.spectrum": "what is known of the eigenvalues of the Gram matrix",
    "Forecast.labels": "one entry each for `true` labels, `random` ones and `worst` ones, where asked for; `true` "
    "stands for the labels that `--labels` and `--label-noise` leave",
    "Forecast.noise_curve": "null for regression, for labels other than the file's, and without a random end",
    "Forecast.bound": "the generalization bound at convergence and at its best stopping time, with its verdict",
    "Forecast.ridge": "null unless `--ridge` was given",
    "Forecast.convergence": "what the convergence theorem asks for",
    "Forecast.tolerance": "relative gap of the certified interval that was asked for",
    "Forecast.cost": "what it took",
    "Forecast.ran": "where and with what it ran",
    "Ran.solver": "how the solutions were found",
    "Solver.way": "which solver, or which two after each other",
    "Data.source": "SOURCE as given",
    "Data.n": "examples",
    "Data.class_counts": "examples of each class, in the order of `classes`",
    "Data.prepared": "whether columns were brought to mean 0 and deviation 1",
    "Data.bias": "a constant 1 was put before the features",
    "Data.labels": "what the run is about: the file's labels, random or worst-case ones",
    "Data.label_noise": "portion of the labels redrawn",
    "Data.test_n": "examples of the test split; 0 where there is none",
    "Spectrum.lambda_min": "the smallest eigenvalue",
    "LabelResult.name": "which labels",
    "LabelResult.draws": "labellings; above 16,384 distinct inputs the curves are of the first of them, "
    "as many as have eight columns together",
    "LabelResult.quadratic_form": "yᵀH⁻¹y, summed over the columns of the code; of `random`: the least lower and the "
    "largest upper end over the draws",
    "LabelResult.complexity": "√(2yᵀH⁻¹y/n), for any kernel 2√(κ(1) yᵀK⁻¹y/n); of `random` as above",
    "LabelResult.steps_to": 'by portion of the initial loss ½‖y‖² ("0.5", "0.1", "0.01"): when it is reached; empty '
    "when gradient descent diverges",
    "LabelResult.distance": "null when gradient descent diverges at this step size",
    "LabelResult.test": "null without a test split, where no function fits the labels, and for other than `true`",
    "Residual.steps": "k: 0, every step at first, then 16 a decade, to 1% of the loss or 10⁶",
    "Residual.norm": "‖y − ũ(k)‖; of `random` the root of the mean square over the draws",
    "Residual.lower": "Gauss side (exact arithmetic); of `random` the least curve among the draws",
    "Distance.steps": "k, as in `residual`",
    "Test.n": "test examples",
    "NoiseCurve.portion": "portion of the labels redrawn, 0 to 1",
    "Stopped.value": "the bound",
    "Bound.delta": "δ, the failure probability",
    "Bound.per_class": "one entry a class where there are more than two; else empty",
    "Bound.curve": "null when gradient descent diverges at this step size",
    "Bound.verdict": "`informative` if below `trivial`; `not applicable` if an assumption is broken",
    "BoundCurve.steps": "k from 0 to 10⁶",
    "BoundCurve.value": "the bound for f_k, by the quadrature (an estimate; `stopped` is certified)",
    "BoundCurve.best_scale_value": "the least over multiples of f_k",
    "PerClass.name": "the class",
    "PerClass.quadratic_form": "yᵀH⁻¹y of its column of the code",
    "PerClass.explicit": "the bound at convergence",
    "PerClass.stopped": "its minimum over stopping time",
    "PerClass.verdict": "as in `bound`",
    "Separability.random_features": "what random features say",
    "Ridge.rho": "ρ of (K + ρI)z = y",
    "Ridge.train_error": "portion misclassified; null for regression",
    "Ridge.train_loss": "mean loss on the training examples, the one that the bound is about; upper end",
    "Ridge.norm": "norm of the fitted function",
    "Ridge.bound": "its generalization bound; null where none is stated",
    "Ridge.test": "as in `labels[].test`",
    "Extrapolated.n": "examples of the estimate",
    "Extrapolated.value": "what the law says there",
    "FittedLine.n": "examples",
    "FittedLine.value": "the law",
    "FittedLine.lower": "lower end of the interval for one sample of n examples",
    "FittedLine.upper": "its upper end",
    "Ran.device": "`cpu`",
    "Ran.operator": "how the Gram matrix was held",
    "Ran.threads": "the same input, options, seed and threads give the same digits",
    "Ran.seed": "of everything drawn",
    "Ran.versions": "Python and the packages that computed",
}


RUN_HEADINGS = {
    "Run": "The document",
    "Data": "data",
    "Conflict": "data.conflicts[]",
    "Network": "network",
    "Descent": "descent",
    "TrajectoryPart": "trajectory",
    "Predicted": "predicted, predicted_finite",
    "KernelFacts": "kernel",
    "CheckPart": "checks[]",
    "SourcePart": "checks[].source",
    "ConstantPart": "checks[].constants[]",
    "RunCost": "cost",
    "RunRan": "ran",
}

RUN_WORDS = {
    **{field: words for field, words in FORECAST_WORDS.items() if field.startswith("Data.")},
    "Run.schema": "id and version of this schema",
    "Run.summary": "the answer in plain sentences, the most important first",
    "Run.data": "what was read, and what was done to it, as in the forecast document",
    "Run.network": "what was trained",
    "Run.descent": "how, and why it ended",
    "Run.trajectory": "what was seen at the recorded steps",
    "Run.kernel": "the spectra behind the predictions, and the margins",
    "Run.checks": "the statements of the papers, each held against this run, those that do not apply too",
    "Run.notes": "what the reader of the numbers should know: extensions, what was left out and why",
    "Run.cost": "what it took",
    "Run.ran": "where and with what it ran",
    "Network.kind": "`module`: a user's own",
    "Descent.seed": "of the weights at k = 0, and of the order in which mini-batches take the examples",
    "TrajectoryPart.steps": "k, increasing, the first 0; of stochastic descent updates",
    "TrajectoryPart.loss": "the loss that is descended, on the whole training set",
    "TrajectoryPart.train_error": "portion of the training examples misclassified; an output of 0 is wrong",
    "TrajectoryPart.test_error": "the same on the test split",
    "TrajectoryPart.test_surrogate_error": "E_S on the test split",
    "Predicted.steps": "those of `trajectory`",
    "Predicted.loss": "the loss of the predicted outputs",
    "SourcePart.authors": "of the paper",
    "SourcePart.year": "of the paper",
    "SourcePart.reference": "arXiv number, or the page here",
    "ConstantPart.name": "as in the statement",
    "ConstantPart.value": "its value",
    "CheckPart.name": "short, for a table",
    "CheckPart.statement": "the inequality in words and symbols",
    "CheckPart.source": "where it stands",
    "CheckPart.verdict": "`outside its regime`: not seen, where the paper claims it for wider nets only; `violated`: "
    "an explicit statement whose conditions hold fails; `constant measured`: up to an unnamed constant, the smallest "
    "that fits",
    "CheckPart.comment": "why, with the numbers",
    "CheckPart.predicted": "what it predicts; null where it bounds",
    "CheckPart.bound": "the side that `measured` must not pass; null where it predicts, or names no constant",
    "CheckPart.measured": "what was seen; null where the statement does not apply",
    "CheckPart.constants": "the constants that entered",
    "KernelFacts.lambda_min": "an estimate of λ_min(H)",
    "RunCost.seconds": "wall time of the whole run",
    "RunCost.training_seconds": "wall time of the descent alone, records apart",
    "RunCost.peak_bytes": "largest resident memory of the process",
    "RunCost.phases": "seconds by phase",
    "RunRan.device": "`cpu`, or the name of the CUDA device",
    "RunRan.precision": "of products, weights and sums",
    "RunRan.threads": "the same input, options, seed and threads give the same digits",
    "RunRan.seed": "of everything drawn",
    "RunRan.versions": "Python and the packages that computed",
}


BOUNDS_HEADINGS = {
    "Bounds": "The document",
    "Data": "data",
    "Conflict": "data.conflicts[]",
    "Network": "network",
    "Training": "training",
    "TestError": "test",
    "BoundRow": "bounds[]",
    "SourcePart": "bounds[].source",
    "AssumptionPart": "bounds[].assumptions[]",
    "Smallest": "smallest, smallest_own",
    "BoundsCost": "cost",
    "BoundsRan": "ran",
}

BOUNDS_WORDS = {
    **{field: words for field, words in RUN_WORDS.items() if field.startswith(("Data.", "Network.", "SourcePart."))},
    "Bounds.schema": "id and version of this schema",
    "Bounds.summary": "the answer in plain sentences, the most important first",
    "Bounds.data": "what was trained on, as in the run document",
    "Bounds.network": "what was trained, as in the run document",
    "Bounds.training": "how, as far as it is known",
    "Bounds.test": "null without a test split, or where its labels are not those trained on",
    "Bounds.bounds": "a row for every bound that was asked for, those that do not apply too",
    "Bounds.notes": "what the reader of the numbers should know",
    "Bounds.cost": "what it took",
    "Bounds.ran": "where and with what it ran",
    "TestError.n": "test examples",
    "BoundRow.source": "where the statement stands",
    "BoundRow.assumptions": "all that the statement asks for, met or not",
    "Smallest.name": "of its row",
    "Smallest.value": "the bound",
    "Smallest.of": "whose error it bounds",
    "Smallest.verdict": "as in its row",
    "BoundsCost.seconds": "wall time of the whole job; of a run that was resumed, of its last part",
    "BoundsCost.peak_bytes": "largest resident memory of the process",
    "BoundsCost.phases": "seconds by phase: the kernel's, then row by row",
    "BoundsRan.device": "`cpu`, or the name of the CUDA device, of the rows that optimize",
    "BoundsRan.threads": "the same network, data, options, seed and threads give the same digits",
    "BoundsRan.seed": "of everything drawn",
    "BoundsRan.versions": "Python and the packages that computed",
}


PLAN_HEADINGS = {
    "Plan": "The document",
    "Data": "data",
    "Conflict": "data.conflicts[]",
    "GivenConstant": "constants[]",
    "StatementPart": "statements[]",
    "SourcePart": "statements[].source",
    "AmountPart": "statements[].m, statements[].n, statements[].steps, statements[].step_size, "
    "statements[].init_scale, statements[].radius",
    "OtherAmount": "statements[].also[]",
    "PlanCost": "cost",
    "PlanRan": "ran",
}

PLAN_WORDS = {
    **{field: words for field, words in RUN_WORDS.items() if field.startswith(("Data.", "SourcePart."))},
    "Plan.schema": "id and version of this schema",
    "Plan.summary": "the answer in plain sentences, the most important first",
    "Plan.constants": "what the statements are evaluated at, known or not",
    "Plan.statements": "one entry a statement, and a reading of it",
    "Plan.notes": "what the reader of the numbers should know",
    "Plan.cost": "what it took",
    "Plan.ran": "with what it ran",
    "GivenConstant.origin": "where it is from",
    "StatementPart.title": "what it is about",
    "StatementPart.source": "where it stands",
    "StatementPart.comment": "what the numbers rest on",
    "PlanCost.seconds": "wall time of the whole job",
    "PlanCost.peak_bytes": "largest resident memory of the process",
    "PlanCost.phases": "seconds by phase",
    "PlanRan.threads": "the same data, options, seed and threads give the same digits",
    "PlanRan.seed": "of everything drawn",
    "PlanRan.versions": "Python and the packages that computed",
}


LEARNABLE_HEADINGS = {
    "Learnable": "The document",
    "TargetPart": "target",
    "TargetTerm": "target.terms[]",
    "KernelNorm": "kernels[]",
    "NormByDimension": "kernels[].norm_by_dimension",
    "MissingTerm": "kernels[].missing_terms[]",
    "Shares": "kernels[].degrees, kernels[].harmonics",
    "Measure": "measure",
    "MeasureValue": "measure.values[]",
    "CheckPart": "check",
    "CheckedKernel": "check.kernels[]",
    "SourcePart": "measure.source, statements",
    "LearnableCost": "cost",
    "LearnableRan": "ran",
}

LEARNABLE_WORDS = {
    **{field: words for field, words in RUN_WORDS.items() if field.startswith("SourcePart.")},
    "Learnable.schema": "id and version of this schema",
    "Learnable.target": "the function, as it was understood",
    "Learnable.measure": "the measure of Allen-Zhu, Li and Liang 2018",
    "Learnable.cost": "what it took",
    "Learnable.ran": "with what it ran",
    "TargetTerm.degree": "in the projections",
    "Shares.degree": "p of the projections, or k of the harmonics; those that add something",
    "MissingTerm.degree": "p, or k of the harmonic where the dimension is known",
    "Measure.formula": "of the measure",
    "Measure.source": "where it stands",
    "CheckedKernel.name": "as in --kernel",
    "CheckPart.dimension": "d of the drawn inputs",
    "CheckPart.seed": "that they were drawn with",
    "CheckPart.kernels": "one entry for each kernel",
    "LearnableRan.threads": "the same expression, options, seed and threads give the same digits",
}


@dataclass(frozen=True)
class Page:
    """A page in docs/ on a document: its model, its parts in their order, and what the models leave to the name."""

    file: Path
    document: type[Document]
    headings: dict[str, str]
    words: dict[str, str]

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")


KERNELS_HEADINGS = {
    "Kernels": "The document",
    "Data": "data",
    "Conflict": "data.conflicts[]",
    "KernelRow": "kernels[]",
    "QuadraticForm": "kernels[].quadratic_form, kernels[].complexity, kernels[].random, kernels[].margin_complexity",
    "StepsTo": "kernels[].steps_to, kernels[].random_steps_to",
    "Stopped": "kernels[].stopped",
    "LambdaMin": "kernels[].lambda_min",
    "Test": "kernels[].test",
    "Solver": "ran.solver",
    "Cost": "cost",
    "Ran": "ran",
}

KERNELS_WORDS = {
    **{
        field: words
        for field, words in FORECAST_WORDS.items()
        if field.startswith(("Data.", "Test.", "Stopped.", "Ran.", "Solver."))
    },
    "Kernels.schema": "id and version of this schema",
    "Kernels.data": "what was read, and what was done to it, as in the forecast document",
    "Kernels.tolerance": "relative gap of the certified intervals that was asked for",
    "Kernels.cost": "what all kernels took; `phases` has a kernel each",
    "KernelRow.lambda_min": "its smallest eigenvalue",
}


FORECAST = Page(DOCS / "forecast-document.md", Forecast, FORECAST_HEADINGS, FORECAST_WORDS)
RUN = Page(DOCS / "run-document.md", Run, RUN_HEADINGS, RUN_WORDS)
BOUNDS = Page(DOCS / "bounds-document.md", Bounds, BOUNDS_HEADINGS, BOUNDS_WORDS)
LEARNABLE = Page(DOCS / "learnable-document.md", Learnable, LEARNABLE_HEADINGS, LEARNABLE_WORDS)
PLAN = Page(DOCS / "plan-document.md", Plan, PLAN_HEADINGS, PLAN_WORDS)
KERNELS = Page(DOCS / "kernels-document.md", Kernels, KERNELS_HEADINGS, KERNELS_WORDS)
PAGES = (FORECAST, KERNELS, RUN, BOUNDS, LEARNABLE, PLAN)


def kind(part: dict[str, Any]) -> str:
    """A JSON type in a word or two."""
    if "$ref" in part:
        return "object"
    if "const" in part:
        return f'`"{part["const"]}"`'
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "anyOf" in part:
        return " or ".join(kind(option) for option in part["anyOf"])
    if part["type"] == "array":
        inner = kind(part["items"])
        return f"list of {inner}s" if inner.isalpha() else f"list of {inner}"
    if "additionalProperties" in part and part["type"] == "object":
        return f"object of {kind(part['additionalProperties'])}s"
    return {"number": "number", "integer": "integer", "string": "text", "boolean": "yes/no", "null": "null"}[
        part["type"]
    ]


def models(page: Page) -> dict[str, dict[str, Any]]:
    """Every model of the document by name, as JSON schema."""
    schema = page.document.model_json_schema(by_alias=True)
    return {page.document.__name__: schema, **schema["$defs"]}


def description(page: Page, model: str, field: str, part: dict[str, Any]) -> str:
    """The model's own sentence, else ours; KeyError where nobody has one."""
    return part["description"] if "description" in part else page.words[f"{model}.{field}"]


def cell(text: str) -> str:
    """Fit for a table: no pipe ends a cell, no underscore behind a sign starts emphasis."""
    return re.sub(r"(?<![A-Za-z0-9])_", r"\\_", " ".join(text.split()).replace("|", r"\|"))


def tables(page: Page) -> str:
    """The fields of every part, in the order of its headings."""
    parts = models(page)
    sections = [section(page, name, heading, parts[name]) for name, heading in page.headings.items()]
    return "\n".join(sections)


def section(page: Page, name: str, heading: str, schema: dict[str, Any]) -> str:
    whole = name == page.document.__name__
    title = heading if whole else ", ".join(f"`{path}`" for path in heading.split(", "))
    lines = [f"## {title}", ""]
    if "description" in schema:
        lines += [" ".join(schema["description"].split()), ""]
    lines += ["| field | type | what it holds |", "| --- | --- | --- |"]
    for field, part in schema["properties"].items():
        lines.append(f"| `{field}` | {cell(kind(part))} | {cell(description(page, name, field, part))} |")
    return "\n".join([*lines, ""])


def between(text: str) -> str:
    """What stands between the two marks."""
    return text.partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    for page in PAGES:
        head, _, rest = page.text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        page.file.write_text(f"{head}{BEGIN}\n{tables(page)}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
