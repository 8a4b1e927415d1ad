"""Exercise, step one of the capstone: picture files to vectors and a mask."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_raise, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.toys import ToyVision

KIND: Text = {
    "en": "it returns a pair: a float64 array (n, encoder.dim) and a bool array (n,), one row for each file",
    "zh": "返回一对：形状 (n, encoder.dim) 的 float64 数组和形状 (n,) 的布尔数组，每个文件一行",
}
RGB: Text = {
    "en": "a picture reaches the encoder as RGB, (height, width, 3) uint8, whatever the file holds",
    "zh": "不管文件里是什么模式，送进编码器的都是 RGB，形状 (高, 宽, 3) 的 uint8",
}
ABSENT: Text = {
    "en": "an item without a file has a row of NaN and False in the mask; zeros would pass for a vector",
    "zh": "没有文件的物品，整行为 NaN，mask 为 False；全 0 会被当成正常的向量",
}
BROKEN: Text = {
    "en": "a file that is no picture is masked like a missing one, and the others go on",
    "zh": "不是图片的文件和缺失一样处理，其余的照常进行",
}
CUT: Text = {
    "en": "a file that breaks off is masked: Pillow opens it, and fails only when its pixels are read",
    "zh": "不完整的文件也要记为缺失：Pillow 能打开它，读像素时才失败",
}
PLACE: Text = {
    "en": "a vector stands in the row of its own file, whatever is missing before it",
    "zh": "向量放在自己那个文件的行上，前面缺几个都一样",
}
NONE: Text = {
    "en": "where no file can be read, the encoder is not called, and every row is NaN",
    "zh": "一个能读的文件也没有时，不调用编码器，每一行都是 NaN",
}
BATCH: Text = {
    "en": "a call has at most batch_size pictures, and there are no more calls than the readable ones need",
    "zh": "每次调用最多 batch_size 张图；调用次数只按能读的图来算，不多于所需",
}
ERROR: Text = {
    "en": "an error of the encoder is no broken file: it is raised, not masked",
    "zh": "编码器自己的错误不是坏文件：要抛出来，不能当成缺失",
}
LARGE: Text = {"en": "it is right for more files", "zh": "文件更多时也正确"}


def check(encode: Subject, rng) -> None:
    """See `Exercise.check`. Files are of the simplest kind: P5 is grey, P6 is RGB; then width, height and 255."""

    def read(file: bytes | None) -> list[float] | None:
        """By the definition of these files, without Pillow."""
        if not file or file[:2] not in (b"P5", b"P6"):
            return None
        head, pixels = file.split(b"\n", 1)
        kind, width, height, _ = head.split()
        channels = 1 if kind == b"P5" else 3
        if len(pixels) < int(width) * int(height) * channels:
            return None
        return np.frombuffer(pixels, np.uint8).reshape(-1, channels).mean(axis=0) * np.ones(3)

    def right(files, encoder, batch_size):
        rows = [read(file) for file in files]
        vectors = np.array([[np.nan] * 3 if row is None else row for row in rows])
        return vectors, np.array([row is not None for row in rows])

    def letters(n: int) -> bytes:
        return bytes(rng.choice(list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"), n, replace=False).tolist())

    def rgb() -> bytes:
        return b"P6 1 1 255\n" + letters(3)

    def grey() -> bytes:
        return b"P5 1 1 255\n" + letters(1)

    def cut() -> bytes:
        return b"P5 2 1 255\n" + letters(1)

    def strict(files: list, batch_size: int) -> tuple:
        n = sum(read(file) is not None for file in files)
        return files, ToyVision(batch_size, -(-n // batch_size)), batch_size

    def larger() -> Iterator[tuple]:
        for n, batch_size in ((6, 2), (20, 4), (60, 8)):
            kinds = [rgb, grey, cut, lambda: None, lambda: b"", lambda: letters(5)]
            yield strict(
                [kinds[int(one)]() for one in rng.choice(6, n, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05])], batch_size
            )

    one, other = grey(), grey()
    must_be_of_kind(encode, KIND, [([rgb()], ToyVision(), 1), ([rgb(), rgb()], ToyVision(), 2)], right)
    must_return(encode, ABSENT, [([b"P6 1 1 255\n" + 3 * letters(1), None], ToyVision(), 1)], right)
    must_return(encode, RGB, [([rgb()], ToyVision(), 1), ([one], ToyVision(), 1)], right)
    must_return(encode, NONE, [([None], ToyVision(), 1)], right)
    must_return(encode, BROKEN, [([one, bad], ToyVision(), 2) for bad in (letters(4), b"")], right)
    must_return(encode, CUT, [([one, cut()], ToyVision(), 1)], right)
    must_return(encode, PLACE, [([one, other], ToyVision(), 2), ([None, one], ToyVision(), 2)], right)
    must_return(encode, NONE, [([cut()], ToyVision(), 1)], right)
    must_return(encode, BATCH, [strict([one, other], 1), strict([one, other], 2)], right)
    must_return(encode, BATCH, [strict([None, one, other], 2), strict([one, None, other], 2)], right)
    must_raise(encode, ERROR, [([one], ToyVision(1, 0), 1)], "ValueError")
    must_return(encode, LARGE, larger(), right)


def by_the_course(files, encoder, batch_size):
    """The same with the course's reader, which knows more ways for a file to be broken."""
    from recsys_lessons.encoders.pictures import open_picture
    from recsys_lessons.errors import MediaError

    def opened(file):
        try:
            return None if file is None else np.array(open_picture(file))
        except MediaError:
            return None

    return _placed([opened(file) for file in files], encoder, batch_size)


def _placed(pictures, encoder, batch_size, *, fill: float = np.nan, masked: Callable = lambda there: there):
    """Pictures, or None, to vectors and mask."""
    there = np.array([picture is not None for picture in pictures], dtype=bool)
    vectors = np.full((len(pictures), encoder.dim), fill)
    rows = np.flatnonzero(there)
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        vectors[batch] = encoder([pictures[row] for row in batch])
    return vectors, masked(there)


def _read(file, mode: str | None = "RGB"):
    from PIL import Image

    with Image.open(io.BytesIO(file)) as picture:
        return np.array(picture.convert(mode) if mode else picture)


def _or_none(file, read: Callable = _read):
    try:
        return None if file is None else read(file)
    except OSError:
        return None


def _with(read: Callable = _or_none, **changed):
    return lambda files, encoder, batch_size: _placed([read(file) for file in files], encoder, batch_size, **changed)


def _opens_in_the_try_and_reads_outside(file):
    from PIL import Image

    if file is None:
        return None
    try:
        picture = Image.open(io.BytesIO(file))
    except OSError:
        return None
    return np.array(picture.convert("RGB"))


def _closes_up(files, encoder, batch_size):
    pictures = [picture for picture in map(_or_none, files) if picture is not None]
    vectors, _ = _placed(pictures, encoder, batch_size)
    rest = np.full((len(files) - len(pictures), encoder.dim), np.nan)
    return np.concatenate([vectors, rest]), np.arange(len(files)) < len(pictures)


def _one_try_for_all(files, encoder, batch_size):
    vectors = np.full((len(files), encoder.dim), np.nan)
    for start in range(0, len(files), batch_size):
        try:
            batch = [_read(file) for file in files[start : start + batch_size] if file is not None]
            rows = [row for row in range(start, min(start + batch_size, len(files))) if files[row] is not None]
            if batch:
                vectors[rows] = encoder(batch)
        except Exception:
            continue
    return vectors, ~np.isnan(vectors).any(axis=1)


def _batches_of_files(files, encoder, batch_size):
    pairs = [
        _placed([_or_none(file) for file in files[start : start + batch_size]], encoder, batch_size)
        for start in range(0, max(1, len(files)), batch_size)
    ]
    return np.concatenate([one for one, _ in pairs]), np.concatenate([mask for _, mask in pairs])


def _calls_in_any_case(files, encoder, batch_size):
    pictures = [_or_none(file) for file in files]
    if not any(picture is not None for picture in pictures):
        encoder([])
    return _placed(pictures, encoder, batch_size)


MUTANTS = {
    "hands over what the file holds, grey as grey": _with(lambda file: _or_none(file, lambda one: _read(one, None))),
    "turns every picture grey": _with(
        lambda file: _or_none(file, lambda one: np.repeat(_read(one, "L")[:, :, None], 3, axis=2))
    ),
    "writes zeros for what is missing": _with(fill=0.0),
    "calls everything present": _with(masked=np.ones_like),
    "turns the mask round": _with(masked=np.logical_not),
    "skips only what has no file": _with(lambda file: None if file is None else _read(file)),
    "opens inside the try, and reads the pixels outside": _with(_opens_in_the_try_and_reads_outside),
    "closes the gaps": _closes_up,
    "loses a whole batch to one broken file": _one_try_for_all,
    "calls the encoder with nothing": _calls_in_any_case,
    "takes batches of files, half of them empty": _batches_of_files,
    "takes all in one call": lambda files, encoder, batch_size: _with()(files, encoder, 10**6),
    "calls once a picture": lambda files, encoder, batch_size: _with()(files, encoder, 1),
    "returns the vectors alone": lambda *arguments: _with()(*arguments)[0],
}

EXERCISE = Exercise(
    name="encode_files",
    lesson="11_multimodal",
    title={"en": "Capstone 1: files to vectors and a mask", "zh": "综合题第 1 步：从文件到向量和掩码"},
    question={
        "en": "Build a multimodal recommender, step one: some covers are missing, some files are broken. How do you "
        "get from a folder to vectors without losing a row, and without inventing one?",
        "zh": "构建多模态推荐系统，第一步：有的封面缺失，有的文件损坏。"
        "怎样从文件得到向量，既不丢一行，也不凭空造一行？",
    },
    difficulty="medium",
    minutes=20,
    signature="def encode_files(files, encoder, batch_size):",
    hints=(
        {
            "en": "Two passes are easier than one: first read every file, noting None where that fails; then send what "
            "was read to the encoder in slices, and put each vector into the row it came from.",
            "zh": "分两步更容易：先读每个文件，读不了的记为 None；再把读到的按批送进编码器，并把向量放回它原来的行。",
        },
        {
            "en": "Image.open(io.BytesIO(file)) looks at the head of a file only; .convert('RGB') reads the pixels. "
            "Both belong into the same try, with except OSError; the call of the encoder does not.",
            "zh": "Image.open(io.BytesIO(file)) 只看文件头，.convert('RGB') 才读像素。"
            "两者要放在同一个 try 里，用 except OSError；编码器的调用不要放进去。",
        },
        {
            "en": "vectors = np.full((len(files), encoder.dim), np.nan); rows = [row for row, one in enumerate("
            "pictures) if one is not None]; for start in range(0, len(rows), batch_size): batch = rows[start : start + "
            "batch_size]; vectors[batch] = encoder([pictures[row] for row in batch]).",
            "zh": "先备好全是 NaN 的表：vectors = np.full((len(files), encoder.dim), np.nan)；"
            "rows = [row for row, one in enumerate(pictures) if one is not None]；"
            "for start in range(0, len(rows), batch_size): batch = rows[start : start + batch_size]；"
            "vectors[batch] = encoder([pictures[row] for row in batch])。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.encode_files:by_the_course",
    mutants=MUTANTS,
)
