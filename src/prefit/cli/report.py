"""`prefit report`: the page of a result file again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pydantic
import typer

from prefit.api import Bounds, Forecast, Kernels, Learnable, Plan, Result, Run
from prefit.cli.entry import app
from prefit.cli.options import Debug, Figures, Quiet, Text, check_targets, formats_of
from prefit.cli.running import deliver
from prefit.errors import InputError
from prefit.reports.bounding.writing import write_bounds
from prefit.reports.comparing.writing import write_kernels
from prefit.reports.learnable.writing import write_learnable
from prefit.reports.planning.writing import write_plan
from prefit.reports.training.writing import write_run
from prefit.reports.writing import write_forecast


@dataclass(frozen=True)
class Kind:
    """A kind of result: its file, its class, and what writes its page."""

    file: str
    result: type[Result]
    write: Callable[[Any, Path, Sequence[str]], Path]
    command: str

    @property
    def schema(self) -> str:
        """The schema's id and version."""
        return str(self.result.model_fields["schema_id"].default)


KINDS = (
    Kind("forecast.json", Forecast, write_forecast, "prefit forecast"),
    Kind("kernels.json", Kernels, write_kernels, "prefit forecast"),
    Kind("run.json", Run, write_run, "prefit train"),
    Kind("bounds.json", Bounds, write_bounds, "prefit bounds"),
    Kind("learnable.json", Learnable, write_learnable, "prefit learnable"),
    Kind("plan.json", Plan, write_plan, "prefit plan"),
)


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
    kind, result = _read_result(path)
    folder = Path(out) if out is not None else path.resolve().parent
    check_targets(str(folder), None)
    page = kind.write(result, folder, formats_of(figures))
    deliver(result, None, page, quiet)


def _in_folder(path: Path) -> Path:
    """The result file of a folder of results; a file itself."""
    if not path.is_dir():
        return path
    found = [path / kind.file for kind in KINDS if (path / kind.file).exists()]
    if len(found) != 1:
        names = [one.name for one in found] or [kind.file for kind in KINDS]
        what = f"both {' and '.join(names)}" if found else f"neither {' nor '.join(names)}"
        study = " A study is drawn again by its own command: prefit reproduce." * (path / "study.html").exists()
        raise InputError(f"{path} holds {what}. Name the result file.{study}")
    return found[0]


def _read_result(path: Path) -> tuple[Kind, Result]:
    try:
        text = path.read_text(encoding="utf-8")
        kind = _kind(path, text)
        return kind, kind.result.model_validate_json(text)
    except FileNotFoundError as error:
        raise InputError(
            f"There is no file or folder {path}. prefit report draws the page of a result again: name the folder that "
            "a run left (its --out, or prefit-forecast-NAME), or the .json file in it, as forecast.json."
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}. Name a result file that can, as forecast.json, or its folder."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text, so it is no result. Name one, as forecast.json.") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = f"at {'.'.join(str(part) for part in first['loc'])}: " if first["loc"] else ""
        raise InputError(
            f"{path} is not a result of this version ({kind.schema}): {where}{first['msg']}. Make it again with "
            f"{kind.command}."
        ) from error


class _Named(pydantic.BaseModel):
    """A document of any kind, as far as its schema."""

    schema_id: str = pydantic.Field(default="", alias="schema")


def _kind(path: Path, text: str) -> Kind:
    """The kind that the schema names; raises InputError for a file that is no result, or not a whole one."""
    try:
        named = _Named.model_validate_json(text).schema_id
    except pydantic.ValidationError as error:
        if path.suffix == ".json" and error.errors()[0]["type"] == "json_invalid":
            raise _damaged(path) from error
        raise _no_result(path, "it is not a JSON object with a schema") from error
    found = [kind for kind in KINDS if kind.schema == named]
    if not found:
        raise _no_result(path, f"its schema is {named!r}" if named else "it names no schema")
    return found[0]


def _damaged(path: Path) -> InputError:
    named = [kind for kind in KINDS if kind.file == path.name]
    schema, command = (f" ({named[0].schema})", named[0].command) if named else ("", "the command that wrote it")
    return InputError(
        f"{path} is damaged or cut short: a result{schema} is one whole JSON object, and this text is none. Restore "
        f"the file, or make it again with {command}."
    )


def _no_result(path: Path, why: str) -> InputError:
    commands, schemas = list(dict.fromkeys(kind.command for kind in KINDS)), [kind.schema for kind in KINDS]
    return InputError(
        f"{path} is no result: {why}. prefit report reads the .json file of {', '.join(commands[:-1])} or "
        f"{commands[-1]} ({', '.join(schemas)}). Name one, as forecast.json, or its folder."
    )
