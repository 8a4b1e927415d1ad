"""A JupyterLab that a test started: find it, talk to it, end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

__all__ = ["LabServer", "private_jupyter", "start_lab", "stop"]


@dataclass(frozen=True)
class LabServer:
    """`url` ends in a slash; `root` is the folder it serves; `log` is what it and its parents print."""

    url: str
    token: str
    root: Path
    process: subprocess.Popen
    log: Path

    def status(self, path: str, *, token: bool) -> int:
        """The HTTP status of GET `path`, without following a redirection."""
        headers = {"Authorization": f"token {self.token}"} if token else {}
        request = urllib.request.Request(self.url + quote(path, safe="/?=&"), headers=headers)
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def shut_down(self) -> int:
        """Ask it to end, as the menu File > Shut Down does; returns the exit status of what was started."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + "api/shutdown", headers=headers, method="POST")
        urllib.request.urlopen(request, timeout=30).close()
        return self.process.wait(60)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None


def private_jupyter(folder: Path) -> dict[str, str]:
    """Environment variables that keep a person's Jupyter settings out, and the server's files in `folder`."""
    names = ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR")
    places = {name: folder / name.lower() for name in (*names, "JUPYTERLAB_WORKSPACES_DIR")}
    config = places["JUPYTER_CONFIG_DIR"] / "jupyter_server_config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('{"ServerApp": {"allow_root": true}}', encoding="utf-8")  # CI is root in a container
    return {name: str(place) for name, place in places.items()}


def start_lab(command: list[str], folder: Path, environment: dict[str, str], log: Path, timeout: float) -> LabServer:
    """Start `command` in `folder` and wait for the JupyterLab that comes of it.

    Args:
        environment: holds what `private_jupyter` gives.
        timeout: seconds until it must answer.
    """
    runtime = Path(environment["JUPYTER_RUNTIME_DIR"])
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + timeout
    try:
        while time.monotonic() < deadline and process.poll() is None:
            for path in runtime.glob("jpserver-*.json"):
                try:
                    facts = json.loads(path.read_text(encoding="utf-8"))
                except ValueError:
                    continue  # being written
                server = LabServer(facts["url"], facts["token"], Path(facts["root_dir"]), process, log)
                try:
                    if server.status("api", token=True) == 200:
                        return server
                except OSError:
                    continue  # not listening yet
            time.sleep(0.2)
        ended = "did not answer" if process.poll() is None else f"ended with {process.returncode}"
        raise AssertionError(f"{command} {ended}:\n{log.read_text(errors='replace')[-4000:]}")
    except BaseException:
        stop(process)
        raise


def stop(process: subprocess.Popen) -> None:
    """End a process and what it started; nothing happens where it has ended."""
    for name in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, name)
        except ProcessLookupError:
            return
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            continue
