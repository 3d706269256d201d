"""What every forecast document must satisfy, whatever it is of."""

import json
import math

from prefit.documents.forecast import Forecast


def numbers(value, path=""):
    """(path, number) of all numbers in a JSON value."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from numbers(part, f"{path}.{key}")
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from numbers(part, f"{path}[{i}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def intervals(value, path=""):
    """(path, lower, upper) of all parts with two ends."""
    if isinstance(value, dict):
        if "lower" in value and "upper" in value:
            yield path, value["lower"], value["upper"]
        for key, part in value.items():
            yield from intervals(part, f"{path}.{key}")
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from intervals(part, f"{path}[{i}]")


def ordered(low, high):
    if low is None or high is None:
        return True
    pairs = zip(low, high, strict=True) if isinstance(low, list) else [(low, high)]
    return all(a <= b for a, b in pairs)


def _refuse(text):
    raise AssertionError(f"{text} in the JSON")


def check(result):
    """JSON round trip, schema first, finite, intervals in order, curves as long as their steps."""
    text = result.to_json()
    document = json.loads(text, parse_constant=_refuse)
    assert next(iter(document)) == "schema"
    assert document["schema"] == "prefit.forecast/1"
    assert Forecast.model_validate_json(text).model_dump_json(by_alias=True) == result.model_dump_json(by_alias=True)
    assert all(math.isfinite(v) for _, v in numbers(document))
    disordered = [path for path, low, high in intervals(document) if not ordered(low, high)]
    assert not disordered
    for entry in document["labels"]:
        for curve in (entry["residual"], entry["distance"]):
            if curve is not None:
                assert len(curve["steps"]) == len(curve["norm"])
                assert curve["steps"] == sorted(set(curve["steps"]))
        if entry["residual"] is not None:
            assert ordered(entry["residual"]["lower"], entry["residual"]["norm"])
            assert ordered(entry["residual"]["norm"], entry["residual"]["upper"] or entry["residual"]["norm"])
    for part in (document["bound"]["stopped"], *(row["stopped"] for row in document["bound"]["per_class"])):
        assert part is None or (0.0 <= part["train_loss"] <= 1.0 and part["norm"] >= 0.0)
    assert document["summary"]
    assert all(document["summary"])
    return document
