"""A real browser on a JupyterLab of the test's own, over copies of the notebooks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.labserver import private_jupyter, start_lab, stop

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome that is installed; without one the test is skipped, or fails where CI asks."""
    named = os.environ.get("RECSYS_LESSONS_BROWSER", "")
    found = next(filter(None, map(shutil.which, [named, "chromium", "chromium-browser", "google-chrome"])), None)
    if found is None:
        why = "no Chromium: apt-get install chromium, or set RECSYS_LESSONS_BROWSER to the path of one"
        if os.environ.get("RECSYS_LESSONS_REQUIRE_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.fixture
def open_lab(chromium, tmp_path) -> Iterator[Callable]:
    """`open_lab(course)` starts `recsys-lessons lab` in the folder `course` and hands out a `LabPage`."""
    from playwright.sync_api import sync_playwright

    from tests.browser.labpage import LabPage, write_settings

    environment = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    environment.pop("RECSYS_LESSONS_LANG", None)  # the folder decides, as it does for a learner
    environment |= private_jupyter(tmp_path / "jupyter")
    environment |= {"RECSYS_LESSONS_PROGRESS": str(tmp_path / "progress.sqlite"), "OMP_NUM_THREADS": "2"}
    write_settings(Path(environment["JUPYTERLAB_SETTINGS_DIR"]))
    command = [sys.executable, "-m", "recsys_lessons.cli", "lab", "--no-browser"]
    pictures = Path(os.environ.get("RECSYS_LESSONS_SCREENSHOTS") or tmp_path / "screenshots").absolute()
    servers = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        try:

            def start(course: Path) -> LabPage:
                server = start_lab(command, course, environment, tmp_path / "lab.log", timeout=90)
                servers.append(server)
                page = browser.new_page(viewport={"width": 1500, "height": 1000})
                return LabPage(page, server, pictures)

            yield start
        finally:
            browser.close()
            for server in servers:
                stop(server.process)
