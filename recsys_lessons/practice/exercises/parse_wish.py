"""Exercise: what a sentence rules out, read by rules, since no cosine keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a tuple: a dict, empty where nothing is ruled out, and the rest of the sentence",
    "zh": "返回元组：一个字典(没有排除任何东西时为空)，和句子剩下的部分",
}
NOT: Text = {
    "en": 'a known word after "not " or 不要 goes to "not" as its genre',
    "zh": '"not " 或“不要”后面的已知词，以对应的类型记入 "not"',
}
BEFORE: Text = {
    "en": '"before Y" and Y年以前 put the year, as it is said, under "before"',
    "zh": '"before Y" 和“Y年以前”把年份原样记入 "before"',
}
CUT: Text = {
    "en": "an understood phrase is cut out of the rest, with the spaces and commas before it (and a 的 behind it)",
    "zh": "读懂的短语从剩余部分中去掉，连同它前面的空格和逗号(以及后面的“的”)",
}
UNKNOWN: Text = {
    "en": "a word that is not in `genres` rules nothing out: it stays in the rest, with its not",
    "zh": "`genres` 里没有的词不排除任何东西：连同 not / 不要一起留在剩余部分",
}
WANTED: Text = {
    "en": "a known word or a year by itself rules nothing out",
    "zh": "单独出现的已知词或年份不排除任何东西",
}
WORD: Text = {
    "en": '"war" is no part of "warm": English words are whole',
    "zh": '英文按整词匹配："war" 不是 "warm" 的一部分',
}
LONGEST: Text = {
    "en": "of known words that begin alike the longest counts: 恐怖片 before 恐怖",
    "zh": "开头相同的已知词取最长的：先看“恐怖片”，再看“恐怖”",
}
CASE: Text = {
    "en": "capitals make no difference, and the rest keeps its own",
    "zh": "匹配不分大小写，剩余部分保持原来的大小写",
}
ALL: Text = {
    "en": "every phrase counts: each genre once, sorted, and the earliest of several years",
    "zh": "每个短语都算：类型各记一次并排序，多个年份取最早的",
}
LARGE: Text = {"en": "it is right for longer sentences", "zh": "更长的句子也正确"}

_KNOWN = {
    "scary": "Horror",
    "war": "War",
    "romantic": "Romance",
    "恐怖片": "Horror",
    "战争片": "War",
    "爱情片": "Romance",
}


def check(parse: Subject, rng) -> None:
    """See `Exercise.check`."""

    def some(words: str, **more: str) -> dict[str, str]:
        return {word: _KNOWN[word] for word in words.split()} | more

    def year() -> int:
        return int(rng.integers(1930, 2020))

    def english() -> str:
        return str(rng.choice(["scary", "war", "romantic"]))

    def chinese() -> str:
        return str(rng.choice(["恐怖片", "战争片", "爱情片"]))

    def refused() -> Iterator[tuple]:
        for negation, word in (("not ", english()), ("不要", chinese())):
            yield negation + word, some(word)

    def cuts() -> Iterator[tuple]:
        yield "a dog, not scary", some("scary")
        yield f"a dog before {year()}", {}
        yield f"before {year()}, a dog", {}
        yield "a dog not scary with a hat", some("scary")
        yield "想看小狗，不要恐怖片", some("恐怖片")
        yield "不要恐怖片，想看小狗", some("恐怖片")
        yield f"{year()}年以前的小狗", {}

    def several() -> Iterator[tuple]:
        late, early = sorted([year(), year() + 1], reverse=True)
        yield "not war, not scary", some("war scary")
        yield f"before {early}, before {late}", {}
        yield f"{late}年以前，{early}年以前", {}
        yield "not scary, 不要恐怖片", some("scary 恐怖片")

    def larger() -> Iterator[tuple]:
        for _ in range(4):
            clauses = ["a dog", "not long", f"not {english()}", f"not {english()}", f"before {year()}", "with a hat"]
            yield ", ".join(rng.permutation(clauses).tolist()), _KNOWN
            clauses = ["想看小狗", "不要太长", f"不要{chinese()}", f"{year()}年以前", "短一点"]
            yield "，".join(rng.permutation(clauses).tolist()), _KNOWN

    must_return(parse, KIND, [("a dog", {}), ("小狗", {})], right, about_kind=True)
    must_return(parse, UNKNOWN, [("not long", {}), ("不要太长", some("恐怖片"))], right, about_kind=True)
    must_return(parse, WANTED, [("a scary dog", some("scary")), (f"{year()} dogs", {})], right)
    _must_limit(parse, NOT, refused())
    _must_limit(parse, BEFORE, [(f"before {year()}", {}), (f"{year()}年以前", {})])
    must_return(parse, CUT, cuts(), right)
    must_return(parse, WORD, [("not warm", some("war"))], right)
    must_return(parse, LONGEST, [("不要恐怖片", some("恐怖片") | {"恐怖": "Horror"})], right)
    must_return(parse, LONGEST, [("不要恐怖片", {"恐怖": "Horror"} | some("恐怖片"))], right)
    must_return(parse, CASE, [("Not Scary", some("scary")), ("A Dog, not scary", some("scary"))], right)
    must_return(parse, ALL, several(), right, about_kind=True)
    must_return(parse, LARGE, larger(), right)


def _must_limit(parse: Subject, rule: Text, cases: Iterable[tuple]) -> None:
    """What goes into the dict; what is left of the sentence is told by later rules."""
    for case in cases:
        got, expected = parse(*case), right(*case)
        if difference(got, expected) not in (None, VALUES):
            raise Failed(KIND, parse.written(case), describe(expected), describe(got))
        if difference(got[0], expected[0]) is not None:
            raise Failed(rule, parse.written(case), describe(expected[0]), describe(got[0]))


def right(
    sentence,
    genres,
    *,
    english: str = r"\bnot (?P<word>{words})\b",
    chinese: str = r"不要(?P<词>{words})的?",
    before: str = r"\bbefore (?P<year>\d{4})\b",
    before_chinese: str = r"(?P<年>\d{4})年以前的?",
    signs: str = r"[\s,，]*",
    ends: str = " ,，",
    longest: bool = True,
    flags: int = re.IGNORECASE,
    pick: Callable = min,
    found: Callable = lambda found: found,
    rest: Callable = lambda rest, sentence: rest,
):
    """One pattern for the four phrases; mutants change one of its parts."""
    known = {word.lower(): genre for word, genre in genres.items()}
    words = "|".join(map(re.escape, sorted(known, key=len, reverse=longest))) or "(?!)"
    forms = [form.replace("{words}", words) for form in (english, chinese, before, before_chinese) if form]
    pattern = re.compile(signs + f"(?:{'|'.join(forms)})", flags)
    matches = found([match.groupdict() for match in pattern.finditer(sentence)])
    refused = {known[word.lower()] for one in matches for word in (one.get("word"), one.get("词")) if word}
    years = [int(text) for one in matches for text in (one.get("year"), one.get("年")) if text]
    limits = ({"not": sorted(refused)} if refused else {}) | ({"before": pick(years)} if years else {})
    return limits, rest(pattern.sub("", sentence).strip(ends), sentence)


def by_the_course(sentence, genres):
    """The same by `parse_constraints`, whose lexicon holds the words of the check."""
    from recsys_lessons.recommenders.constraints import parse_constraints

    wish = parse_constraints(sentence)
    limits = {"not": sorted(wish.genres_out)} if wish.genres_out else {}
    latest = wish.years[-1][1]
    return limits | ({"before": latest + 1} if latest < 9999 else {}), wish.rest


def _with(**changed):
    return lambda *arguments: right(*arguments, **changed)


def _invents(sentence, genres):
    limits, rest = right(sentence, genres)
    unknown = re.search(r"\bnot (\w+)|不要(\w+)", rest)
    return (limits | {"not": [*limits.get("not", []), unknown[1] or unknown[2]]} if unknown else limits), rest


def _any_known_word(sentence, genres):
    limits, rest = right(sentence, genres)
    refused = sorted({genre for word, genre in genres.items() if word in sentence})
    return limits | ({"not": refused} if refused else {}), rest


MUTANTS = {
    "invents a limit for a word it does not know": _invents,
    "takes every known word for refused": _any_known_word,
    "takes every year for a limit": _with(before=r"(?P<year>\d{4})\b"),
    "reads English only": _with(chinese="", before_chinese=""),
    "reads Chinese only": _with(english="", before=""),
    "returns the last year allowed": _with(pick=lambda years: min(years) - 1),
    "leaves the phrases in the rest": _with(rest=lambda rest, sentence: sentence),
    "leaves commas behind": _with(signs="", ends=" "),
    "leaves a 的 behind": _with(chinese=r"不要(?P<词>{words})", before_chinese=r"(?P<年>\d{4})年以前"),
    "finds a word within a word": _with(english=r"\bnot (?P<word>{words})"),
    "tries the short word first": _with(longest=False),
    "minds capitals": _with(flags=0),
    "writes the rest in small letters": _with(rest=lambda rest, sentence: rest.lower()),
    "stops at the first phrase": _with(found=lambda found: found[:1]),
    "keeps the last of several years": _with(pick=lambda years: years[-1]),
    "keeps the latest of several years": _with(pick=max),
    "returns the dict alone": lambda *arguments: right(*arguments)[0],
}

EXERCISE = Exercise(
    name="parse_wish",
    lesson="05_intent",
    title={"en": "What a sentence rules out", "zh": "一句话里的排除条件"},
    question={
        "en": "A user writes 'a comedy, not scary, before 1990'. Why is cosine similarity not enough, and how do you "
        "keep the constraints?",
        "zh": "用户说：“想看喜剧，不要恐怖片，1990年以前的”。为什么光靠余弦相似度不够？怎样保证这些条件？",
    },
    difficulty="medium",
    minutes=20,
    signature="def parse_wish(sentence, genres):",
    hints=(
        {
            "en": "One regular expression for each of the four phrases, built from the known words, so that an unknown "
            "word cannot match. What matched gives the dict; the sentence without it is the rest.",
            "zh": "四种短语各写一个正则表达式，用已知词拼出来，未知的词就不可能匹配。"
            "匹配到的进字典；去掉它们的句子就是剩余部分。",
        },
        {
            "en": "words = '|'.join(re.escape(word) for word in sorted(genres, key=len, reverse=True)) tries long "
            "words first; with no words at all, '(?!)' matches nothing. r'\\b' stands at the ends of English words. "
            "re.IGNORECASE, and genres[match.lower()].",
            "zh": "words = '|'.join(re.escape(word) for word in sorted(genres, key=len, reverse=True)) 先试长的词；"
            "没有已知词时用 '(?!)'，它什么也不匹配。英文词的两端加 r'\\b'。"
            "用 re.IGNORECASE，再查 genres[匹配到的词.lower()]。",
        },
        {
            "en": "In front of each pattern r'[\\s,\\uff0c]*' takes the spaces and commas before it (\\uff0c is the "
            "Chinese comma). pattern.findall gives words or years, pattern.sub('', sentence) the rest; strip it last. "
            "'not' gets sorted(set(...)), 'before' min(...), each only where there is one.",
            "zh": "每个正则前面加 r'[\\s,，]*'，把短语前的空格和逗号一起吃掉。pattern.findall 给出词或年份，"
            "pattern.sub('', sentence) 给出剩余部分，最后再 strip。"
            "'not' 取 sorted(set(...))，'before' 取 min(...)，有才写入。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.parse_wish:by_the_course",
    mutants=MUTANTS,
)
