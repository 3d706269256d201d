"""`prefit report`: the page of a result file again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pydantic
import typer

from prefit.api import Forecast, Run
from prefit.cli.entry import app
from prefit.cli.options import Debug, Figures, Quiet, Text, check_targets, formats_of
from prefit.cli.running import deliver
from prefit.errors import InputError
from prefit.reports.training.writing import write_run
from prefit.reports.writing import write_forecast

Result = Forecast | Run
FORECAST, RUN = "prefit.forecast/1", "prefit.run/1"


@app.command()
def report(
    file: Annotated[str, typer.Argument(help="A result file, as forecast.json or run.json, or its folder.")],
    out: Annotated[Text, typer.Option(help="Folder of the page; default the file's own.")] = None,
    figures: Figures = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Draw the page of a result file again."""
    path = _in_folder(Path(file))
    result = _read_result(path)
    folder = Path(out) if out is not None else path.resolve().parent
    check_targets(str(folder), None)
    formats = formats_of(figures)
    page = write_run(result, folder, formats) if isinstance(result, Run) else write_forecast(result, folder, formats)
    deliver(result, None, page, quiet)


def _in_folder(path: Path) -> Path:
    """The result file of a folder of results; a file itself."""
    if not path.is_dir():
        return path
    found = [path / name for name in ("run.json", "forecast.json") if (path / name).exists()]
    if len(found) != 1:
        what = "both run.json and forecast.json" if found else "neither run.json nor forecast.json"
        raise InputError(f"{path} holds {what}. Name the result file.")
    return found[0]


def _read_result(path: Path) -> Result:
    try:
        text = path.read_text(encoding="utf-8")
        return _parsed(text)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Name a result file, as forecast.json.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text, so it is no result file. Name one, as forecast.json.") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path} is not a result of this version ({FORECAST} or {RUN}): at {where}: {first['msg']}. "
            "Make it again with prefit forecast or prefit train."
        ) from error


def _parsed(text: str) -> Result:
    """The document of the kind that its schema names; raises pydantic's error where it is none."""
    if _schema(text) == RUN:
        return Run.model_validate_json(text)
    return Forecast.model_validate_json(text)


class _Named(pydantic.BaseModel):
    """A document of any kind, as far as its schema."""

    schema_id: str = pydantic.Field(default="", alias="schema")


def _schema(text: str) -> str:
    try:
        return _Named.model_validate_json(text).schema_id
    except pydantic.ValidationError:
        return ""
