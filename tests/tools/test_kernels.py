import inspect

import nbval.kernel
import pytest

from tools.kernels import again


@pytest.mark.parametrize("deaths", [0, 1, 2])
def test_a_kernel_that_dies_while_it_starts_is_started_again(deaths):
    calls = []

    def start(name, *, cwd):
        calls.append((name, cwd))
        if len(calls) <= deaths:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return "manager", "client"

    assert again(start)("python", cwd="here") == ("manager", "client")
    assert calls == [("python", "here")] * (deaths + 1)


def test_a_kernel_that_never_starts_is_an_error():
    def start():
        raise RuntimeError("Kernel died before replying to kernel_info")

    with pytest.raises(RuntimeError, match="died before replying"):
        again(start)()


def test_what_is_replaced_is_what_nbval_calls():
    assert "start_new_kernel(" in inspect.getsource(nbval.kernel.RunningKernel.__init__)


def test_make_test_runs_the_notebooks_with_it(pytestconfig):
    assert "-p tools.kernels" in (pytestconfig.rootpath / "Makefile").read_text(encoding="utf-8")
