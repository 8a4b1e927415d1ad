"""Wishes in words, in English and in Chinese, and which films are right answers to each.

The wishes stand in `queries.yaml` beside this file, with what makes an answer right as data: genres, years, or films
listed by hand. They were written for this course by one author, who also knew that rules for genres and years exist:
methods are compared on them, but no number measured here says how real viewers word their wishes.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.errors import DataFileError

__all__ = ["KINDS", "LANGUAGES", "load_queries"]

LANGUAGES = ("en", "zh")
KINDS = ("genre", "era", "genre and era", "theme", "maker", "occasion", "negation", "combination")

_HERE = Path(__file__).with_name("queries.yaml")
_FILM = re.compile(r"(\d+) (\S.*)")
_CHINESE = re.compile("[一-鿿]")


def _in_order(years: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    if years == (None, None):
        raise ValueError("[null, null] limits nothing; remove it")
    if None not in years and years[0] > years[1]:
        raise ValueError(f"{list(years)} runs backwards; write the earlier year first")
    return years


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Right(_Part):
    """Conditions on a film; a right answer meets all that are given."""

    all: list[str] = []
    none: list[str] = []
    years: Annotated[tuple[int | None, int | None], Field(strict=False), AfterValidator(_in_order)] | None = None
    films: str | None = None
    films_of: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> _Right:
        if not self.model_fields_set:
            raise ValueError("has no condition; give all, none, years, films or films_of")
        if self.films is not None and self.films_of is not None:
            raise ValueError("has films and films_of; keep one")
        return self


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]


class _Wish(_Part):
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: Literal[KINDS]
    use: Literal["dev", "test"]
    en: _Text
    zh: _Text
    right: _Right


def load_queries(dataset: Dataset | None = None, *, path: str | os.PathLike | None = None) -> pd.DataFrame:
    """The labelled wishes, one row per wish and language; with a dataset, also which of its items are right.

    Args:
        dataset: a catalogue with `year` and `genres` (a list per item) in its items: the embedded MovieLens. The films
            that are listed by hand must be there under the same title.
        path: a YAML file of the same form; None for the one that comes with the course.

    Returns:
        DataFrame with `id` (of the wish: both languages share it), `language` ("en" or "zh"), `query` (the sentence),
        `kind`, `use` ("dev" to choose settings, "test" to measure). With a dataset also `right`, a frozenset of item
        ids, and `n_right`.

    Raises:
        DataFileError: the file is not of that form, names a genre or film that the catalogue lacks, or a wish has no
            right answer; the message names file, line, wish and fix.
        ValueError: the dataset's items have no `year` or `genres`.
    """
    place = _HERE if path is None else Path(path)
    entries = _read(place)
    rows = [
        {"id": wish.id, "language": language, "query": getattr(wish, language), "kind": wish.kind, "use": wish.use}
        for wish, _ in entries.values()
        for language in LANGUAGES
    ]
    table = pd.DataFrame(rows)
    if dataset is not None:
        right = _right_answers(entries, dataset, place)
        table["right"] = table["id"].map(right)
        table["n_right"] = table["right"].map(len)
    return table


def _read(place: Path) -> dict[str, tuple[_Wish, int]]:
    """Wishes by id, each with the line it starts on."""
    try:
        text = place.read_text(encoding="utf-8")
        root, values = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataFileError(f"{place} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.SequenceNode) or not values:
        raise DataFileError(f"{place}:1: the file must be a list of wishes, each `- id: ...` with its keys.")
    entries: dict[str, tuple[_Wish, int]] = {}
    for node, value in zip(root.value, values, strict=True):
        line = node.start_mark.line + 1
        name = value.get("id", "without id") if isinstance(value, dict) else "without keys"
        try:
            wish = _Wish.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "the entry"
            raise DataFileError(f"{place}:{line}: wish {name!r}: {key}: {first['msg']}.") from None
        for language, chinese in (("en", False), ("zh", True)):
            sentence = getattr(wish, language)
            if bool(_CHINESE.search(sentence)) is not chinese:
                raise DataFileError(f"{place}:{line}: wish {name!r}: `{language}` is {sentence!r}; swap en and zh?")
        if wish.id in entries:
            raise DataFileError(f"{place}:{line}: wish {name!r} stands on line {entries[wish.id][1]} too; rename one.")
        entries[wish.id] = (wish, line)
    return entries


def _right_answers(entries: dict[str, tuple[_Wish, int]], dataset: Dataset, place: Path) -> dict[str, frozenset]:
    items = dataset.items
    for column in ("year", "genres"):
        if column not in items.columns:
            raise ValueError(f"items has no column {column!r}; it has {list(items.columns)}. Use load_movielens().")
    genres = items["genres"].map(frozenset)
    known = frozenset().union(*genres)
    titles = dict(zip(items["item_id"], items["title"], strict=True))
    films: dict[str, frozenset] = {}
    for name, (wish, line) in entries.items():
        if wish.right.films is not None:
            films[name] = _films(wish.right.films, titles, f"{place}:{line}: wish {name!r}")
    found = {}
    for name, (wish, line) in entries.items():
        rule, where = wish.right, f"{place}:{line}: wish {name!r}"
        for genre in [*rule.all, *rule.none]:
            if genre not in known:
                raise DataFileError(f"{where}: no film is {genre!r}{_like(genre, known)}.")
        if rule.films_of is not None and rule.films_of not in films:
            raise DataFileError(f"{where}: films_of is {rule.films_of!r}, which lists no films{_like(name, films)}.")
        right = genres.map(lambda one, rule=rule: one.issuperset(rule.all) and one.isdisjoint(rule.none))
        if rule.years is not None:
            first, last = rule.years
            right &= True if first is None else items["year"] >= first
            right &= True if last is None else items["year"] <= last
        listed = films.get(rule.films_of or name)
        if listed is not None:
            right &= items["item_id"].isin(listed)
        if not right.any():
            raise DataFileError(f"{where}: no film of the catalogue is a right answer; loosen a condition.")
        found[name] = frozenset(items["item_id"][right].tolist())
    return found


def _films(lines: str, titles: dict, where: str) -> frozenset:
    found = []
    for line in lines.splitlines():
        parts = _FILM.fullmatch(line.strip())
        if not parts:
            raise DataFileError(f"{where}: {line!r} is no film; write its id and title, such as `1 Toy Story (1995)`.")
        number, title = int(parts[1]), parts[2]
        if not str(titles.get(number, "")).startswith(title):
            there = f"is {titles[number]!r}" if number in titles else "is not in the catalogue"
            raise DataFileError(
                f"{where}: film {number} {there}, and the file calls it {title!r}; correct id or title."
            )
        if number in found:
            raise DataFileError(f"{where}: film {number} stands twice; remove one line.")
        found.append(number)
    return frozenset(found)


def _like(word: str, known) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}" if close else f"; there are {', '.join(sorted(known))}"
