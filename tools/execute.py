"""Run a notebook in its own folder, and keep of its outputs what reads the same on every machine and every day."""

from __future__ import annotations

import copy
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

from tools.editions import Edition
from tools.source import BuildError

__all__ = ["TIMEOUT", "clean_outputs", "execute"]

TIMEOUT = 600
"""Seconds that one cell may take."""

WIDGET = "application/vnd.jupyter.widget-view+json"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OVERWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)


class _ThisPython(KernelSpecManager):
    """Every kernel is the Python that runs the build, whatever `python3` a user has registered elsewhere."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class _ThisKernel(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _spec_manager(self) -> KernelSpecManager:
        return _ThisPython(parent=self)


def execute(notebook: NotebookNode, edition: Edition, root: Path, note: Callable[[str], None], timeout: float) -> None:
    """Run `notebook` in place, leaving it with clean outputs and counts from 1.

    The kernel starts in the notebook's folder, which is how the course knows the language; the learner's own progress
    is out of its reach.

    Args:
        note: takes one line for each warning that the notebook wrote where nobody will read it.
        timeout: seconds for one cell.

    Raises:
        BuildError: a cell failed, took too long, killed its kernel, or drew a character that its font lacks.
    """
    folder = (root / edition.path).parent
    folder.mkdir(parents=True, exist_ok=True)
    started, metadata = [0], copy.deepcopy(notebook.metadata)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_manager_class=_ThisKernel,
        extra_arguments=["--log-level=CRITICAL"],  # the kernel's own remarks are no news on a terminal
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        record_timing=False,
        on_cell_execute=lambda cell, cell_index: started.append(cell_index),
    )
    with tempfile.TemporaryDirectory() as scratch:
        try:
            client.execute(env=_environment(root, Path(scratch)))
        except CellExecutionError as error:
            raise BuildError(_failure(edition, notebook, started[-1], error)) from error
        except CellTimeoutError as error:
            message = f"the cell took over {timeout:g} s; make it smaller or pass --timeout."
            raise BuildError(f"{edition.path}: {edition.place(started[-1])}: {message}") from error
        except DeadKernelError as error:
            message = "the kernel died in this cell, often for want of memory."
            raise BuildError(f"{edition.path}: {edition.place(started[-1])}: {message}") from error
    notebook.metadata = metadata  # nbclient adds the version of Python
    count = 0
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        count += 1
        cell.metadata.pop("execution", None)
        cell.execution_count = count
        cell.outputs, warnings = clean_outputs(cell.outputs, count)
        for warning in warnings:
            if "missing from" in warning and "Glyph" in warning:
                raise BuildError(f"{edition.path}: {edition.place(index)}: {warning}; use the project's Chinese font.")
            note(f"{edition.place(index)}: {warning}")


def _environment(root: Path, scratch: Path) -> dict[str, str]:
    """The environment of the kernel: this checkout's core, and nothing of the person who builds."""
    dropped = ("RECSYS_LESSONS_LANG", "MPLBACKEND")
    environment = {key: value for key, value in os.environ.items() if key not in dropped}
    environment["RECSYS_LESSONS_PROGRESS"] = str(scratch / "progress.sqlite")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no debugger's advice on stderr
    return environment


def _failure(edition: Edition, notebook: NotebookNode, index: int, error: CellExecutionError) -> str:
    """`notebook: source:line: Error: text`, with the line that raised where the traceback tells it."""
    cell, place = notebook.cells[index], edition.place(index)
    tracebacks = [output.traceback for output in cell.outputs if output.output_type == "error"]
    rows = re.findall(r"Cell In\[\d+\], line (\d+)", _COLOUR.sub("", "\n".join(sum(tracebacks, []))))
    if rows:
        raised = cell.source.splitlines()[int(rows[0]) - 1]
        source = edition.cells[index]
        written = source.text[edition.language].splitlines()  # a stub's rows are not the source's: find the text
        if raised in written:
            place = f"{edition.source.path}:{source.lines[edition.language] + 1 + written.index(raised)}"
        place += f": `{raised.strip()}`"
    return f"{edition.path}: {place}: {error.ename}: {_COLOUR.sub('', error.evalue)}"


def clean_outputs(outputs: list[NotebookNode], count: int) -> tuple[list[NotebookNode], list[str]]:
    """The outputs worth keeping, and the warnings among what went to stderr.

    Dropped: stderr (warnings, progress bars), and the view of a widget, for which no state is stored, together with
    its plain text where nothing else stands beside it. Streams that arrived in pieces are joined, since where they
    are cut depends on timing.
    """
    kept: list[NotebookNode] = []
    errors = ""
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            errors += output.text
        elif output.output_type == "stream":
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(output)
        elif WIDGET in output.get("data", {}):
            del output.data[WIDGET]
            if set(output.data) - {"text/plain"}:
                kept.append(output)
        else:
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = _OVERWRITTEN.sub("", output.text)
        if output.output_type == "execute_result":
            output.execution_count = count
    warnings = re.findall(r"\b\w*Warning: .*", errors)
    return kept, warnings
