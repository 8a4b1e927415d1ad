"""Exercise: which frames of a video to look at, where the rate of frames varies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns an int64 array (n,): a row number for each of the n moments",
    "zh": "返回形状 (n,) 的 int64 数组：n 个时刻各对应一个行号",
}
MIDDLE: Text = {
    "en": "the n moments lie in the middle of n equal parts: neither at the first frame nor at the last",
    "zh": "n 个时刻取在 n 等分的每一份正中间，而不是开头或结尾",
}
TIME: Text = {
    "en": "seconds are shared out, not frame numbers: where the rate varies, every tenth frame is no tenth of the time",
    "zh": "均分的是时间，不是帧的编号：帧率变化时，每隔十帧并不等于每隔十分之一的时间",
}
SHOWN: Text = {
    "en": "what is on the screen at a moment is the latest frame that has begun, not the nearest or the next one",
    "zh": "某一时刻屏幕上的画面是最近已经开始的那一帧，不是时间上最近的一帧，也不是下一帧",
}
EXACT: Text = {
    "en": "a frame that begins at the very moment is shown already",
    "zh": "恰好在这一时刻开始的帧已经显示出来了",
}
START: Text = {
    "en": "a video need not begin at second 0: time runs from the first frame",
    "zh": "视频不一定从第 0 秒开始：时间从第一帧算起",
}
END: Text = {
    "en": "the last frame is shown until `end`, and that time counts too",
    "zh": "最后一帧一直显示到 `end`，这段时间也要算在内",
}
REPEAT: Text = {
    "en": "there are always n: a frame that is shown for long, or a video of few frames, is taken more than once",
    "zh": "总是返回 n 个：显示时间长的帧、帧数少的视频，会被重复选中",
}
LARGE: Text = {"en": "it is right for longer videos", "zh": "视频更长时也正确"}


def check(sample: Subject, rng) -> None:
    """See `Exercise.check`. Times are whole seconds; a case has one frame to choose, or a few, by hand."""

    def right(times, end, n):
        length = end - times[0]
        moments = [times[0] + (i + 0.5) * length / n for i in range(n)]
        return np.array([max(row for row, time in enumerate(times) if time <= moment) for moment in moments])

    def seconds(*times: float) -> np.ndarray:
        return np.array(times, dtype=float)

    def even(frames: int, n: int, start: float = 0.0) -> tuple:
        return start + np.arange(float(frames)), start + frames, n

    def some(low: int = 5) -> float:
        return float(rng.integers(low, low + 5))

    def larger() -> Iterator[tuple]:
        for frames, n in ((5, 3), (30, 8), (400, 16), (6, 16)):
            times = some() + np.cumsum(rng.exponential(size=frames))
            yield times, float(times[-1] + rng.exponential()), n

    must_be_of_kind(sample, KIND, [(seconds(0), some(), 1), even(2, 2), even(4, 2)], right)
    must_return(sample, REPEAT, [even(1, 2), even(1, 3, some())], right, about_kind=True)
    must_return(sample, MIDDLE, [even(3, 1), even(5, 1)], right)
    late = some()
    must_return(sample, SHOWN, [(seconds(0, 1, late), 1.5 * late, 1)], right)
    must_return(sample, TIME, [(seconds(0, late, late + 1), late + 2, 1)], right)
    must_return(sample, EXACT, [even(2, 1), even(4, 1)], right)
    must_return(sample, START, [even(3, 1, some())], right)
    must_return(sample, END, [(seconds(0, 1), some(7), 2), even(2, 2, some())], right)
    must_return(sample, MIDDLE, [even(6, 2)], right)
    must_return(sample, REPEAT, [even(2, 4), (seconds(0, 1, some(9)), 20.0, 2)], right)
    must_return(sample, LARGE, larger(), right)


def by_the_course(times, end, n):
    """The same by one binary search for all moments."""
    moments = times[0] + (np.arange(n) + 0.5) / n * (end - times[0])
    return np.searchsorted(times, moments, side="right") - 1


def _middles(start: float, end: float, n: int) -> np.ndarray:
    return start + (np.arange(n) + 0.5) / n * (end - start)


def _shown(times, moments):
    return np.searchsorted(times, moments, side="right") - 1


def _nearest(times, moments):
    return np.abs(times[None, :] - moments[:, None]).argmin(axis=1)


def _sampled(
    times,
    end,
    n,
    *,
    start: Callable = lambda times: times[0],
    until: Callable = lambda times, end: end,
    moments: Callable = _middles,
    shown: Callable = _shown,
    last: Callable = lambda rows: rows,
):
    """The right answer, but for what a mutant changes."""
    return last(shown(times, moments(start(times), until(times, end), n)).clip(0, len(times) - 1))


def _with(**changed):
    return lambda *arguments: _sampled(*arguments, **changed)


MUTANTS = {
    "takes the first n": lambda times, end, n: np.arange(n).clip(max=len(times) - 1),
    "shares out frame numbers": lambda times, end, n: ((np.arange(n) + 0.5) / n * len(times)).astype(int),
    "takes every so manieth frame": lambda times, end, n: np.arange(0, len(times), max(1, len(times) // n))[:n],
    "spreads frame numbers from the first to the last": lambda times, end, n: (
        np.linspace(0, len(times) - 1, n).round().astype(int)
    ),
    "spreads the moments from the first frame to the last": _with(moments=np.linspace),
    "takes the beginning of each part": _with(moments=lambda start, end, n: np.linspace(start, end, n + 1)[:-1]),
    "takes the end of each part": _with(moments=lambda start, end, n: np.linspace(start, end, n + 1)[1:]),
    "takes the nearest frame": _with(shown=_nearest),
    "takes the next frame": _with(shown=np.searchsorted),
    "takes the frame before one that begins just then": _with(
        shown=lambda times, moments: np.searchsorted(times, moments, side="left") - 1
    ),
    "expects videos to begin at 0": _with(start=lambda times: 0.0),
    "forgets how long the last frame is shown": _with(until=lambda times, end: times[-1]),
    "drops repeats": _with(last=np.unique),
    "returns no more than there are frames": lambda times, end, n: _sampled(times, end, min(n, len(times))),
    "returns times": lambda times, end, n: times[_sampled(times, end, n)],
}

EXERCISE = Exercise(
    name="sample_frames",
    lesson="09_sound_and_video",
    title={"en": "Frames uniform in time", "zh": "按时间均匀取帧"},
    question={
        "en": "A video has thousands of frames and you can afford eight. Which ones do you take, and what goes wrong "
        "with every hundredth frame?",
        "zh": "一段视频有几千帧，你只能处理八帧。取哪几帧？“每隔一百帧取一帧”会出什么问题？",
    },
    difficulty="easy",
    minutes=10,
    signature="def sample_frames(times, end, n):",
    hints=(
        {
            "en": "Draw a line from the first frame to `end` and cut it into n equal pieces. What is on the screen in "
            "the middle of each?",
            "zh": "从第一帧到 `end` 画一条线，切成 n 等份。每一份的正中间，屏幕上显示的是什么？",
        },
        {
            "en": "The middle of piece i is times[0] + (i + 0.5) / n x (end - times[0]). Of all frames that have begun "
            "by then the latest counts: np.searchsorted does the counting, with one of its two sides.",
            "zh": "第 i 份的中点是 times[0] + (i + 0.5) / n x (end - times[0])。到那时已经开始的帧里取最后一个："
            "np.searchsorted 能数出来，注意 side 取哪一个。",
        },
        {
            "en": "moments = times[0] + (np.arange(n) + 0.5) / n * (end - times[0]). np.searchsorted(times, moments, "
            'side="right") is the number of frames with time <= moment, and the last of them has that number less one.',
            "zh": "moments = times[0] + (np.arange(n) + 0.5) / n * (end - times[0])。"
            'np.searchsorted(times, moments, side="right") 是时间 <= moment 的帧数，减去 1 就是其中最后一帧的行号。',
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.sample_frames:by_the_course",
    mutants=MUTANTS,
)
