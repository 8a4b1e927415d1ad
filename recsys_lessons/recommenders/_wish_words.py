"""The words behind `parse_constraints`: which words name a genre of the catalogue, and which negate."""

from __future__ import annotations

import re

__all__ = ["fold", "genres_of", "negations", "wanted_terms"]

_VIOLENT = ("Action", "Crime", "Horror", "Thriller", "War")
_BLOODY = ("Action", "Horror", "War")
_FILM = r"(?:films?|movies?|pictures?|flicks?|stor(?:y|ies))"

# Genres, English pattern, Chinese pattern. Words that name a genre whether it is wanted or not:
_TERMS = (
    (("Action",), r"action", "动作|武打"),
    (("Adventure",), r"adventures?", "冒险"),
    (("Animation",), r"animat(?:ed|ions?)|cartoons?|anime", "动画|动漫|卡通"),
    (
        ("Children",),
        rf"children'?s {_FILM}|kids'? {_FILM}|family {_FILM}|"
        r"(?:for|with) (?:(?:the|my|our|small|young|little) )*(?:children|kids|toddlers)",
        "儿童|少儿|亲子|小朋友|(?:适合|给|和|带|陪)(?:小?孩子?|娃)(?:们|一起)*",
    ),
    (("Comedy",), r"comed(?:y|ies)|funny|hilarious|laughs?", "喜剧|搞笑|爆笑|好笑"),
    (("Crime",), r"crime", "犯罪|警匪"),
    (("Documentary",), r"documentar(?:y|ies)", "[纪记]录片"),
    (("Drama",), r"dramas?", "剧情片|正剧"),
    (("Fantasy",), r"fantas(?:y|ies)", "奇幻|魔幻"),
    (("Film-Noir",), r"(?:films? )?noirs?", "黑色电影"),
    (("Horror",), r"horrors?|scary|frightening|terrifying|creepy|spooky", "恐怖|吓人|鬼片"),
    (("Musical",), r"musicals?", "歌舞|音乐剧"),
    (("Mystery",), r"myster(?:y|ies)|whodunn?its?", "悬疑|推理"),
    (("Romance",), r"romances?|romantic|love stor(?:y|ies)", "爱情|浪漫|言情"),
    (("Sci-Fi",), r"science[- ]fiction|sci[- ]?fi", "科幻"),
    (("Thriller",), r"thrillers?", "惊悚"),
    (("War",), r"war (?:films?|movies?|dramas?|pictures?|stor(?:y|ies))", "战争片|战争电影"),
    (("Western",), r"westerns?(?! (?:europe|world|culture|societ|civili))", "西部片|西部电影"),
)
# Words that rule something out, and would claim too much if they asked for it ("the Cold War", "a song"):
_RULED_OUT = (
    (_VIOLENT, r"violen(?:t|ce)|killings?", "暴力|打打杀杀"),
    (_BLOODY, r"gor(?:e|y)|blood(?:y|shed)?", "血腥?|见血"),
    (("Children",), r"for (?:children|kids)|kids'? stuff", "小孩子?看"),
    (("Horror",), r"scares?|frights?|monsters?|ghosts?", "可怕|惊吓|害怕|闹鬼|鬼"),
    (("Musical",), r"singing|songs?", "唱歌|又唱又跳"),
    (("Romance",), r"love|kissing", "谈恋爱|谈情说爱|恋爱"),
    (("War",), r"wars?", "战争|打仗"),
    (("Western",), r"cowboys?", "西部|牛仔"),
)
_ADJECTIVES = re.compile(
    r"animated|funny|hilarious|scary|frightening|terrifying|creepy|spooky|romantic|violent|gory|bloody"
)

# What may stand between a negation and the word it negates, and after that word.
_FILLERS = re.compile(
    r"(?:\s+|(?:too|very|so|that|any|all|a|an|the|really|more|overly|much|to|watch|watching|see|want|like|of|with|be|"
    r"about|in the mood for|feel like|another|into|keen on|interested in|(?:big )?fan of|do|again|"
    rf"anything|something|stuff|sight|{_FILM})(?![a-z])|太多?|那么|这么|过于|过分|很|任何|看到?|有|是|的|那种|这种|什么|"
    r"放|来|选|推荐|要|想|给我|再|得|让人|带|含|得了|关于|讲)"
)
_TAIL = re.compile(rf"(?: {_FILM}(?![a-z])| please(?![a-z])|片子?|电影|类型?|题材|元素|镜头|场面|的)*")
_JOIN = re.compile(
    r"\s*(?:(?P<firm>,? ?(?:or|nor)(?![a-z])|/|、|或者?|以及|和|跟|与|及|还有)|(?P<and>,? ?and(?![a-z]))|(?P<soft>,))"
)

_NEGATION = re.compile(
    r"(?<![a-z])(?:no|not|without|nothing|never|avoid|except(?: for)?|anything but|hate|dislike|tired of|sick of|"
    r"enough|(?:can(?:no|'|’)?t|cannot) (?:stand|take|bear|handle)|"
    r"(?:do|does|did|would|is|are|was)(?:n't|n’t|nt)(?: (?:want|like|care for|"
    r"need|enjoy))?)(?![a-z])"
    r"|不要|不想要?|不看|不喜欢|不爱|不带|不含|不是|不太|不|(?<![特区级分性个告鉴])别(?![的人处名墅])|没有|没|无|除了|讨厌|受不了|"
    r"拒绝|避开|见不得"
    # Plain words that refuse only before a word of the lexicon ("skip the musicals", not "they skip school"):
    r"|(?P<weak>(?<![a-z])(?:skip|minus|spare me|(?:bored|fed up|done) with|rather than|instead of)(?![a-z])"
    r"|跳过|略过|排除|远离|看[腻烦够厌]了|厌倦了?|非(?![要得看想]))"
)
# Looks like a negation and is none, or reverses itself.
_NO_NEGATION = re.compile(
    r"not (?:only|just|merely|simply|necessarily|bad|sure|without|afraid|at all bad)|no (?:problem|matter|doubt|idea|"
    r"less|longer|more than|one|wonder)|nothing (?:but|against|like|beats|more than)|(?:don|wouldn)(?:'|’)?t mind|"
    r"(?:not|never)(?: yet| ever)? (?:seen|watched)|没有?(?:怎么)?看过|非[^，。,.!！?？]{1,6}不[可看行]|"
    r"有没有|[要能会想看好]不[要能会想看好]|可不可以|"  # questions: "is there any ...?"
    r"不(?:只|仅|光|止|单|一定|介意|怕|错|要紧|妨|得不|是不|同|知道|见得|管)|没(?:关系|问题|事)|无(?:所谓|论|数|聊|敌|比)"
)
# After the word that is refused: "horror is not for me", "恐怖片就不用了", "对爱情片无感".
_AFTERWARDS = re.compile(
    r"(?:就?算了|就?免了|就?不用了|就?不必了|除外|以外|之外|看[够腻烦厌]了|不行|(?:不要|不看|别来)(?=[\s，。,.!！?？;；]|$)|"
    r"(?:我|实在|真的|完全|都|也|就|是|并|根本|一点)*(?:无感|没(?:什么|啥|有)?(?:兴趣|感觉)|不(?:太|大|怎么)?感(?:兴趣|冒)|"
    r"提不起(?:兴趣|劲)|不是我的菜)|"
    r"(?: just| really)*(?: bores? me| leaves? me cold| puts? me off|[?,]? no (?:thanks|thank you)|"
    r"(?: is| are|'s)(?: just| really)* not (?:for me|my (?:thing|cup of tea))|"
    r" (?:is|are)n't (?:for me|my (?:thing|cup of tea)))(?![a-z]))"
)
_BEFOREHAND = re.compile(r"我?对于?$")
_LEAVE_OUT = re.compile(
    r"(?<![a-z])(?:leave|keep|cut)(?: the| any| all)? (?P<term>[a-z' -]{3,20}?) (?:out|away)(?: of it)?(?![a-z])"
)

_TRADITIONAL = str.maketrans(
    "愛戰爭紀錄動畫劇驚險兒電懸幻樂恐鬼嚇還沒無題給帶讓電視開後來間劃爾類從",
    "爱战争纪录动画剧惊险儿电悬幻乐恐鬼吓还没无题给带让电视开后来间划尔类从",
)


def fold(text: str) -> str:
    """The text in lower case, half-width and simplified characters: each character becomes one, so places stay."""
    half = (chr(ord(one) - 0xFEE0) if "！" <= one <= "～" and one not in "，" else one for one in text)
    lower = "".join(one.lower() if len(one.lower()) == 1 else one for one in half)
    return lower.replace("’", "'").replace("‘", "'").translate(_TRADITIONAL)


def _pattern(rows: tuple) -> re.Pattern:
    parts = (f"(?P<g{i}>(?<![a-z])(?:{english})(?![a-z])|{chinese})" for i, (_, english, chinese) in enumerate(rows))
    return re.compile("|".join(parts))


_WANTED = _pattern(_TERMS)
_REFUSED = _pattern(_RULED_OUT + _TERMS)


def genres_of(found: re.Match) -> frozenset[str]:
    """The genres that a match of the lexicon names."""
    rows = _TERMS if found.re is _WANTED else _RULED_OUT + _TERMS
    return frozenset(rows[int(found.lastgroup[1:])][0])


def wanted_terms(text: str) -> list[list[re.Match]]:
    """Words that ask for a genre, in groups: of a group ("comedies or dramas") one is enough."""
    groups: list[list[re.Match]] = []
    for found in _WANTED.finditer(text):
        if groups and _joined(text, groups[-1][-1], found):
            groups[-1].append(found)
        else:
            groups.append([found])
    return groups


def _joined(text: str, first: re.Match, second: re.Match) -> bool:
    place = _TAIL.match(text, first.end()).end()
    join = _JOIN.match(text, place)
    if not join or _skip(text, join.end()) != second.start():
        return False
    return not (join["and"] and _ADJECTIVES.fullmatch(first[0]))  # "funny and romantic" asks for both


def _skip(text: str, place: int) -> int:
    while step := _FILLERS.match(text, place):
        place = step.end()
    return place


def negations(text: str) -> list[tuple[int, int, frozenset[str]]]:
    """What a folded text rules out: (start, end, genres) of each negated phrase; no genres where none is known."""
    found, place = [], 0
    idioms = [one.span() for one in _NO_NEGATION.finditer(text)]
    afterwards = [one for one in _refused_afterwards(text) if not _within(one[1], idioms)]
    tails = [(tail, end) for _, tail, end, _ in afterwards]
    while negation := _NEGATION.search(text, place):
        place = negation.end()
        if _within(negation.start(), idioms + tails) or text[: negation.start()].endswith("why "):
            continue
        end, genres = _scope(text, negation)
        if genres or not negation["weak"]:
            found.append((negation.start(), end, genres))
        place = max(place, end)
    known = [(start, end) for start, end, genres in found if genres]
    found += [(start, end, genres) for start, _, end, genres in afterwards if not _within(start, known)]
    for phrase in _LEAVE_OUT.finditer(text):
        if term := _REFUSED.fullmatch(phrase["term"]):
            found.append((*phrase.span(), genres_of(term)))
    return sorted(found, key=lambda one: one[:2])


def _refused_afterwards(text: str) -> list[tuple[int, int, int, frozenset[str]]]:
    """(start, start of what refuses, end, genres) of "horror is not for me", back over "or", "and", "、"."""
    found, group = [], []
    for term in _REFUSED.finditer(text):
        listed = group and _joined(text, group[-1], term) and "," not in text[group[-1].end() : term.start()]
        group = [*group, term] if listed else [term]
        tail = _TAIL.match(text, term.end()).end()
        if after := _AFTERWARDS.match(text, tail):
            before = _BEFOREHAND.search(text[: group[0].start()])
            start = before.start() if before else group[0].start()
            found.append((start, tail, after.end(), frozenset().union(*map(genres_of, group))))
    return found


def _within(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _scope(text: str, negation: re.Match) -> tuple[int, frozenset[str]]:
    """How far a negation reaches: over fillers to a word of the lexicon, and on through "or", "nor", "、", "和"."""
    term = _REFUSED.match(text, _skip(text, negation.end()))
    if not term:
        return negation.end(), frozenset()
    genres, waiting = genres_of(term), frozenset()
    end = place = _TAIL.match(text, term.end()).end()
    while join := _JOIN.match(text, place):
        following = _REFUSED.match(text, _skip(text, join.end()))
        if not following or (join["and"] and _ADJECTIVES.fullmatch(term[0])):
            break
        place = _TAIL.match(text, following.end()).end()
        if join["soft"]:  # "no horror, war or crime" is a list; "no horror, comedy please" is not
            waiting |= genres_of(following)
            continue
        genres, waiting, end = genres | waiting | genres_of(following), frozenset(), place
    return end, genres
