"""The plain sentences around the numbers: what the data are, what was done to them, what ran."""

from __future__ import annotations

from collections.abc import Sequence

from prefit.documents import Forecast
from prefit.documents.forecast import Conflict, Data
from prefit.documents.model import Solver
from prefit.documents.numbers import at_least, at_most, interval, mebibytes, number, percent, printable, seconds

_MOST_CLASSES = 12  # more are counted, not listed
_LONG_NAME = 24  # longer class names are cut in sentences; tables show them whole
_MOST_VERSIONS = 6


def short(text: str, most: int = _LONG_NAME) -> str:
    """`text` with invisible characters written out and its middle left out where it is long."""
    text = printable(text)
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def label_names(doc: Forecast) -> dict[str, str]:
    """What the three kinds of labels are called in tables and legends."""
    true = {"true": "true labels", "random": "these labels (random)", "worst": "these labels (worst case)"}
    name = true[doc.data.labels]
    if doc.data.label_noise > 0 and doc.data.labels == "true":
        name = f"labels, {percent(doc.data.label_noise)} noise"
    return {"true": name, "random": "random labels", "worst": "worst-case labels"}


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return "".join(words) if len(words) < 2 else f"{', '.join(words[:-1])} and {words[-1]}"


def classes(data: Data) -> str:
    """The classes with their counts, as a clause."""
    if not data.classes:
        return "real targets" if data.coding == "coded" else f"numeric targets (regression{_scale(data)})"
    pairs = list(zip(data.classes, data.class_counts, strict=False))
    if len(pairs) > _MOST_CLASSES:
        counts = data.class_counts  # as many as there are pairs, or more
        return f"{len(pairs)} classes of {min(counts):,} to {max(counts):,} examples, coded {data.coding}"
    if len(pairs) > 2 and len(set(data.class_counts)) == 1:
        named = listed([short(name) for name in data.classes])
        return f"classes {named}, {data.class_counts[0]:,} examples each, coded {data.coding}"
    named = listed([f"{short(name)} ({count:,})" for name, count in pairs])
    word = "class" if len(pairs) == 1 else "classes"
    return f"{word} {named}, coded {data.coding}"


def _scale(data: Data) -> str:
    """How the targets were mapped, where they were."""
    if (data.target_centre, data.target_scale) == (0.0, 1.0):
        return ""
    return f": target = (value − {data.target_centre:.6g})/{data.target_scale:.6g}"


def is_any_name_cut(data: Data) -> bool:
    """Whether the sentences leave out a part of some class name."""
    return any(short(name) != name for name in data.classes)


def what_the_data_are(doc: Forecast) -> str:
    data = doc.data
    test = f"; {data.test_n:,} test examples" if data.test_n else "; no test split"
    of = "" if doc.growth is None or doc.growth.solved == doc.growth.n else f" (a random subset of {doc.growth.n:,})"
    return f"{data.n:,} examples{of} of {data.d:,} features; {classes(data)}{test}."


def what_was_done(doc: Forecast) -> str:
    """Preparation, bias, sphere, noise: one sentence; the document's notes say more."""
    data = doc.data
    done = ["the inputs were standardized" if data.prepared == "standardized" else "the inputs were taken as they are"]
    if data.bias:
        done.append("a constant 1 was appended")
    done.append("each was put on the unit sphere" if data.sphere else "they were not put on the unit sphere")
    if data.label_noise > 0:
        done.append(f"{percent(data.label_noise)} of the labels were redrawn at random")
    if data.labels != "true":
        kind = {"random": "drawn at random", "worst": "the worst case for these inputs"}[data.labels]
        done.append(f"the labels are {kind}, not the file's")
    sentence = ", ".join(done)
    return f"{sentence[0].upper()}{sentence[1:]}."


def duplicates(doc: Forecast) -> str:
    data = doc.data
    if not data.duplicates and not data.conflicting_duplicates:
        return "No input occurs twice."
    told = f"{data.duplicates:,} {'input' if data.duplicates == 1 else 'inputs'} occurred before"
    if not data.conflicting_duplicates:
        return f"{told}, always with labels that agree ({_groups(data)})."
    return (
        f"{told}, on the sphere and after preparation; the labels of {data.conflicting_duplicates:,} examples "
        "contradict those of inputs that coincide with theirs."
    )


def _groups(data: Data) -> str:
    """The first groups of rows that coincide."""
    shown = [f"rows {listed([f'{row:,}' for row in group[:4]])}" for group in data.duplicate_groups[:3]]
    return "; ".join(shown) + ("; …" if len(data.duplicate_groups) > 3 else "")


def conflict(group: Conflict) -> str:
    """One group of equal inputs with different labels."""
    rows = [f"{row:,}" for row in group.rows]
    labels = [short(label) for label in group.labels]
    return f"The inputs of rows {listed(rows)} coincide; their labels are {listed(labels)}."


def step_size(doc: Forecast) -> str:
    """The step, where it stops being stable, and its twin on the mean loss."""
    stable = doc.convergence.steps_stable_below
    return (
        f"Step size η = {number(doc.step_size)} on the loss ½‖y − u‖²; stable below "
        f"2/λ_max = {number(stable)}. On the mean loss the same step is {number(doc.convergence.step_size_mean_loss)}."
    )


def smallest_eigenvalue(doc: Forecast) -> str:
    """Floor and estimate of λ_min, or its value."""
    smallest = doc.spectrum.lambda_min
    if is_exact(doc):
        return number(smallest.estimate)
    if smallest.lower <= 0:
        return f"at most {number(smallest.estimate)}"
    return f"{at_least(smallest.lower)} to {number(smallest.estimate)}"


def is_exact(doc: Forecast) -> bool:
    """Whether the whole spectrum was computed."""
    return bool(doc.spectrum.index)


def ridge(doc: Forecast) -> str | None:
    """The ridge fit in a sentence."""
    fit = doc.ridge
    if fit is None:
        return None
    parts = [f"mean training loss in [0, 1] {at_most(fit.train_loss)}"]
    if fit.train_error is not None:
        parts.append(f"training error {percent(fit.train_error)}")
    parts.append(f"norm {interval(fit.norm)}")
    if fit.bound is not None:
        parts.append(f"bound {at_most(fit.bound)}")
    if fit.test is not None:
        error = fit.test.error
        parts.append(f"test ℓ1 {number(fit.test.l1)}" if error is None else f"test error {percent(error)}")
    return f"Ridge fit with ρ = {number(fit.rho)}: {', '.join(parts)}."


def cost(doc: Forecast) -> str:
    spent, ran = doc.cost, doc.ran
    return (
        f"{seconds(spent.seconds)}, {spent.products:,} products with the Gram matrix, "
        f"{mebibytes(spent.peak_bytes)} at peak; solved by {_solver(ran.solver)}; "
        f"{ran.device}, {ran.operator} operator, {ran.precision}, "
        f"{ran.threads} {'thread' if ran.threads == 1 else 'threads'}, seed {ran.seed}."
    )


def _solver(solver: Solver) -> str:
    """What found the solutions, with its steps."""
    if solver.way == "eigendecomposition":
        return solver.way
    lanczos = f"{solver.lanczos_steps:,} steps of Lanczos"
    gradients = f"{solver.cg_steps:,} of conjugate gradients with a preconditioner of {solver.rank:,} columns"
    told = {"Lanczos": lanczos, "conjugate gradients": gradients.replace(" of", " steps of", 1)}
    return told.get(solver.way, f"{lanczos}, then {gradients}")


def versions(doc: Forecast) -> str:
    named = list(doc.ran.versions.items())[:_MOST_VERSIONS]
    return ", ".join(f"{name} {version}" for name, version in named)
