"""The schema: every field described in docs/, documents that follow it, nothing infinite or unknown accepted."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pydantic
import pytest
from jsonschema import Draft202012Validator

import prefit
from prefit.documents import Forecast
from prefit.documents.bounds import Bounds
from prefit.documents.forecast import SCHEMA
from prefit.documents.kernels import Kernels
from prefit.documents.learnable import Learnable
from prefit.documents.plan import Plan
from prefit.documents.run import Run
from tests.documents.page import (
    BOUNDS,
    FORECAST,
    KERNELS,
    LEARNABLE,
    PAGES,
    PLAN,
    RUN,
    Page,
    between,
    cell,
    description,
    models,
    tables,
)

NOT_FINITE = [math.nan, math.inf, -math.inf]


@pytest.fixture(scope="module")
def result() -> prefit.Forecast:
    return prefit.forecast(prefit.load("digits", limit=300, test="digits", test_limit=20), draws=2, ridge=0.1)


@pytest.fixture(scope="module")
def document(result: prefit.Forecast) -> dict[str, Any]:
    return json.loads(result.to_json())


def properties() -> list[tuple[Page, str, str, dict[str, Any]]]:
    return [
        (page, name, field, part)
        for page in PAGES
        for name, model in models(page).items()
        for field, part in model["properties"].items()
    ]


def page_name(page: Page) -> str:
    return page.file.name


# The pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_a_page_has_the_tables_that_the_models_give(page):
    assert between(page.text).strip() == tables(page).strip(), "python -m tests.documents.page"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_part_of_a_document_has_its_section(page):
    assert set(page.headings) == set(models(page))


@pytest.mark.parametrize(
    ("page", "model", "field", "part"),
    properties(),
    ids=[f"{page_name(page)}:{model}.{field}" for page, model, field, _ in properties()],
)
def test_every_field_is_described_in_a_table_of_the_page(page, model, field, part):
    rows = re.findall(r"^\| `(\w+)` \| .+? \| (.+) \|$", page.text, re.MULTILINE)
    told = description(page, model, field, part)
    assert len(told) > 3
    assert (field, cell(told)) in rows


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_no_word_is_kept_for_a_field_that_is_gone_or_that_has_its_own(page):
    without = {
        f"{model}.{field}" for one, model, field, part in properties() if one is page and "description" not in part
    }
    assert set(page.words) == without


@pytest.mark.parametrize(
    ("page", "schema"),
    [
        (FORECAST, SCHEMA),
        (KERNELS, "prefit.kernels/1"),
        (RUN, "prefit.run/1"),
        (BOUNDS, "prefit.bounds/1"),
        (PLAN, "prefit.plan/1"),
        (LEARNABLE, "prefit.learnable/1"),
    ],
)
def test_the_version_of_the_page_is_that_of_the_schema(page, schema):
    kind = page.document.__name__.lower()
    assert set(re.findall(rf"prefit\.{kind}/\d+", page.text)) == {schema}
    assert models(page)[page.document.__name__]["properties"]["schema"]["const"] == schema


# Documents ------------------------------------------------------------------------------------------------------------


def test_a_document_of_digits_follows_the_json_schema(document):
    schema = Forecast.model_json_schema(by_alias=True)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert document["schema"] == SCHEMA
    assert next(iter(document)) == "schema"


def test_a_document_of_a_run_follows_the_json_schema():
    data = prefit.load("digits", classes="0,1", per_class=20, test="digits", test_per_class=5)
    made = prefit.train(data, width=64, steps=5, kernel_eigenvalues=True)
    document = json.loads(made.to_json())
    Draft202012Validator(Run.model_json_schema(by_alias=True)).validate(document)
    assert next(iter(document)) == "schema"
    assert prefit.Run.model_validate_json(made.to_json()).to_json() == made.to_json()
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        Run.model_validate(changed(document, "checks.0.more", 1))
    with pytest.raises(pydantic.ValidationError, match="finite"):
        Run.model_validate(changed(document, "trajectory.loss.1", math.inf))


@pytest.mark.parametrize(
    ("ours", "public"),
    [
        (Forecast, prefit.Forecast),
        (Kernels, prefit.Kernels),
        (Run, prefit.Run),
        (Bounds, prefit.Bounds),
        (Plan, prefit.Plan),
        (Learnable, prefit.Learnable),
    ],
)
def test_the_library_s_documents_have_the_same_schema(ours, public):
    ours, public = ours.model_json_schema(), public.model_json_schema()
    assert ours["properties"] == public["properties"]
    assert ours["$defs"] == public["$defs"]


def test_a_document_read_and_written_again_is_the_same(result):
    assert prefit.Forecast.model_validate_json(result.to_json()).to_json() == result.to_json()


@pytest.mark.parametrize("path", ["", "data", "spectrum.lambda_min", "labels.0.residual", "bound.curve", "cost"])
def test_a_field_nobody_knows_is_refused(path, document):
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        Forecast.model_validate(changed(document, f"{path}.more".lstrip("."), 1))


NUMBERS = ["step_size", "spectrum.lambda_max", "labels.0.residual.norm.1", "bound.trivial", "cost.phases.gram"]


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("path", NUMBERS)
def test_neither_nan_nor_infinity_is_accepted(path, value, document):
    damaged = changed(document, path, value)
    with pytest.raises(pydantic.ValidationError, match="finite"):
        Forecast.model_validate(damaged)
    with pytest.raises(pydantic.ValidationError):
        Forecast.model_validate_json(json.dumps(damaged))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_number_of_the_schema_is_declared_finite(page):
    """Found through the models: each one refuses infinity in each of its numbers."""
    loose = [f"{model.__name__}.{name}" for model in parts(page) for name in model.model_fields if lets(model, name)]
    assert loose == []


def parts(page: Page) -> list[type[pydantic.BaseModel]]:
    from prefit.documents import bounds, forecast, growth, kernels, learnable, model, plan, run, separability

    found = {
        name: value
        for module in (growth, model, run, forecast, bounds, plan, learnable, kernels, separability)
        for name, value in vars(module).items()
    }
    assert set(models(page)) <= set(found)
    return [found[name] for name in models(page)]


def lets(model: type[pydantic.BaseModel], name: str) -> bool:
    """Whether the field takes infinity, alone, in a list or in a dictionary."""
    adapter = pydantic.TypeAdapter(
        pydantic.create_model("One", one=(model.model_fields[name].rebuild_annotation(), ...))
    )
    for value in (math.inf, [math.inf], {"a": math.inf}):
        try:
            adapter.validate_python({"one": value})
        except pydantic.ValidationError:
            continue
        return True
    return False


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one value put at a dotted path."""
    copy = json.loads(json.dumps(document))
    *way, last = path.split(".")
    place: Any = copy
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return copy


def test_a_result_cannot_be_changed(result):
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        result.step_size = 1.0
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        result.data.n = 1
