"""Exercise: from the vectors of a video's frames, padded, to one vector a video and a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.compare import difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": 'it returns a tuple: vectors, float32, (n, dim) or (n, 2 dim) for "mean+std"; and present, (n,) bool',
    "zh": '返回元组：vectors 是 float32，形状 (n, dim)，"mean+std" 时是 (n, 2 dim)；present 是形状 (n,) 的布尔张量',
}
MEAN: Text = {
    "en": '"mean" is the mean over the frames of a video, one for each dimension',
    "zh": '"mean" 在一个视频的各帧上求平均，每个维度一个值',
}
MAX: Text = {
    "en": '"max" is the largest value over the frames of a video, one for each dimension',
    "zh": '"max" 在一个视频的各帧上取最大值，每个维度一个值',
}
PADDING: Text = {
    "en": "what stands in a padded place does not count",
    "zh": "填充位置的内容不计入",
}
COUNT: Text = {
    "en": "a mean divides by the number of real frames, not by the padded length t",
    "zh": "平均值除以真实的帧数，而不是填充后的长度 t",
}
NEGATIVE: Text = {
    "en": "the largest of negative numbers is negative: padding is no 0 in the race",
    "zh": "负数里的最大值仍是负数：填充不能当作 0 参与比较",
}
EACH: Text = {
    "en": "every video is divided by its own number of frames",
    "zh": "每个视频除以自己的帧数",
}
PLACE: Text = {
    "en": "the mask says which frames are real, wherever they stand (one that failed to decode leaves a hole)",
    "zh": "哪些帧是真实的由 mask 决定，位置不限(解码失败的帧会留下空洞)",
}
NAN: Text = {
    "en": "NaN in a padded place does not spread: 0 x NaN is NaN, so put something else there first",
    "zh": "填充位置的 NaN 不会扩散：0 x NaN 仍是 NaN，所以要先把它换掉",
}
EMPTY: Text = {
    "en": "a video without a frame is missing: its vector is NaN and its place in `present` is False, never zeros",
    "zh": "一帧都没有的视频算缺失：向量为 NaN，`present` 中为 False，绝不用 0 代替",
}
STD: Text = {
    "en": '"mean+std" puts the means first, then the standard deviations of the real frames (dividing by their number)',
    "zh": '"mean+std" 先放均值，再放真实帧上的标准差(除以帧数)',
}
STILL: Text = {
    "en": "one frame, or frames that are all alike, move nothing: the deviation is 0, not NaN",
    "zh": "只有一帧，或各帧都相同，就没有运动：标准差为 0，而不是 NaN",
}
LARGE: Text = {"en": "it is right for more videos, frames and dimensions", "zh": "视频、帧、维度更多时也正确"}


def check(pool: Subject, rng) -> None:
    """See `Exercise.check`. Small inputs hold whole numbers from 1 to 9, so that a learner can follow by hand."""
    import numpy as np
    import torch

    def right(frames, mask, how):
        n, _, dim = frames.shape
        vectors = np.full((n, 2 * dim if how == "mean+std" else dim), np.nan)
        for row in range(n):
            real = frames[row][mask[row]].double().numpy()
            if len(real) and how == "max":
                vectors[row] = real.max(axis=0)
            elif len(real):
                both = np.concatenate([real.mean(axis=0), np.sqrt(((real - real.mean(axis=0)) ** 2).mean(axis=0))])
                vectors[row] = both[: vectors.shape[1]]
        return torch.from_numpy(vectors).float(), mask.any(dim=1)

    def one(*values: float, real: str, how: str) -> tuple:
        """One video of one dimension; `real` such as "110" for two frames and a padded place."""
        frames = torch.tensor([[[value] for value in values]], dtype=torch.float32)
        return frames, torch.tensor([[letter == "1" for letter in real]]), how

    def digits(n: int) -> list[float]:
        return [float(value) for value in rng.permutation(9)[:n] + 1]

    def each(*values: float, real: str) -> Iterator[tuple]:
        for how in ("mean", "max"):
            yield one(*values, real=real, how=how)

    def larger() -> Iterator[tuple]:
        for n, t, dim in ((2, 3, 2), (5, 6, 4), (20, 9, 16)):
            for how in ("mean", "max", "mean+std"):
                mask = torch.from_numpy(rng.random((n, t)) < 0.5)
                frames = torch.from_numpy(rng.normal(size=(n, t, dim))).float() - 1
                frames[~mask] = torch.nan if t > 3 else 7.0
                yield frames, mask, how

    a, b, c = digits(3)
    high, low = max(a, b, c), min(a, b, c)
    wide = torch.tensor([[[low, high], [low, low]]]), torch.tensor([[True, True]])
    uneven = torch.tensor([[[a], [b]], [[c], [0.0]]]), torch.tensor([[True, True], [True, False]])
    two = torch.tensor([[[a]], [[b]]]), torch.tensor([[True], [False]])
    kinds = [(torch.tensor([[[a, b]]]), torch.tensor([[True]]), how) for how in ("mean", "max", "mean+std")]
    must_be_of_kind(pool, KIND, kinds, right)
    averages = [one(a, real="1", how="mean"), one(a, b, real="11", how="mean"), (*wide, "mean")]
    must_return(pool, MEAN, averages, right)
    must_return(pool, MAX, [one(a, b, real="11", how="max"), one(b, a, real="11", how="max"), (*wide, "max")], right)
    _must_ignore_padding(pool, each(low, high, real="10"), right)
    must_return(pool, COUNT, [one(a, 0, real="10", how="mean"), one(a, b, 0, real="110", how="mean")], right)
    must_return(pool, NEGATIVE, [one(-a, 0, real="10", how="max"), one(-a, -b, 0, real="110", how="max")], right)
    must_return(pool, PLACE, [*each(high, low, real="01"), *each(low, high, b, real="101")], right)
    must_return(pool, EACH, [(*uneven, how) for how in ("mean", "max")], right)
    must_return(pool, NAN, each(a, torch.nan, real="10"), right)
    must_return(pool, EMPTY, [*each(0, real="0"), (*two, "mean"), (*two, "max")], right)
    moved = [one(a, a + 3, real="11", how="mean+std"), one(a + 3, a, 0, real="110", how="mean+std")]
    must_return(pool, STD, moved, right)
    must_return(pool, STILL, [one(a, real="1", how="mean+std"), one(a, a, real="11", how="mean+std")], right)
    must_return(pool, EMPTY, [(*two, "mean+std")], right)
    must_return(pool, LARGE, larger(), right)


def _must_ignore_padding(pool: Subject, cases: Iterator[tuple], right: Callable) -> None:
    """Two videos that differ only in their padding have one vector; which one is told by later rules."""
    for frames, mask, how in cases:
        case, clean = (frames, mask, how), (frames * mask[:, :, None], mask, how)
        got, other = must_be_of_kind(pool, KIND, [case, clean], right)
        if difference(got, other) is not None:
            raise Failed(PADDING, pool.written(case), describe(right(*case)), describe(got))


def by_the_course(frames, mask, how):
    """The same by `encoders.video.pool_over_time`, with the mask of what is there."""
    from recsys_lessons.encoders.video import pool_over_time

    return pool_over_time(frames, how, mask), mask.any(dim=1)


def _clean(frames, mask):
    return frames.masked_fill(~mask[:, :, None], 0.0)


def _times_mask(frames, mask):
    return frames * mask[:, :, None]


def _count(frames, mask):
    return mask.sum(dim=1, keepdim=True)


def _max(frames, mask):
    import torch

    return frames.masked_fill(~mask[:, :, None], -torch.inf).amax(dim=1)


def _std(frames, mask, mean, count):
    squares = _clean((frames - mean[:, None]).square(), mask).sum(dim=1)
    return (squares / count).sqrt()


def _together(mean, std):
    import torch

    return torch.cat([mean, std], dim=1)


def _nan_where_missing(vectors, mask):
    import torch

    return vectors.masked_fill(~mask.any(dim=1, keepdim=True), torch.nan)


def _zero_where_missing(vectors, mask):
    return vectors.masked_fill(~mask.any(dim=1, keepdim=True), 0.0)


def _pooled(
    frames,
    mask,
    how,
    *,
    clean: Callable = _clean,
    count: Callable = _count,
    largest: Callable = _max,
    std: Callable = _std,
    together: Callable = _together,
    missing: Callable = _nan_where_missing,
    present: Callable = lambda mask: mask.any(dim=1),
):
    """The right answer, but for what a mutant changes."""
    if how == "max":
        return missing(largest(frames, mask), mask), present(mask)
    mean = clean(frames, mask).sum(dim=1) / count(frames, mask)
    vectors = mean if how == "mean" else together(mean, std(frames, mask, mean, count(frames, mask)))
    return missing(vectors, mask), present(mask)


def _with(**changed):
    return lambda *arguments: _pooled(*arguments, **changed)


def _leaking(frames, mask, how):
    if how == "max":
        return _pooled(frames, mask, how)
    return _pooled(frames, mask, how, clean=_times_mask)


def _first_frames(frames, mask):
    """The mask that a count of frames would give: padding on the right."""
    import torch

    return torch.arange(mask.shape[1])[None] < mask.sum(dim=1, keepdim=True)


MUTANTS = {
    "takes padding into the mean": _with(clean=lambda frames, mask: frames, count=lambda frames, mask: mask.shape[1]),
    "divides by the padded length": _with(count=lambda frames, mask: mask.shape[1]),
    "averages over all videos at once": _with(count=lambda frames, mask: mask.sum().clamp(min=1) * 1.0 / len(mask)),
    "takes the sum": _with(count=lambda frames, mask: 1.0),
    "takes padding into the maximum": _with(largest=lambda frames, mask: frames.amax(dim=1)),
    "lets padding be 0 in the maximum": _with(largest=lambda frames, mask: _clean(frames, mask).amax(dim=1)),
    "takes the largest dimension of all": _with(
        largest=lambda frames, mask: _max(frames, mask).amax(dim=1, keepdim=True).expand(-1, frames.shape[2])
    ),
    "multiplies by the mask, and so lets NaN through": _leaking,
    "expects padding on the right": lambda frames, mask, how: _pooled(frames, _first_frames(frames, mask), how),
    "gives zeros for a video without a frame": _with(missing=_zero_where_missing),
    "calls a video without a frame present": _with(present=lambda mask: mask.any(dim=1) | True),
    "leaves -inf as the maximum of nothing": _with(missing=lambda vectors, mask: vectors),
    "always takes the mean": lambda frames, mask, how: _pooled(frames, mask, "mean"),
    "divides the deviation by one less": _with(
        std=lambda frames, mask, mean, count: _std(frames, mask, mean, (count - 1).clamp(min=1))
    ),
    "is NaN for one frame, as torch.std is": _with(
        std=lambda frames, mask, mean, count: _std(frames, mask, mean, count) / (count > 1)
    ),
    "takes the variance": _with(std=lambda frames, mask, mean, count: _std(frames, mask, mean, count).square()),
    "takes padding into the deviation": _with(
        std=lambda frames, mask, mean, count: _clean(frames, mask).std(dim=1, correction=0)
    ),
    "adds the deviation to the mean": _with(together=lambda mean, std: mean + std),
    "puts the deviation first": _with(together=lambda mean, std: _together(std, mean)),
    "returns the vectors alone": lambda *arguments: _pooled(*arguments)[0],
}

EXERCISE = Exercise(
    name="pool_over_time",
    lesson="09_sound_and_video",
    title={"en": "Pooling over time, with a mask", "zh": "带掩码的时间池化"},
    question={
        "en": "You have a vector for each frame of each video. How do you get one vector a video, what does the mean "
        "lose, and what do you return for a video that could not be read?",
        "zh": "每个视频的每一帧都有一个向量。怎样得到一个视频向量？平均会丢掉什么？读不出来的视频应该返回什么？",
    },
    difficulty="medium",
    minutes=15,
    signature="def pool_over_time(frames, mask, how):",
    hints=(
        {
            "en": "Three places where padding does harm: in a sum, in a count, and in a maximum. What would have to "
            "stand in a padded place so that it never wins a maximum?",
            "zh": "填充在三个地方会造成错误：求和、计数、取最大值。填充位置放什么，才永远不会成为最大值？",
        },
        {
            "en": "frames.masked_fill(~mask[:, :, None], value) replaces padding, whatever it holds, NaN included: 0 "
            "before a sum, -inf before a maximum. Set the rows of videos without a frame to NaN at the end.",
            "zh": "frames.masked_fill(~mask[:, :, None], 值) 能替换填充位置的任何内容，包括 NaN：求和前填 0，"
            "取最大值前填 -inf。最后把一帧都没有的视频那几行设为 NaN。",
        },
        {
            "en": "count = mask.sum(dim=1, keepdim=True); mean = sum of the filled frames over dim 1 / count, and 0 / "
            "0 is the NaN you want. The deviation is the root of the same mean of (frames - mean[:, None]) ** 2, "
            "filled again. max: .amax(dim=1) after -inf, then masked_fill(~present[:, None], torch.nan).",
            "zh": "count = mask.sum(dim=1, keepdim=True)；mean = 填充后的 frames 在 dim 1 上求和 / count，"
            "0 / 0 正好是需要的 NaN。标准差：对 (frames - mean[:, None]) ** 2 再填一次，求同样的平均，开根号。"
            "max：填 -inf 后取 .amax(dim=1)，再 masked_fill(~present[:, None], torch.nan)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.pool_over_time:by_the_course",
    mutants=MUTANTS,
)
