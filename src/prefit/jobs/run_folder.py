"""A run folder of `prefit train` read again: its document, weights and data, checked to be those of the run."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydantic

from prefit._shapes import AnyArray
from prefit.data import LabelledData, load
from prefit.data.options import OPTION_NAMES, option_name
from prefit.documents.run import Run
from prefit.errors import InputError
from prefit.jobs.identity import fingerprints
from prefit.jobs.run_files import DOCUMENT, file_names
from prefit.jobs.trained import Trained, trained_of
from prefit.storage import FolderKeeper, Manifest, resumable, sha256_of
from prefit.storage.files import PLAIN_KINDS

MAKE = "Name the --out of a finished prefit train."


@dataclass(frozen=True)
class RunFolder:
    """A finished run on disk.

    manifest   what run it was, with the command that was typed; None where the folder has lost it
    digest     sha256 of the document
    """

    folder: Path
    document: Run
    manifest: Manifest | None
    digest: str

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def steps(self) -> list[int]:
        """Steps whose weights are kept."""
        prefix = "weights at step "
        return sorted(int(name.removeprefix(prefix)) for name in self.document.files if name.startswith(prefix))

    def weights(self, step: int | None = None) -> dict[int, dict[str, AnyArray]]:
        """The arrays of the first step and of this one, by default the last; raises InputError where they are not."""
        kept = self.steps
        if step is not None and step not in kept:
            raise InputError(
                f"--step must be a step whose weights {self.folder} keeps, {_listed(kept)}, got {step}. Take one of "
                "these, or train again with --keep-weights."
            )
        wanted = (0, kept[-1] if step is None else step)
        return {at: self._arrays(at) for at in wanted}

    def _arrays(self, step: int) -> dict[str, AnyArray]:
        path = self.folder / file_names([step])[f"weights at step {step}"]
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                arrays = {name: np.asarray(file[name]) for name in file.files}
        except FileNotFoundError as error:
            raise InputError(f"{path} is missing, the weights at step {step:,}. Train again, or restore it.") from error
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise _damaged(path) from error
        if {name: array.shape for name, array in arrays.items()} != self._shapes() or not all(
            array.dtype.kind in PLAIN_KINDS for array in arrays.values()
        ):
            raise _damaged(path)
        return arrays

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the arrays that this network has."""
        net, d = self.document.network, self.document.data.d
        output: dict[str, tuple[int, ...]] = {"output": (net.width, net.outputs)}
        if net.kind == "two-layer":
            return output | {"W1": (net.width, d)}
        sizes = [d, *net.widths]
        return output | {f"W{layer}": (sizes[layer - 1], sizes[layer]) for layer in range(1, len(sizes))}

    def data(self, source: str | None = None) -> LabelledData:
        """The data, read as the command says that the run was started by.

        source   where they are now, instead of where they were
        """
        command = None if self.manifest is None else self.manifest.command
        if command is None:
            why = "its checkpoint/manifest.json is missing" if self.manifest is None else "it was a run of the library"
            raise InputError(
                f"How the data of {self.folder} were read is not known: {why}. In Python, "
                f'prefit.bounds("{self.folder}", X, y, X_test, y_test) takes them.'
            )
        where = str(command["source"]) if source is None else source
        asked: dict[str, Any] = {name: command[name] for name in ("target", "test", *OPTION_NAMES)}
        try:
            found = load(where, **asked)
        except InputError as error:
            if source is None:
                error.add_note(
                    "Names of files are as they were typed for prefit train: go to the folder where it was started, or "
                    "say where the data are now with --data SOURCE."
                )
            raise
        self.check(found)
        return found

    def trained(self, data: LabelledData, step: int | None = None) -> Trained:
        """The network at this step, by default the last, with its data."""
        return trained_of(self.document, self.weights(step), data, step, self.name)

    def check(self, data: LabelledData) -> None:
        """Refuse data that are not those of the run, by their sha256."""
        if self.manifest is None:
            return
        kept, now = self.manifest.run.get("data", {}), fingerprints(data)
        differing = [name for name in kept | now if kept.get(name) != now.get(name)]
        labels = self.document.data.labels
        if data.labels != labels:
            differing.append(f"the labels were {labels} ones")
        if differing:
            raise InputError(
                f"The data are not those of the run in {self.folder}: {', '.join(differing)}. Give the data that it "
                f"was trained on, unchanged{_choice(self.manifest, data)}."
            )


def _choice(manifest: Manifest, data: LabelledData) -> str:
    """What chose and prepared the data of the run, where it is not what chose these."""
    names = {option_name(name): name for name in OPTION_NAMES if name != "seed"}
    was = {flag: value for flag, value in manifest.run.get("options", {}).items() if flag in names}
    now = dict(data.chosen)
    said = [
        f"{names[flag]} was {was.get(flag, 'not given')}, now {now.get(flag, 'not given')}"
        for flag in names
        if was.get(flag) != now.get(flag)
    ]
    if not said:
        return ", with the same choice and preparation"
    return f", chosen and prepared alike: {'; '.join(said)}"


def check_no_other_run(out: Path, job: str) -> None:
    """Raise InputError where results in this folder would destroy a training run, or the run of another command."""
    if (out / DOCUMENT).exists():
        raise InputError(f"--out {out} holds a training run, which these results would destroy. Name another folder.")
    kept = job
    with contextlib.suppress(InputError):  # of a manifest that is damaged: nobody can go on from it
        found = FolderKeeper(out).found()
        kept = job if found is None else found.run.get("job", "forecast")
    if kept != job:
        raise InputError(
            f"--out {out} holds a run of prefit {kept}, which these results would destroy. Name another folder."
        )


def read_run_folder(path: Path) -> RunFolder:
    """The run of a folder, or of the run.json in it; raises InputError where there is none that has ended."""
    folder = path.parent if path.name == DOCUMENT and not path.is_dir() else path
    content = _content(folder)
    document = _parsed(folder / DOCUMENT, content)
    if document.network.kind == "module":
        raise InputError(
            f"{folder} holds the record of a torch module, without its weights. In Python, prefit.bounds(module, X, y, "
            "start=…) takes the module itself."
        )
    manifest, digest = FolderKeeper(folder).found(), sha256_of(content)
    if manifest is not None and manifest.finished is None:
        raise _unfinished(folder)
    if manifest is not None and manifest.finished != digest:
        raise InputError(f"{folder / DOCUMENT} has changed since the run ended. Restore it, or train again.")
    return RunFolder(folder, document, manifest, digest)


def _content(folder: Path) -> bytes:
    path = folder / DOCUMENT
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        if not folder.is_dir():
            what = "is a file" if folder.exists() else "does not exist"
            raise InputError(f"RUN must be the folder of a training run, but {folder} {what}. {MAKE}") from error
        if resumable(folder):
            raise _unfinished(folder) from error
        if (folder / "forecast.json").exists():
            raise InputError(f"{folder} holds a forecast, which trains no network to bound. {MAKE}") from error
        raise InputError(f"{folder} holds no {DOCUMENT}, so it is no run folder. {MAKE}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. {MAKE}") from error


def _parsed(path: Path, content: bytes) -> Run:
    try:
        return Run.model_validate_json(content)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise InputError(
                f"{path} is damaged or cut short: a run is one whole JSON object, and this text is none. Restore the "
                "file, or train again."
            ) from error
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path} is not a run of this version (prefit.run/1): at {where}: {first['msg']}. Train again."
        ) from error


def _unfinished(folder: Path) -> InputError:
    return InputError(
        f"The training run in {folder} has not come to its end. Go on with prefit train --resume {folder}, then bound "
        "it."
    )


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged: it does not hold the weights of this run. Restore it, or train again.")


def _listed(steps: list[int]) -> str:
    return f"{', '.join(map(str, steps[:-1]))} or {steps[-1]}" if len(steps) > 1 else str(steps[0])
