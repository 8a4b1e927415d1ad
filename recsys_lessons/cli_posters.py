"""`recsys-lessons posters`: posters and plots of MovieLens's movies, from TMDB, with the learner's own key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["POSTERS_EPILOG", "posters"]

POSTERS_EPILOG = (
    "Examples:\n\nexport TMDB_API_KEY=...\n\nrecsys-lessons posters ./posters --limit 500"
    "\n\nrecsys-lessons posters ./posters-zh --movies ml-25m --language zh-CN"
)

_DONE = {
    "en": "{posters:,} posters and {plots:,} plots of {movies:,} movies in {folder}; TMDB does not have {not_found:,}, "
    "and has no poster of {without_poster:,}.",
    "zh": "{folder} 中共有 {movies:,} 部电影的 {posters:,} 张海报和 {plots:,} 段剧情简介；"
    "TMDB 没有收录的有 {not_found:,} 部，没有海报的有 {without_poster:,} 部。",
}
_NEXT = {"en": "Read it with load_movielens(media={folder!r}).", "zh": "用 load_movielens(media={folder!r}) 读取。"}
_FAILED = {
    "en": "{failed:,} failed; call again, and only these are asked for. The first: {first}",
    "zh": "{failed:,} 部失败。再次运行时只会重新请求这些。第一条：{first}",
}
_CREDIT = "This product uses the TMDB API but is not endorsed or certified by TMDB."


def posters(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="What to fill: new, empty, or left by an earlier run.")
    ],
    movies: Annotated[
        str, typer.Option(metavar="PATH|NAME", help="A MovieLens release with links.csv.")
    ] = "ml-latest-small",
    limit: Annotated[Optional[int], typer.Option(min=1, help="Only so many: the most often rated.")] = None,  # noqa: UP045
    size: Annotated[str, typer.Option(metavar="w92|w154|w185|w342|w500|w780", help="Width in pixels.")] = "w185",
    language: Annotated[str, typer.Option(metavar="en-US|zh-CN|...", help="Of plots and posters.")] = "en-US",
    api_url: Annotated[Optional[str], typer.Option(hidden=True)] = None,  # noqa: UP045
    image_url: Annotated[Optional[str], typer.Option(hidden=True)] = None,  # noqa: UP045
) -> None:
    """Fetch posters and plots from TMDB, with your key in TMDB_API_KEY. A run that was stopped is taken up again."""
    import re

    from recsys_lessons.data._posters import SIZES, Key, build_posters
    from recsys_lessons.language import say

    if size not in SIZES:
        raise typer.BadParameter(f"--size is {size!r}; use one of {', '.join(SIZES)}.")
    if not re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", language):
        raise typer.BadParameter(f"--language is {language!r}; use a form such as en-US or zh-CN.")
    key = Key(os.environ.get("TMDB_API_KEY", ""))
    addresses = {name: url for name, url in (("api", api_url), ("images", image_url)) if url}
    made = build_posters(folder, key, movies, limit=limit, size=size, language=language, **addresses)
    typer.echo(say(_DONE, folder=folder, **{name: value for name, value in vars(made).items() if name != "problems"}))
    typer.echo(say(_NEXT, folder=str(folder)))
    typer.echo(_CREDIT)
    if made.failed:
        typer.echo(say(_FAILED, failed=made.failed, first=made.problems[0]), err=True)
        raise typer.Exit(1)
