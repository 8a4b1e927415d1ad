"""Exercise: a context as a sentence, from a template whose parts go where their field is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return

KIND: Text = {
    "en": "it returns a sentence (a string): a field in braces is replaced by its value, the square brackets are gone",
    "zh": "返回一个句子(字符串)：花括号里的字段换成它的值，方括号不出现在结果里",
}
LEFT_OUT: Text = {
    "en": "a part in square brackets is left out, words and punctuation, where a field of it is missing; with "
    "nothing known the sentence is empty",
    "zh": "方括号里的部分只要缺一个字段，就连同文字和标点一起省去；什么都不知道时是空串",
}
FIRST: Text = {
    "en": "a sentence does not begin with the punctuation of a part that has gone, in either language",
    "zh": "前面的部分省去之后，句子不能以标点开头，中英文都一样",
}
MISSING: Text = {
    "en": "None, an empty text and an empty list are missing values as well",
    "zh": "None、空串、空列表同样算缺失",
}
ZERO: Text = {
    "en": "0 is a value, not a gap: midnight is an hour like any other",
    "zh": "0 是有效值，不是缺失：零点和别的钟点一样",
}
LIST: Text = {
    "en": "the values of a list are joined by `separator`: a comma and a space, or the Chinese sign",
    "zh": "列表里的值用 `separator` 连接：英文用逗号加空格，中文用顿号",
}
FIXED: Text = {"en": "what stands outside the brackets is always written", "zh": "方括号以外的文字始终写出"}
AS_IT_IS: Text = {
    "en": "a value is written as it is, even one that looks like a part of a template",
    "zh": "值照原样写出，即使它看起来像模板的一部分",
}
LARGE: Text = {"en": "it is right for longer templates", "zh": "更长的模板也正确"}

_SIGNS = " ,.;，。；、"
_ALL = {
    ", ": "[{city}][, {place}][, with {company}][; just watched: {recent}][. {query}]",
    "、": "[{city}][，{place}][，和{company}一起][；刚看过：{recent}][。{query}]",
}


def check(render: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(context, template, separator):
        text = ""
        for piece in re.split(r"(\[.*?\])", template):
            values = {name: context.get(name) for name in re.findall(r"\{(\w+)\}", piece)}
            if any(value is None or value in ("", []) for value in values.values()):
                continue
            for name, value in values.items():
                values[name] = separator.join(value) if isinstance(value, list) else str(value)
            piece = piece[1:-1] if piece.startswith("[") else piece
            piece = re.sub(r"\{(\w+)\}", lambda found, known=values: known[found[1]], piece)
            text += piece if text else piece.lstrip(_SIGNS)
        return text

    def word() -> str:
        return str(rng.choice(["Ann", "Bo", "Eva", "Kim", "Li", "Mia", "Tom", "Zoe"]))

    def words(n: int) -> list[str]:
        return rng.permutation(["Up", "Heat", "Speed", "Alien", "Jaws"])[:n].tolist()

    def missing() -> Iterator[tuple]:
        for name, nothing in (("place", None), ("place", ""), ("recent", [])):
            yield {name: nothing}, f"[seen: {{{name}}}]", ", "
            yield {name: nothing, "company": word()}, f"[seen: {{{name}}}][, with {{company}}]", ", "

    def larger() -> Iterator[tuple]:
        values = {"city": "Oslo", "place": "park", "company": word(), "recent": words(3), "query": "something short"}
        for count in (5, 4, 3, 3, 2, 2, 1):
            for separator, template in _ALL.items():
                names = rng.permutation(list(values))[:count].tolist()
                yield {name: values[name] for name in names}, template, separator

    pair = "[{place}][, with {company}]"
    first = [({"company": word()}, template, ", ") for template in (pair, "[{place}][，和{company}一起]")]
    left_out = [
        ({}, "[{place}]", ", "),
        ({"place": "park"}, pair, ", "),
        ({"place": "park"}, "[{place} with {company}]", ", "),
    ]
    lists = [({"recent": words(n)}, "[{recent}]", sign) for n in (2, 1) for sign in (", ", "、")]
    zero = [({"hour": 0}, "[{hour} h]", ", "), ({"hour": 0, "guests": 0}, "[{hour} h][, {guests} guests]", ", ")]
    fixed = [({"place": "park"}, "Now[, in the {place}]", ", "), ({}, "Now[, in the {place}]", ", ")]
    odd = [({"place": value, "company": word()}, "[{place}][, {company}]", ", ") for value in ("{company}", "[park]")]
    must_return(render, KIND, [({"company": word()}, "[with {company}]", ", ")], right, about_kind=True)
    must_return(render, LEFT_OUT, left_out, right)
    must_return(render, FIRST, first, right)
    must_return(render, MISSING, missing(), right)
    must_return(render, ZERO, zero, right)
    must_return(render, LIST, lists, right)
    must_return(render, FIXED, fixed, right)
    must_return(render, AS_IT_IS, odd, right)
    must_return(render, LARGE, larger(), right)


def by_the_course(context, template, separator):
    """The same by `as_words`; the values here are not in its vocabulary, so that it writes them as they are."""
    from recsys_lessons.context import as_words

    return as_words([context], language="zh" if separator == "、" else "en", template=template)[0]


def _is_missing(value) -> bool:
    return value is None or value == "" or value == []


def _rendered(
    context,
    template,
    separator,
    *,
    gone: Callable = _is_missing,
    instead: Callable = lambda part, known: "",
    signs: str = _SIGNS,
    listed: Callable = lambda value, separator: separator.join(value),
    fixed: bool = True,
):
    """The right answer, but for what a mutant changes."""
    text = ""
    for optional, outside in re.findall(r"\[([^\[\]]*)\]|([^\[\]]+)", template):
        part = optional or (outside if fixed else "")
        names = re.findall(r"\{(\w+)\}", part)
        known = {
            name: listed(context[name], separator) if isinstance(context[name], list) else str(context[name])
            for name in names
            if not gone(context.get(name))
        }
        part = part.format(**known) if len(known) == len(names) else instead(part, known)
        text += part if text else part.lstrip(signs)
    return text


def _with(**changed):
    return lambda *arguments: _rendered(*arguments, **changed)


def _one_after_another(context, template, separator):
    text = "".join(re.split(r"[\[\]]", _without_gaps(context, template)))
    for name, value in context.items():
        text = text.replace(f"{{{name}}}", separator.join(value) if isinstance(value, list) else str(value))
    return text.lstrip(_SIGNS)


def _without_gaps(context, template):
    parts = re.findall(r"\[[^\[\]]*\]|[^\[\]]+", template)
    names = [re.findall(r"\{(\w+)\}", part) for part in parts]
    gone = [any(_is_missing(context.get(name)) for name in each) for each in names]
    return "".join(part for part, left in zip(parts, gone, strict=True) if not left)


MUTANTS = {
    "writes None for what is missing": lambda context, template, separator: re.sub(
        r"[\[\]]", "", re.sub(r"\{(\w+)\}", lambda found: str(context.get(found[1])), template)
    ),
    "keeps the words around a missing value": _with(
        instead=lambda part, known: re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], ""), part)
    ),
    "raises where a field is missing": lambda context, template, separator: re.sub(r"[\[\]]", "", template).format(
        **context
    ),
    "takes 0 for missing": _with(gone=lambda value: not value),
    "takes None alone for missing": _with(gone=lambda value: value is None),
    "begins with a comma": _with(signs=""),
    "strips the English signs only": _with(signs=" ,.;"),
    "writes a list as Python does": _with(listed=lambda value, separator: str(value)),
    "always joins by a comma": _with(listed=lambda value, separator: ", ".join(value)),
    "writes the first value of a list only": _with(listed=lambda value, separator: value[0] if value else ""),
    "writes the parts in brackets only": _with(fixed=False),
    "fills in one field after another, and so what a value says": _one_after_another,
}

EXERCISE = Exercise(
    name="render_context",
    lesson="04_context",
    title={"en": "A context as a sentence", "zh": "把上下文写成一句话"},
    question={
        "en": "How do you hand a context to a pretrained language model, and what do you write where part of it is "
        "unknown?",
        "zh": "怎样把上下文交给预训练语言模型？其中一部分未知时，句子该怎么写？",
    },
    difficulty="easy",
    minutes=15,
    signature="def render_context(context, template, separator):",
    hints=(
        {
            "en": "Take the template apart first: parts in square brackets and the text between them. Then decide for "
            "each part whether all its fields are known, and only then fill it in.",
            "zh": "先把模板拆开：方括号里的部分，和它们之间的文字。再逐个判断：字段是否都已知？最后才填值。",
        },
        {
            "en": "re.findall(r'\\[([^\\[\\]]*)\\]|([^\\[\\]]+)', template) gives pairs (inside, outside), of which "
            "one is empty; re.findall(r'\\{(\\w+)\\}', part) the fields of a part. Missing means None, '' or []; "
            "`not value` would drop hour 0.",
            "zh": "re.findall(r'\\[([^\\[\\]]*)\\]|([^\\[\\]]+)', template) 得到 (括号内, 括号外) 的对，其中一个为空；"
            "re.findall(r'\\{(\\w+)\\}', part) 得到一部分里的字段。缺失是指 None、'' 或 []；"
            "写成 `not value` 会把 0 点也丢掉。",
        },
        {
            "en": "For each part whose fields are all known: part.format(**values), where a list became "
            "separator.join(list) and anything else str(value). Append it to the text; while the text is still empty, "
            "append part.lstrip(signs) instead.",
            "zh": "对字段都已知的部分：part.format(**values)，列表先变成 separator.join(列表)，其他的用 str(value)。"
            "接到句子后面；句子还是空的时候，接 part.lstrip(signs)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.render_context:by_the_course",
    mutants=MUTANTS,
)
