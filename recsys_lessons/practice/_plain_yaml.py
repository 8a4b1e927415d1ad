"""YAML without its traps: text, whole numbers, fractions, dates, true or false, lists and keys; nothing else.

YAML can do more than a data file needs. Some of it is dangerous (aliases that grow without bound, tags that build
objects), some surprises (the later of two equal keys wins, `1:30` is 90, `010` is 8). All of that is an error here,
with line and column. Nothing is registered with yaml's own loaders.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import yaml

from recsys_lessons.errors import RecsysLessonsError

__all__ = ["Document", "one_line", "read_yaml"]

_MOST_BYTES = 64_000  # a long question in both languages is half of it
_DEEPEST = 8  # a question is five deep
_WHOLE_NUMBER = re.compile(r"0|-?[1-9]\d{0,8}", re.ASCII)
_FRACTION = re.compile(r"-?\d{1,9}\.\d{1,9}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # can be written as escapes in quotes
_PREFIX = "tag:yaml.org,2002:"


class Document:
    """What a file holds, and where each part of it stands.

    Attributes:
        path: of the file.
        values: dicts, tuples, str, int, float, bool, date and None.
    """

    def __init__(self, path: Path, root: yaml.Node) -> None:
        self.path = path
        self._nodes: dict[tuple, yaml.Node] = {}
        self._keys: dict[tuple, yaml.Node] = {}
        self.values = self._value(root, ())

    def written(self, place: tuple) -> str | None:
        """The characters of a value without quotes at `place`, such as ("tags", 0); None for anything else."""
        node = self._nodes.get(place)
        return node.value if isinstance(node, yaml.ScalarNode) and node.style is None else None

    def position(self, place: tuple, *, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at `place` or of its key; for what is missing, those of its parent."""
        while place not in self._nodes:
            place = place[:-1]
        mark = (self._keys if key else self._nodes)[place].start_mark
        return mark.line + 1, mark.column + 1

    def _value(self, node: yaml.Node, place: tuple) -> object:
        self._nodes[place] = node
        if isinstance(node, yaml.SequenceNode):
            return tuple(self._value(child, (*place, number)) for number, child in enumerate(node.value))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: tuple) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_PREFIX}str":
                said = f"`{one_line(key.value)}`" if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                raise _located(self.path, key.start_mark, f"{said} cannot be a key; a key is a plain word")
            name = key.value
            if name in values:
                first = self._keys[(*place, name)].start_mark.line + 1
                complaint = f"the key `{one_line(name)}` stands there twice, first on line {first}; remove one"
                raise _located(self.path, key.start_mark, complaint)
            self._keys[(*place, name)] = key
            values[name] = self._value(child, (*place, name))
        return values

    def _scalar(self, node: yaml.ScalarNode) -> object:
        kind, text = node.tag.removeprefix(_PREFIX), node.value
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("yes", "true", "on")
        if kind == "int" and _WHOLE_NUMBER.fullmatch(text):
            return int(text)
        if kind == "float" and _FRACTION.fullmatch(text):
            return float(text)
        if kind == "timestamp" and _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise _located(self.path, node.start_mark, f"there is no day {text}; correct it") from None
        complaint = (
            f"`{one_line(text)}` does not mean the same to every reader of YAML; put text in quotes, write 90 for 1:30"
        )
        raise _located(self.path, node.start_mark, complaint)


def one_line(value: object) -> str:
    """The value in at most 60 characters, as an error message shows it."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_yaml(path: Path) -> Document:
    """The one document of a file.

    Raises:
        RecsysLessonsError: the file cannot be read, is too large, is not UTF-8, is no YAML, or uses what is refused
            here. The message gives file, line, column and what to do.
    """
    return Document(path, _compose(_text(path), path))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise RecsysLessonsError(f"{path} is no file; give the path of a YAML file.")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        raise RecsysLessonsError(f"{path} cannot be read ({error}); check its name and its permissions.") from None
    if len(content) > _MOST_BYTES:
        raise RecsysLessonsError(f"{path}: more than {_MOST_BYTES:,} bytes, which is too large; shorten or split it.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RecsysLessonsError(f"{path}:{line}: byte {error.start} is not UTF-8; save the file as UTF-8.") from None


class _Refused(yaml.error.MarkedYAMLError):
    def __init__(self, event: yaml.Event, problem: str) -> None:
        super().__init__(problem=problem, problem_mark=event.start_mark)


class _Loader(yaml.SafeLoader):
    """Composes nodes, and refuses on the way what the module's docstring names."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(event, f"`*{event.anchor}` is an alias; write the value out, or put it in quotes")
        if event.anchor is not None:
            raise _Refused(event, f"`&{event.anchor}` is an anchor; remove it, or put the text in quotes")
        if event.tag is not None:
            raise _Refused(event, f"`{one_line(event.tag)}` is a tag; remove it, or put the text in quotes")
        if isinstance(event, yaml.ScalarEvent) and _NO_CHARACTER.search(event.value):
            raise _Refused(event, "the text has an escape for a control character or half a character; remove it")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Refused(event, f"this is nested more than {_DEEPEST} deep; check the indentation and brackets")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, path: Path) -> yaml.Node:
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except _Refused as error:
        raise _located(path, error.problem_mark, error.problem) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        raise RecsysLessonsError(
            f"{place}: YAML forbids the character U+{ord(text[error.position]):04X}; remove it."
        ) from None
    except yaml.error.MarkedYAMLError as error:
        said = f"this is no valid YAML ({error.problem}); check the indentation, quotes and colons there"
        raise _located(path, error.problem_mark or error.context_mark, said) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # an escape such as "\UFFFFFFFF" is no character
        raise RecsysLessonsError(f"{path}: this is no valid YAML ({error}); look for a stray backslash.") from None
    if root is None:
        raise RecsysLessonsError(f"{path}: is empty; write the document, or delete the file.")
    return root


def _located(path: Path, mark: yaml.Mark | None, complaint: str) -> RecsysLessonsError:
    place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
    return RecsysLessonsError(f"{path}{place}: {complaint}.")
