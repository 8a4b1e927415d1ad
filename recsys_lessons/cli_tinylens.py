"""`recsys-lessons tinylens`: make a small world with known truth, as a folder of tables, pictures, sounds and clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["TINYLENS_EPILOG", "tinylens"]

TINYLENS_EPILOG = (
    "Examples:\n\nrecsys-lessons tinylens ./world\n\n"
    "recsys-lessons tinylens ./large --items 3000 --users 2000 --seed 1 --no-media"
)


def tinylens(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write: a new folder, or an empty one.")],
    items: Annotated[int, typer.Option(min=40, help="How many short videos.")] = 600,
    users: Annotated[int, typer.Option(min=2, help="How many people.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Which world of that size.")] = 0,
    days: Annotated[int, typer.Option(min=28, help="How long it lasts.")] = 180,
    media: Annotated[
        bool, typer.Option("--media/--no-media", help="Covers, sounds and clips, or tables alone.")
    ] = True,
) -> None:
    """Make TinyLens, a generated world in which it is known why everybody watches what they watch."""
    from recsys_lessons.data.tinylens import make_tinylens

    world = make_tinylens(folder, items, users, seed, n_days=days, media=media)
    typer.echo(f"{world!r}\n  {'folder':<13}{world.folder}")
