"""What every test can ask for: the public data sets, a browser, repeatable random cases."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",  # the same cases in every run: a failure is a change's, not luck's
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _data_dir() -> Path | None:
    value = os.environ.get("PREFIT_DATA", "")
    return Path(value).resolve() if value else None


def _chromium() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    no_data = pytest.mark.skip(reason="PREFIT_DATA is not set: name the folder of the public data sets")
    no_browser = pytest.mark.skip(reason=f"no browser found: looked for {', '.join(BROWSERS)}")
    for item in items:
        if item.get_closest_marker("data") and _data_dir() is None:
            item.add_marker(no_data)
        if item.get_closest_marker("browser") and _chromium() is None:
            item.add_marker(no_browser)


def pytest_configure(config: pytest.Config) -> None:
    folder = _data_dir()
    if folder is not None and not folder.is_dir():
        raise pytest.UsageError(f"PREFIT_DATA must name a folder, got {folder}. Unset it to skip those tests.")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the public data sets; the test is skipped where PREFIT_DATA is not set."""
    folder = _data_dir()
    if folder is None:
        pytest.skip("PREFIT_DATA is not set: name the folder of the public data sets")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium, for Playwright's `executable_path`; skipped where there is none."""
    path = _chromium()
    if path is None:
        pytest.skip(f"no browser found: looked for {', '.join(BROWSERS)}")
    return path
