"""What the data are and what was done to them, in plain sentences; every page about data says the same."""

from __future__ import annotations

from collections.abc import Sequence

from prefit.documents.forecast import Conflict, Data
from prefit.documents.numbers import percent, printable

_MOST_CLASSES = 12  # more are counted, not listed
_LONG_NAME = 24  # longer class names are cut in sentences; tables show them whole


def short(text: str, most: int = _LONG_NAME) -> str:
    """`text` with invisible characters written out and its middle left out where it is long."""
    text = printable(text)
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


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


def what_the_data_are(data: Data, of: str = "") -> str:
    """Examples, features, classes, test split; `of` says what the examples are a part of."""
    test = f"; {data.test_n:,} test examples" if data.test_n else "; no test split"
    return f"{data.n:,} examples{of} of {data.d:,} features; {classes(data)}{test}."


def what_was_done(data: Data) -> str:
    """Preparation, bias, sphere, noise: one sentence; the document's notes say more."""
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


def duplicates(data: Data) -> str:
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


def commonest(data: Data) -> float | None:
    """Error of always answering the commonest class of the training split; None without classes."""
    return 1 - max(data.class_counts) / data.n if data.class_counts else None
