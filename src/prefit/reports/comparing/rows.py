"""The rows of a comparison of kernels; text and page draw from them."""

from __future__ import annotations

from prefit.documents.kernels import KernelRow, Kernels
from prefit.documents.numbers import at_least, at_most, interval, number, percent, steps_range
from prefit.jobs.comparison_sentences import sees_structure, share_of_random
from prefit.reports.facts import of_draws

MEANING = (
    "Complexity: √(4 (tr K/n) yᵀK⁻¹y/n), which has no scale, so that kernels compare; it is the leading term of a "
    "bound on the error, not the error itself. A lower one promises more; whether it also errs less only a test split "
    "tells."
)
MARGIN = (
    "At the margin: the same number, upper end, of the least function that keeps every label on its side, y f(x) ≥ 1 "
    "(hard margin), where the complexity asks it to meet the labels."
)
PLACES = (
    "The place counts the kernels whose complexity is certainly less. Random labels are the null: a kernel that gives "
    "them little too fits anything easily."
)


def tables(doc: Kernels) -> dict[str, list[list[str]]]:
    """By name a heading and a row a kernel: complexities with their null, steps, bounds."""
    found = {"complexities": _complexities(doc), "steps": _speeds(doc), "bounds": _bounds(doc)}
    return {name: rows for name, rows in found.items() if rows}


def _complexities(doc: Kernels) -> list[list[str]]:
    """The margin form too where some kernel has one."""
    margin = has_margins(doc)
    heading = ["Kernel", "place", "complexity", "random labels", "of theirs", *(["at the margin"] if margin else [])]
    return [
        heading,
        *(
            [
                row.name,
                str(row.place) if row.complexity.lower is not None else "",
                interval(row.complexity),
                "" if row.random is None else of_draws(row.random),
                _share(row),
                *([_margin(row)] if margin else []),
            ]
            for row in doc.kernels
        ),
    ]


def _speeds(doc: Kernels) -> list[list[str]]:
    if doc.asked == "complexity":
        return []
    return [
        ["Kernel", "steps to 10%", "to 1%", "random labels to 10%"],
        *([row.name, *_steps(row)] for row in doc.kernels),
    ]


def _bounds(doc: Kernels) -> list[list[str]]:
    test = any(row.test is not None and row.test.error is not None for row in doc.kernels)
    return [
        ["Kernel", "bound", "verdict", *(["test error"] if test else []), "λ_min"],
        *(
            [
                row.name,
                "none" if row.bound is None else at_most(row.bound),
                row.verdict,
                *([_test(row)] if test else []),
                _lambda_min(row),
            ]
            for row in doc.kernels
        ),
    ]


def sees(row: KernelRow) -> str:
    """The word for its complexity, where there is something to compare with."""
    if row.random is None or row.complexity.lower is None:
        return ""
    return "informative" if sees_structure(row) else "vacuous"


def has_margins(doc: Kernels) -> bool:
    """Some kernel has a hard margin."""
    return any(_is_known(row) for row in doc.kernels)


def _is_known(row: KernelRow) -> bool:
    return row.margin_complexity is not None and row.margin_complexity.lower is not None


def _share(row: KernelRow) -> str:
    share = share_of_random(row)
    return "" if share is None else percent(share)


def _margin(row: KernelRow) -> str:
    if row.margin_complexity is None or row.margin_complexity.lower is None:
        return ""
    if row.margin_complexity.upper is None:
        return f"{at_least(row.margin_complexity.lower)} or more"
    return at_most(row.margin_complexity.upper)


def _test(row: KernelRow) -> str:
    return "" if row.test is None or row.test.error is None else percent(row.test.error)


def _steps(row: KernelRow) -> list[str]:
    if not row.steps_to:
        return ["diverges", "", ""]
    random = row.random_steps_to.get("0.1")
    return [
        steps_range(row.steps_to["0.1"]),
        steps_range(row.steps_to["0.01"]),
        "" if random is None else steps_range(random),
    ]


def _lambda_min(row: KernelRow) -> str:
    smallest = row.lambda_min
    if smallest.error == 0.0:
        return number(smallest.estimate)
    if smallest.lower <= 0.0:
        return f"at most {number(smallest.estimate)}"
    return f"{at_least(smallest.lower)} to {number(smallest.estimate)}"
