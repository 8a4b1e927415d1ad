"""A notebook open in JupyterLab, in a real browser: run it as a person does and read what it shows."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import nbformat
from playwright.sync_api import Locator, Page

from tests.labserver import LabServer

__all__ = ["LabPage", "copy_without_outputs", "write_settings"]

ERROR = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]:has-text("Traceback (most recent call")'


def copy_without_outputs(source: Path, target: Path) -> None:
    """Copy a notebook so that whatever it shows later comes from the run that is watched."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def write_settings(folder: Path) -> None:
    """JupyterLab's settings for a test: cells off the screen are drawn as well, and no news is asked for."""
    settings = {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }
    for name, values in settings.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


@dataclass(frozen=True)
class LabPage:
    """`page` shows one notebook of `server`; screenshots go to `pictures`."""

    page: Page
    server: LabServer
    pictures: Path

    def open(self, notebook: str) -> None:
        """Follow an address like the one that JupyterLab prints, token and all."""
        self.page.goto(f"{self.server.url}lab/tree/{quote(notebook)}?token={self.server.token}")
        name = Path(notebook).name
        self.page.locator(".lm-TabBar-tab.lm-mod-current", has_text=name).first.wait_for(timeout=60_000)
        self.cells.first.wait_for(timeout=60_000)
        # JupyterLab drops, without a word, what it is asked to run before its kernel answers; the indicator in the
        # toolbar is "idle" before there is a kernel, the status bar is not.
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=120_000)
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Spinner").wait_for(state="hidden", timeout=60_000)

    @property
    def notebook(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")

    @property
    def cells(self) -> Locator:
        return self.notebook.locator(".jp-CodeCell")

    def run_all(self, timeout: float = 480) -> None:
        """Run > Run All Cells, and wait until every code cell has run.

        Raises:
            AssertionError: a cell raised, or some did not run in time.
        """
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        deadline, prompts = time.monotonic() + timeout, []
        while time.monotonic() < deadline:
            errors = self.notebook.locator(ERROR).all_inner_texts()
            assert not errors, "a cell raised:\n" + "\n".join(errors)
            prompts = [text.strip() for text in self.cells.locator(".jp-InputPrompt").all_inner_texts()]
            if prompts and all(re.fullmatch(r"\[\d+\]:?", prompt) for prompt in prompts):
                return
            self.page.wait_for_timeout(250)
        seen = self.picture("not-every-cell-ran")
        log = self.server.log.read_text(errors="replace")[-2000:]
        raise AssertionError(f"not every cell ran in {timeout:.0f} s: {prompts}; see {seen}; JupyterLab said:\n{log}")

    def widget(self, placeholder: str) -> Locator:
        """The output with the text box that shows `placeholder` while empty."""
        return self.notebook.locator(".jp-OutputArea-output", has=self.page.get_by_placeholder(placeholder))

    def picture(self, name: str, *, whole: bool = False) -> Path:
        """Save a screenshot: of the window, or of the notebook from top to end."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        path = self.pictures / f"{name}.png"
        size = self.page.viewport_size
        if whole:
            tall = self.notebook.evaluate(
                "node => Math.max(...[node, ...node.querySelectorAll('*')].map(one => one.scrollHeight))"
            )
            self.page.set_viewport_size({"width": size["width"], "height": min(tall + 150, 16_000)})
            self.page.wait_for_timeout(500)  # the layout follows
            self.page.locator(".jp-WindowedPanel-outer").evaluate_all("all => all.forEach(one => one.scrollTop = 0)")
            self.page.wait_for_timeout(500)
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
        return path
