"""The rules of the house: import order, no torch, nothing unpickled, pages that tell the truth."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import prefit

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "prefit"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

ORDER = (
    "storage",
    "data",
    "kernels",
    "gram",
    "spectra",
    "networks",
    "training",
    "theory",
    "audit",
    "documents",
    "jobs",
    "reports",
    "api",
    "watching",
    "experiments",
    "cli",
)
FREE = ("_shapes", "errors")  # imported from everywhere, import nothing of ours but each other
TOP = ("__init__", "__main__")  # import from everywhere
# Modules that may import torch.
TORCH_ADDRESSES = (
    "theory/bounds/posterior.py",
    "training/deep.py",
    "training/linear_layers.py",
    "training/module.py",
    "training/tensors.py",
    "training/watch.py",
)
FORBIDDEN_MODULES = ("pickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve")
FORBIDDEN_CALLS = ("eval", "exec", "os.system", "os.popen", "joblib.load", "pandas.read_pickle", "torch.load")
FORBIDDEN_KEYWORDS = ("allow_pickle", "shell")

MODULES = sorted(SOURCE.rglob("*.py"))


def name_of(module: Path) -> str:
    return str(module.relative_to(SOURCE))


def part_of(module: Path) -> str:
    """First folder or file name under the package: "data", "cli", "__init__"."""
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def imported_modules(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported module in dotted form with its line, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def own_parts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Parts of prefit that a module imports: `prefit.data.labelled` is "data"."""
    for module, line in imported_modules(tree):
        head, *rest = module.split(".")
        if head == "prefit" and rest[:1] != ["__version__"]:
            yield (rest[0] if rest else "__init__"), line


def may_import(part: str, other: str) -> bool:
    if part in TOP or other in FREE:
        return True
    return part in ORDER and other in ORDER and ORDER.index(other) <= ORDER.index(part)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_run_only_downwards(module):
    part = part_of(module)
    assert part in (*ORDER, *FREE, *TOP), f"{part} has no place in the order of docs/architecture.md"
    wrong = [f"line {line}: {other}" for other, line in own_parts(tree_of(module)) if not may_import(part, other)]
    assert not wrong, f"{name_of(module)} imports what stands above it: {wrong}"


def test_the_order_in_the_papers_is_the_order_tested():
    for page in (ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"):
        assert ", ".join(ORDER) in " ".join(page.read_text(encoding="utf-8").split()), page.name


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_torch_is_imported_at_its_addresses_only(module):
    torch = [line for name, line in imported_modules(tree_of(module)) if name.split(".")[0] == "torch"]
    assert not torch or name_of(module) in TORCH_ADDRESSES, f"{name_of(module)} imports torch, line {torch}"


def test_the_package_is_imported_without_torch():
    code = "import sys, prefit, prefit.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(module):
    tree = tree_of(module)
    found = [f"line {n}: {name}" for name, n in imported_modules(tree) if name.split(".")[0] in FORBIDDEN_MODULES]
    for node in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = ast.unparse(node.func)
        flags = [k.arg for k in node.keywords if k.arg in FORBIDDEN_KEYWORDS and not is_false(k.value)]
        found += [f"line {node.lineno}: {called}"] if called in FORBIDDEN_CALLS else []
        found += [f"line {node.lineno}: {called}({flag}=...)" for flag in flags]
    assert not found, f"{name_of(module)}: {found}"


def is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


# The packaging and the papers.


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirement_name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9_.-]+", requirement)[0].lower().replace("_", "-")


def test_the_version_is_the_same_in_package_project_and_changelog():
    version = project()["version"]
    assert prefit.__version__ == version
    assert re.search(rf"^## \[{re.escape(version)}\] - ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_dependencies_have_lower_bounds_only_and_stand_in_the_lock():
    groups = [project()["dependencies"], *project()["optional-dependencies"].values()]
    requirements = [requirement for group in groups for requirement in group]
    assert [r for r in requirements if not re.fullmatch(r"[\w.-]+>=[\d.]+", r)] == []
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[\w.]+", pin)] == []
    assert {requirement_name(r) for r in requirements} <= {requirement_name(pin) for pin in pins}


def test_the_extra_all_holds_every_run_time_extra():
    extras = project()["optional-dependencies"]
    run_time = {r for name, group in extras.items() if name not in ("all", "test") for r in group}
    assert run_time == set(extras["all"])


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    yield from re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    local = [link for link in links(page) if not re.match(r"https?:", link)]
    missing = [link for link in local if link.partition("#")[0] and not (page.parent / link.partition("#")[0]).exists()]
    anchors = [link[1:] for link in local if link.startswith("#")]
    assert not missing
    assert [name for name in anchors if f'<a id="{name}">' not in page.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_named_in_the_pages_exist(page):
    named = re.findall(r"`(tests/[\w./]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


PYTHON_BLOCKS = [
    pytest.param(code, id=f"{page.name}-{i}") for page in PAGES for i, code in enumerate(blocks(page, "python"))
]
COMMANDS = [
    pytest.param(line, id=line)
    for page in PAGES
    for block in blocks(page, "sh")
    for line in block.splitlines()
    if line.startswith("prefit ")
]


def test_the_readme_shows_code_and_commands():
    assert blocks(ROOT / "README.md", "python")
    assert COMMANDS


@pytest.mark.slow
@pytest.mark.parametrize("code", PYTHON_BLOCKS)
def test_python_in_the_pages_runs(code, tmp_path):
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_in_the_pages_are_understood(line):
    """Parses the command and its options; nothing runs and no file is opened."""
    from typer.main import get_command

    from prefit.cli import app, normalized

    group = get_command(app)
    _, name, *arguments = normalized(shlex.split(line, comments=True))
    context = group.make_context("prefit", [name, *arguments])
    command = group.get_command(context, name)
    assert command is not None, f"no command {name}"
    assert command.make_context(name, arguments, parent=context).params
