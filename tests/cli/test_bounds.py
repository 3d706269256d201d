"""`prefit bounds` as somebody types it: run folders good and bad, files, resuming; and the library's own door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

import prefit
import prefit.jobs
from prefit.jobs import bounds as job
from prefit.theory.bounds import ROWS
from tests.cli.runner import assert_refused, run, run_alone

DATA = ("digits", "--classes=0,1", "--per-class=20", "--test=digits", "--test-per-class=30")
TRAIN = ("train", *DATA, "--width=128", "--steps=12", "--threads=1", "--keep-weights=5", "--quiet")
FAST = "--only=golowich2018,neyshabur2015,arora2019_wide,li2018"
FILES = ["bounds.html", "bounds.json", "checkpoint"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "trained"
    assert run(*TRAIN, f"--out={folder}").code == 0
    return folder


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("bounds") / "result"
    ran = run("bounds", trained, FAST, "--threads=1", "--quiet", f"--out={made}")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    return made


@pytest.fixture
def copied(trained, tmp_path) -> Path:
    """A run folder that may be damaged."""
    return Path(shutil.copytree(trained, tmp_path / "copied"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def document(folder: Path) -> dict:
    """The result but for wall times."""
    parsed = json.loads((folder / "bounds.json").read_text(encoding="utf-8")) | {"cost": None}
    for row in parsed["bounds"]:
        row["seconds"] = None
    return parsed


# What it leaves -------------------------------------------------------------------------------------------------------


def test_it_prints_a_table_of_eighty_columns_and_leaves_its_files(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run("bounds", trained, FAST)
    assert ran.code == 0, ran.err
    assert max(len(line) for line in (ran.out + ran.err).splitlines()) <= 80
    assert ran.out.endswith("Page: prefit-bounds-digits/bounds.html\n")
    assert "golowich2018" in ran.out
    assert names(tmp_path / "prefit-bounds-digits") == FILES


def test_the_document_follows_its_schema_and_holds_every_row(folder, trained):
    parsed = json.loads((folder / "bounds.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    Draft202012Validator(prefit.Bounds.model_json_schema(by_alias=True)).validate(parsed)
    assert next(iter(parsed)) == "schema"
    order = [name for name, _ in ROWS]
    told = [row["name"] for row in parsed["bounds"]]
    assert told == sorted(told, key=order.index)
    assert set(told) == set(FAST.partition("=")[2].split(","))
    assert (parsed["training"]["run"], parsed["training"]["step"]) == ("trained", 12)
    recorded = json.loads((trained / "run.json").read_text(encoding="utf-8"))
    assert parsed["training"]["train_error"] == recorded["trajectory"]["train_error"][-1]
    assert parsed["test"]["error"] == recorded["trajectory"]["test_error"][-1]
    assert parsed["data"] == recorded["data"]


def test_the_page_is_small_and_holds_no_nan(folder):
    page = (folder / "bounds.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 2e6
    specs = page.partition('id="specs">')[2].partition("</script>")[0]
    json.loads(specs, parse_constant=pytest.fail)


def test_standard_output_can_be_nothing_but_json_and_figures_are_files(trained, tmp_path):
    ran = run("bounds", trained, FAST, f"--out={tmp_path}", "--json=-", "--figures=svg")
    assert ran.code == 0
    assert json.loads(ran.out)["schema"] == "prefit.bounds/1"
    assert ran.out == (tmp_path / "bounds.json").read_text(encoding="utf-8")
    assert (tmp_path / "bounds.svg").read_bytes().startswith(b"<svg")


def test_a_report_draws_the_same_page_byte_for_byte(folder, tmp_path):
    ran = run("report", folder, "--out", tmp_path / "drawn")
    assert ran.code == 0, ran.err
    assert (tmp_path / "drawn" / "bounds.html").read_bytes() == (folder / "bounds.html").read_bytes()


def test_it_runs_the_same_twice_and_in_a_process_of_its_own(trained, folder, tmp_path):
    ran = run_alone("bounds", trained, FAST, "--threads=1", "--device=cpu", "--out=again", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert document(tmp_path / "again") == document(folder)


def test_weights_of_a_kept_step_can_be_bounded(trained, tmp_path):
    assert run("bounds", trained, FAST, "--step=5", "--quiet", f"--out={tmp_path}").code == 0
    assert document(tmp_path)["training"]["step"] == 5
    assert_refused(run("bounds", trained, "--step=6"), "--step must be a step", "0, 5 or 12", "--keep-weights")


def test_labels_that_were_drawn_are_drawn_again(tmp_path):
    words = ("--labels=random", "--label-noise=0.2", "--seed=4", f"--out={tmp_path / 'run'}")
    assert run(*TRAIN, *words).code == 0
    ran = run("bounds", tmp_path / "run", FAST, f"--out={tmp_path / 'bounds'}", "--quiet")
    assert ran.code == 0, ran.err
    parsed = document(tmp_path / "bounds")
    assert (parsed["data"]["labels"], parsed["data"]["label_noise"], parsed["test"]) == ("random", 0.2, None)


# Run folders that are none --------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_run_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("a file")
    assert_refused(run("bounds"), "needs the folder of a training run", "prefit bounds RUN")
    assert_refused(run("bounds", "nowhere"), "nowhere does not exist", "prefit train")
    assert_refused(run("bounds", "file"), "file is a file")
    assert_refused(run("bounds", "empty"), "empty holds no run.json")
    assert run("forecast", *DATA[:3], "--draws=0", "--out=forecast", "--quiet").code == 0
    assert_refused(run("bounds", "forecast"), "forecast holds a forecast")
    assert names(tmp_path) == ["empty", "file", "forecast"]


def test_results_do_not_go_where_another_run_is(copied, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    assert_refused(run("bounds", copied, FAST, "--out", copied), "holds a training run", "another folder")
    assert_refused(run("bounds", copied, FAST, "--out", "copied/../copied/"), "holds a training run")
    with pytest.raises(prefit.InputError, match="holds a training run"):
        prefit.bounds(copied, only=["golowich2018"], out=copied)
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before
    assert run("forecast", *DATA[:3], "--draws=0", "--out=forecast", "--quiet").code == 0
    assert_refused(run("bounds", copied, FAST, "--out=forecast"), "a run of prefit forecast", "another folder")
    assert names(tmp_path) == ["copied", "forecast"]


def damaged_document(folder: Path) -> None:
    text = (folder / "run.json").read_text(encoding="utf-8")
    (folder / "run.json").write_text(text.replace('"width": 128', '"width": "much"', 1), encoding="utf-8")


def changed_document(folder: Path) -> None:
    text = (folder / "run.json").read_text(encoding="utf-8")
    (folder / "run.json").write_text(text.replace('"name": "digits"', '"name": "others"', 1), encoding="utf-8")


def cut_short(folder: Path) -> None:
    path = folder / "weights" / "step-00000012.npz"
    path.write_bytes(path.read_bytes()[:1000])


def one_byte(folder: Path) -> None:
    path = folder / "weights" / "step-00000012.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))


def other_arrays(folder: Path) -> None:
    np.savez(folder / "weights" / "step-00000012.npz", W1=np.zeros((3, 64)), output=np.ones((3, 1)))


def objects(folder: Path) -> None:
    np.savez(folder / "weights" / "step-00000012.npz", W1=np.array([None, {}]), allow_pickle=True)


def other_weights(folder: Path) -> None:
    shutil.copy(folder / "weights" / "step-00000000.npz", folder / "weights" / "step-00000012.npz")


DAMAGES = [
    (damaged_document, "run.json is not a run of this version", "network.width"),
    (changed_document, "run.json has changed since the run ended"),
    (lambda folder: (folder / "weights" / "step-00000012.npz").unlink(), "step-00000012.npz is missing"),
    (cut_short, "step-00000012.npz is damaged"),
    (lambda folder: (folder / "run.json").write_text('{"schema": '), "run.json is damaged or cut short"),
    (one_byte, "step-00000012.npz is damaged"),
    (other_arrays, "step-00000012.npz is damaged"),
    (objects, "step-00000012.npz is damaged"),
    (other_weights, "at step 12 ‖y − u‖ was"),
    (lambda folder: (folder / "checkpoint" / "manifest.json").unlink(), "manifest.json is missing", "prefit.bounds("),
    (lambda folder: (folder / "checkpoint" / "manifest.json").write_text("{}"), "the checkpoint is damaged"),
]


@pytest.mark.parametrize("case", DAMAGES, ids=[case[1] for case in DAMAGES])
def test_a_damaged_run_folder_is_refused_with_what_is_wrong(case, copied, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    damage, *says = case
    damage(copied)
    assert_refused(run("bounds", copied), *says)
    assert names(tmp_path) == ["copied"]


def test_a_run_that_has_not_ended_is_refused(tmp_path, monkeypatch):
    def stops(data, options, progress, keeper):
        keeper.every = 1e-9
        keeper.save("half", {}, {"x": np.arange(3.0)})
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prefit.jobs, "run_training", stops)
        assert run(*TRAIN, f"--out={tmp_path}").code == 1
    assert_refused(run("bounds", tmp_path), "has not come to its end", f"prefit train --resume {tmp_path}")


def test_data_that_have_moved_or_changed_are_told(tmp_path, monkeypatch):
    draw = np.random.default_rng(0)
    X = draw.standard_normal((30, 5))
    home = tmp_path / "home"
    home.mkdir()
    np.savez(home / "mine.npz", X=X, y=(X[:, 0] > 0).astype(int))
    monkeypatch.chdir(home)
    assert run("train", "mine.npz", "--width=32", "--steps=3", "--out=run", "--quiet").code == 0
    monkeypatch.chdir(tmp_path)
    assert_refused(run("bounds", "home/run", FAST), "mine.npz", "--data SOURCE")
    found = run("bounds", "home/run", FAST, "--data=home/mine.npz", "--quiet", "--out=here")
    assert found.code == 0, found.err
    np.savez(home / "mine.npz", X=X, y=(X[:, 1] > 0).astype(int))
    assert_refused(run("bounds", "home/run", FAST, "--data=home/mine.npz"), "not those of the run", "training labels")


# Options --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--only golowich", "--only takes names of bounds"),
        ("--skip wei", "--skip takes names"),
        ("--delta 0", "--delta"),
        ("--pac-steps 0", "--pac-steps"),
        ("--lambda-0 2", "--lambda-0"),
        ("--device abacus", "--device"),
        ("--threads 0", "--threads"),
        ("--figures gif", "--figures"),
        ("--out taken", "--out must be a folder"),
    ],
)
def test_an_option_out_of_range_is_refused_before_anything_is_written(words, says, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    assert_refused(run("bounds", trained, *words.split()), says)
    assert names(tmp_path) == ["taken"]


def test_help_says_every_option_in_a_sentence():
    text = run("bounds", "--help").out
    for option in ("--only", "--skip", "--step", "--together", "--pac-steps", "--lambda-0", "--resume", "--data"):
        assert option in text


# Errors and interruptions ---------------------------------------------------------------------------------------------


def test_a_row_that_fails_is_named_and_nothing_is_written(trained, tmp_path, monkeypatch):
    def broken(subject, progress):
        raise ZeroDivisionError("nothing to divide by")

    rows = tuple((name, broken if name == "neyshabur2015" else row) for name, row in ROWS)
    monkeypatch.setattr(job, "ROWS", rows)
    ran = run("bounds", trained, FAST, f"--out={tmp_path / 'result'}")
    assert ran.code == 1
    assert "the run failed: ZeroDivisionError: nothing to divide by" in ran.err
    assert "It was the bound neyshabur2015; --skip neyshabur2015 leaves it out." in ran.err
    assert names(tmp_path) == []


def test_an_interrupted_run_goes_on_with_the_rows_that_were_finished(trained, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls: list[str] = []

    def counted(name, row):
        def made(subject, progress):
            calls.append(name)
            if name == "li2018" and calls.count(name) == 1:
                raise KeyboardInterrupt
            return row(subject, progress)

        return name, made

    monkeypatch.setattr(job, "ROWS", tuple(counted(name, row) for name, row in ROWS))
    ran = run("bounds", trained, FAST, "--threads=1", "--checkpoint=1e-9", "--out=result")
    assert ran.code == 1
    assert ran.err.endswith("continue with prefit bounds --resume result.\n")
    again = run("bounds", "--resume", "result")
    assert again.code == 0, again.err
    assert "The run goes on from what was saved" in " ".join(again.err.split())
    assert calls == ["arora2019_wide", "neyshabur2015", "golowich2018", "li2018", "li2018"]
    assert document(tmp_path / "result") == document(folder)
    calls.clear()
    finished = run("bounds", trained, FAST, "--out=result", "--resume")
    assert (finished.code, calls) == (0, [])


def test_other_options_or_another_network_are_not_gone_on_with(trained, folder, tmp_path):
    result = Path(shutil.copytree(folder, tmp_path / "result"))
    same = ("bounds", trained, FAST, "--threads=1", f"--out={result}", "--resume")
    assert run(*same, "--quiet").code == 0
    assert_refused(run(*same, "--delta=0.01"), "--delta was 0.05, now 0.01", "prefit bounds --resume DIR and nothing")
    alone = f"prefit bounds --resume {result} and nothing more"
    assert_refused(run("bounds", "--resume", result, "--delta=0.01"), "needs the folder of a training run", alone)
    assert_refused(run(*same, "--together"), "--together was not given, now given")
    assert_refused(run(*same, "--step=5"), "RUN was a network of sha256")
    assert_refused(run("train", "--resume", result), "one of prefit bounds")


# The library ----------------------------------------------------------------------------------------------------------


def test_the_library_gives_the_same(trained, folder, tmp_path):
    only = FAST.partition("=")[2].split(",")
    made = prefit.bounds(trained, only=only, threads=1, out=tmp_path / "result")
    assert document(tmp_path / "result") == document(folder)
    assert made.to_json() == (tmp_path / "result" / "bounds.json").read_text(encoding="utf-8")
    assert made.to_html() == (tmp_path / "result" / "bounds.html").read_text(encoding="utf-8")
    assert repr(made).startswith("<Bounds of a net on digits: n=40, two-layer, smallest ")
    assert "golowich2018" in str(made)
    assert "<table" in made._repr_html_()
    assert prefit.Bounds.model_validate_json(made.to_json()).to_json() == made.to_json()


def test_a_run_of_the_library_is_given_its_data(tmp_path):
    draw = np.random.default_rng(0)
    X, X_test = draw.standard_normal((30, 5)), draw.standard_normal((20, 5))
    y, y_test = np.sign(X[:, 0]), np.sign(X_test[:, 0])
    prefit.train(X, y, X_test, y_test, width=32, steps=3, label_noise=0.3, seed=2, out=tmp_path / "run")
    only = ["golowich2018"]
    assert_refused(run("bounds", tmp_path / "run"), "it was a run of the library", "prefit.bounds(")
    made = prefit.bounds(tmp_path / "run", X, y, X_test, y_test, label_noise=0.3, only=only)
    assert made.test.n == 20
    with pytest.raises(prefit.InputError, match=r"run in .+: training labels.+ label_noise was 0.3, now not given"):
        prefit.bounds(tmp_path / "run", X, y, X_test, y_test, only=only)
    with pytest.raises(prefit.InputError, match="training inputs"):
        prefit.bounds(tmp_path / "run", 2 * X, y, X_test, y_test, label_noise=0.3, only=only)


def test_classes_that_a_run_of_the_library_chose_are_asked_for_again(tmp_path):
    data = prefit.load("digits", classes="0,1,2,3", per_class=8)
    X, y = data.train.X, data.train.labels
    run_of = prefit.train(X, y, classes="0+2,1+3", width=32, steps=3, out=tmp_path / "run")
    with pytest.raises(prefit.InputError, match=r"classes was 0\+2,1\+3, now not given"):
        prefit.bounds(tmp_path / "run", X, y, only=["golowich2018"])
    assert prefit.bounds(tmp_path / "run", X, y, classes="0+2,1+3", only=["golowich2018"]).data.n == 32
    with pytest.raises(
        prefit.InputError, match=r'A Run holds no weights.+ out="run"\), then prefit.bounds\("run", X, y'
    ):
        prefit.bounds(run_of, X, y)


def test_the_library_refuses_what_it_does_not_know(trained):
    with pytest.raises(prefit.InputError, match="bounds takes no option 'draws'"):
        prefit.bounds(trained, draws=3)
    for given in ({"start": {}}, {"normalized": True}, {"prepared": True}, {"drawn": False}):
        with pytest.raises(prefit.InputError, match="normalized and prepared are of a torch module"):
            prefit.bounds(trained, **given)
    with pytest.raises(prefit.InputError, match="Give out"):
        prefit.bounds(trained, only=["golowich2018"], resume=True)
