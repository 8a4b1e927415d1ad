"""Exercise: pictures of any size to the batch that a pretrained network was trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind

KIND: Text = {
    "en": "it returns a float32 tensor (n, channels, size, size): channels come before height and width",
    "zh": "返回形状 (n, 通道数, size, size) 的 float32 张量：通道维在高和宽之前",
}
SCALE: Text = {
    "en": "values from 0 to 255 become 0 to 1 by a division by 255",
    "zh": "0 到 255 的值除以 255，变成 0 到 1",
}
NORMALISE: Text = {
    "en": "mean and std are those of values from 0 to 1: subtract and divide AFTER the division by 255",
    "zh": "mean 和 std 是针对 0 到 1 的值给出的：先除以 255，再减均值、除以标准差",
}
ORDER: Text = {
    "en": "the channels stay in the order in which they came (RGB, not BGR)",
    "zh": "通道保持传入时的顺序(RGB，而不是 BGR)",
}
OWN: Text = {
    "en": "each channel has its own mean and std",
    "zh": "每个通道用自己的 mean 和 std",
}
PLACE: Text = {
    "en": "a pixel keeps its place: the channel axis is moved to the front, nothing is reshaped or turned",
    "zh": "像素的位置不变：只把通道轴移到最前面，不能 reshape，也不能转置高和宽",
}
CROP: Text = {
    "en": "the middle is cut out of the longer side: no squashing, no corner; of an odd rest the end loses one more",
    "zh": "长边取正中间的一段：不压扁，不取角上；多出奇数个像素时，多的那个从末端去掉",
}
RESIZE: Text = {
    "en": "the shorter side becomes `size` before the cut, without rounding to whole numbers on the way",
    "zh": "裁剪之前先把短边缩放到 `size`，中间不取整",
}
SMOOTH: Text = {
    "en": "a smaller picture is made with antialias=True: every pixel of the source has a share in it",
    "zh": "缩小时用 antialias=True：原图的每个像素都有贡献",
}
EACH: Text = {
    "en": "every picture of the batch is scaled and cut by its own size",
    "zh": "批次里的每张图片按自己的尺寸缩放和裁剪",
}
LARGE: Text = {"en": "it is right for larger pictures and batches", "zh": "图片更大、更多时也正确"}


def check(preprocess: Subject, rng) -> None:
    """See `Exercise.check`. One channel keeps the small inputs small; a picture of `size` needs no interpolation."""
    import torch

    def right(pictures, size, mean, std):
        batch = np.zeros((len(pictures), len(mean), size, size), dtype=np.float32)
        for row, picture in enumerate(pictures):
            for channel in range(len(mean)):
                plane = torch.from_numpy(picture[:, :, channel].astype(np.float64))
                high, wide = (size * side // min(plane.shape) for side in plane.shape)
                scaled = torch.nn.functional.interpolate(
                    plane[None, None], (high, wide), mode="bilinear", antialias=True, align_corners=False
                )
                top, left = (high - size) // 2, (wide - size) // 2
                middle = scaled[0, 0, top : top + size, left : left + size].numpy()
                batch[row, channel] = (middle / 255 - mean[channel]) / std[channel]
        return torch.from_numpy(batch)

    def picture(rows: list) -> np.ndarray:
        return np.array(rows, dtype=np.uint8)

    def grey(*rows: list[int]) -> np.ndarray:
        return picture(rows)[:, :, None]

    def plain(pictures: list, size: int = 1) -> tuple:
        channels = pictures[0].shape[2]
        return pictures, size, (0.0,) * channels, (1.0,) * channels

    def values(n: int) -> list[int]:
        """Different numbers, far apart."""
        return (rng.permutation(9)[:n] * 28 + 17).tolist()

    def larger() -> Iterator[tuple]:
        for n, size, most in ((1, 4, 9), (3, 8, 30), (4, 16, 60)):
            pictures = [rng.integers(0, 256, (*rng.integers(2, most, 2), 3)).astype(np.uint8) for _ in range(n)]
            yield pictures, size, tuple(rng.uniform(0.3, 0.6, 3).tolist()), tuple(rng.uniform(0.2, 0.3, 3).tolist())

    two, three, four, six = values(2), values(3), values(4), values(6)
    one = int(rng.choice([51, 102, 153, 204]))
    shares = (float(rng.choice([0.25, 0.5])), 0.75)
    must_be_of_kind(preprocess, KIND, [plain([grey([0])]), plain([grey([0, 0], [0, 0])], 2)], right)
    must_return(preprocess, SCALE, [plain([grey([255])]), plain([grey([one])])], right)
    must_return(preprocess, NORMALISE, [([grey([one])], 1, shares[:1], (0.25,))], right)
    must_return(preprocess, OWN, [([picture([[[one, one]]])], 1, shares, (0.5, 0.25))], right, about_kind=True)
    must_return(preprocess, ORDER, [plain([picture([[two]])])], right)
    must_return(preprocess, PLACE, [plain([grey(four[:2], four[2:])], 2)], right)
    long = [[three[0], 0, three[1]], [three[0], 0], [three[0], 0, three[1], three[2]]]
    must_return(preprocess, CROP, [plain([grey(row)]) for row in long], right, about_kind=True)
    must_return(preprocess, CROP, [plain([grey(*[[one] for one in row])]) for row in long], right, about_kind=True)
    must_return(preprocess, PLACE, [plain([picture([[four[:2]], [four[2:]]])])], right, about_kind=True)
    halves = [grey([one, one - 1], [one - 1, one - 1])]
    must_return(preprocess, RESIZE, [plain(halves), plain([grey([one])], 2)], right, about_kind=True)
    must_return(preprocess, SMOOTH, [plain([grey(six[:2], [0, 0], six[2:4])])], right)
    must_return(preprocess, EACH, [plain([grey([9]), grey([0, 9, 0])])], right, about_kind=True)
    must_return(preprocess, LARGE, larger(), right)


def by_the_course(pictures, size, mean, std):
    """The same by torchvision's transforms, whose cut differs by a pixel where an odd number is too many."""
    import torch
    from torchvision.transforms.v2 import functional

    batch = []
    for picture in pictures:
        floats = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
        scaled = functional.resize(floats, [size], antialias=True)
        top, left = ((side - size) // 2 for side in scaled.shape[1:])
        batch.append(functional.normalize(functional.crop(scaled, top, left, size, size), list(mean), list(std)))
    return torch.stack(batch)


def _planes(picture):
    import torch

    return torch.from_numpy(picture).permute(2, 0, 1)


def _reshaped(picture):
    import torch

    high, wide, channels = picture.shape
    return torch.from_numpy(picture).reshape(channels, high, wide)


def _resized(floats, size: int, antialias: bool = True):
    shorter = min(floats.shape[1:])
    return _to(floats, tuple(size * side // shorter for side in floats.shape[1:]), antialias)


def _to(floats, shape: tuple, antialias: bool = True):
    import torch

    return torch.nn.functional.interpolate(floats[None], shape, mode="bilinear", antialias=antialias)[0]


def _padded(floats, size: int):
    """The whole picture, with a black border."""
    import torch

    longer = max(floats.shape[1:])
    inside = _to(floats, tuple(max(1, size * side // longer) for side in floats.shape[1:]))
    return torch.nn.functional.pad(inside, (0, size - inside.shape[2], 0, size - inside.shape[1]))


def _cut(floats, size: int):
    top, left = ((side - size) // 2 for side in floats.shape[1:])
    return floats[:, top : top + size, left : left + size]


def _normal(floats, mean, std):
    import torch

    return (floats - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)


def _by_itself(floats, mean, std):
    return (floats - floats.mean(dim=(1, 2), keepdim=True)) / floats.std(dim=(1, 2), correction=0).clamp(min=1e-6).view(
        -1, 1, 1
    )


def _along_the_width(floats, mean, std):
    import torch

    return (floats - torch.tensor(mean)) / torch.tensor(std)


def _batch(
    pictures,
    size,
    mean,
    std,
    *,
    planes: Callable = _planes,
    scale: float = 255.0,
    resize: Callable = _resized,
    cut: Callable = _cut,
    normal: Callable = _normal,
    last: Callable = lambda floats: floats,
):
    """The right answer, but for what a mutant changes."""
    import torch

    rows = [normal(cut(resize(planes(one).float() / scale, size), size), mean, std) for one in pictures]
    return torch.stack([last(row) for row in rows])


def _with(**changed):
    return lambda *arguments: _batch(*arguments, **changed)


MUTANTS = {
    "does not divide by 255": _with(scale=1.0),
    "normalises before it divides by 255": _with(scale=1.0, last=lambda floats: floats / 255),
    "scales to -1..1": _with(last=lambda floats: 2 * floats - 1),
    "forgets to normalise": _with(normal=lambda floats, mean, std: floats),
    "multiplies by std": _with(normal=lambda floats, mean, std: _normal(floats, mean, [1 / one for one in std])),
    "normalises by the picture's own mean and deviation": _with(normal=_by_itself),
    "subtracts the mean along the width": _with(normal=_along_the_width),
    "takes the first channel's mean and std for all": _with(
        normal=lambda floats, mean, std: _normal(floats, mean[:1] * len(mean), std[:1] * len(std))
    ),
    "leaves the channels last": _with(last=lambda floats: floats.permute(1, 2, 0)),
    "turns RGB into BGR": _with(planes=lambda picture: _planes(picture).flip(0)),
    "reshapes where axes are to be moved": _with(planes=_reshaped),
    "transposes height and width as well": _with(planes=lambda picture: _planes(picture).transpose(1, 2)),
    "squashes instead of cutting": _with(resize=lambda floats, size: _to(floats, (size, size))),
    "cuts out the corner": _with(cut=lambda floats, size: floats[:, :size, :size]),
    "makes the whole picture fit, with a border": _with(resize=_padded),
    "cuts without scaling": _with(resize=lambda floats, size: floats),
    "scales in whole numbers": _with(
        resize=lambda floats, size: (255 * _resized(floats, size)).round() / 255,
    ),
    "forgets antialias": _with(resize=lambda floats, size: _resized(floats, size, antialias=False)),
    "cuts every picture by the size of the first": lambda pictures, *rest: _batch(
        [one[: pictures[0].shape[0], : pictures[0].shape[1]] for one in pictures], *rest
    ),
}

EXERCISE = Exercise(
    name="preprocess_batch",
    lesson="08_pictures",
    title={"en": "Pictures of any size to one batch", "zh": "把任意尺寸的图片变成一个批次"},
    question={
        "en": "You feed covers to a pretrained image network and its neighbours look random. Which steps of the "
        "preprocessing do you check, and in which order do they come?",
        "zh": "把封面送进预训练的图像网络，找到的近邻却像是随机的。你会检查预处理的哪些步骤？它们的顺序是什么？",
    },
    difficulty="medium",
    minutes=15,
    signature="def preprocess_batch(pictures, size, mean, std):",
    hints=(
        {
            "en": "A network has seen one kind of input in training, and takes any other without a complaint. So write "
            "down the steps first: 0..255 to 0..1, channels to the front, scale, cut, normalise, stack.",
            "zh": "网络在训练时只见过一种输入，换一种它也照样接收，不会报错。"
            "所以先写下步骤：0..255 变成 0..1，通道移到最前，缩放，裁剪，标准化，堆叠。",
        },
        {
            "en": "torch.from_numpy(picture).permute(2, 0, 1) moves the channels. interpolate wants a batch, [None] "
            "makes one. mean and std are (c,), and a picture is (c, size, size): give them the shape (c, 1, 1).",
            "zh": "torch.from_numpy(picture).permute(2, 0, 1) 把通道移到最前。interpolate 需要批次维，用 [None] 加上。"
            "mean 和 std 的形状是 (c,)，图片是 (c, size, size)：把它们变成 (c, 1, 1)。",
        },
        {
            "en": "For each: x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255; high, wide = "
            "(size * side // min(x.shape[2:]) for side in x.shape[2:]); x = torch.nn.functional.interpolate(x, "
            '(high, wide), mode="bilinear", antialias=True); top, left = (high - size) // 2, (wide - size) // 2; '
            "cut; then (torch.cat(all) - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1).",
            "zh": "对每张图：x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255；"
            "high, wide = (size * side // min(x.shape[2:]) for side in x.shape[2:])；"
            'x = torch.nn.functional.interpolate(x, (high, wide), mode="bilinear", antialias=True)；'
            "top, left = (high - size) // 2, (wide - size) // 2；裁剪；"
            "最后 (torch.cat(全部) - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.preprocess_batch:by_the_course",
    mutants=MUTANTS,
)
