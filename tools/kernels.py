"""A pytest plugin for the run of the notebooks (`-p tools.kernels`): a kernel that dies while it starts starts again.

jupyter_client picks free ports and the kernel binds them a moment later. Another worker, or another program, may have
taken one in between; the kernel then dies before it answers, and nbval gives up on the whole notebook.
"""

from __future__ import annotations

from collections.abc import Callable

import nbval.kernel

__all__ = ["again"]

ATTEMPTS = 3


def again(start: Callable) -> Callable:
    """`start`, called up to three times while it raises RuntimeError; the last error is raised."""

    def patient(*arguments, **options):
        for _ in range(ATTEMPTS - 1):
            try:
                return start(*arguments, **options)
            except RuntimeError as error:
                print(f"a kernel did not start ({error}); once more.")
        return start(*arguments, **options)

    return patient


def pytest_configure() -> None:
    nbval.kernel.start_new_kernel = again(nbval.kernel.start_new_kernel)
