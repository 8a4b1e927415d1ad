"""Exercise: a program that circulates as a multimodal recommender, mended."""

from __future__ import annotations

from collections.abc import Iterator

from recsys_lessons.practice.exercise import Crashed, Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.exercises._mended import MUTANTS, vectors
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float32 tensor (users, items) of scores, and not the features that went in",
    "zh": "返回形状 (用户数, 物品数) 的 float32 得分张量，而不是输入的特征",
}
EVAL: Text = {
    "en": "the network is put in eval mode before it sees a picture",
    "zh": "网络看图之前要切换到 eval 模式",
}
GRAD: Text = {
    "en": "nothing is trained here, so no gradients are kept",
    "zh": "这里不训练，所以不保留梯度",
}
PREPARE: Text = {
    "en": "every picture and every frame is resized and normalised as in training",
    "zh": "每张图片、每一帧都要像训练时那样缩放并归一化",
}
BATCH: Text = {
    "en": "the network takes a batch (n, 3, height, width), also where there is one picture",
    "zh": "网络接收一个批次 (n, 3, 高, 宽)，只有一张图也一样",
}
DEVICE: Text = {
    "en": "a batch goes where the network is, and vectors come back to where the texts' are",
    "zh": "批次放到网络所在的设备上，向量再放回文本向量所在的设备",
}
SEEN: Text = {
    "en": "-inf stands where the user has the item in the history, and nowhere else",
    "zh": "用户历史里已有的物品处是 -inf，其他地方都不是",
}
WORDS: Text = {"en": "the text of an item counts", "zh": "物品的文本起作用"}
COVER: Text = {"en": "the picture of an item counts", "zh": "物品的图片起作用"}
FILM: Text = {"en": "the film of an item counts", "zh": "物品的影片起作用"}
FRAMES: Text = {
    "en": "a film is the mean over all its own frames: neither their sum, nor one of them",
    "zh": "一部影片是它自己所有帧的均值：不是求和，也不是取其中一帧",
}
LENGTH: Text = {
    "en": "each modality of an item has length 1, so that the larger numbers do not decide",
    "zh": "物品的每个模态长度都为 1，数值更大的不会左右结果",
}
WARM: Text = {
    "en": "the mean that is subtracted is that of the `warm` rows alone",
    "zh": "减去的均值只在 `warm` 的行上取",
}
CENTRE: Text = {
    "en": "the mean is subtracted BEFORE a row is scaled to length 1",
    "zh": "先减均值，再把每一行缩放到长度 1",
}
PROFILE: Text = {
    "en": "a user's profile is the sum over the own history, at length 1: a long history does not score higher",
    "zh": "用户画像是自己历史上的向量之和，长度为 1：历史更长，得分不会更高",
}
ROWS: Text = {
    "en": "a row is one item in every block: items in another order give the same scores in that order",
    "zh": "每一块里的一行都是同一个物品：物品换个顺序，得分也只是换个顺序",
}
LARGE: Text = {"en": "it is right for more users and items", "zh": "用户和物品更多时也正确"}

REFUSED = {
    "training mode": EVAL,
    "graph of every picture": GRAD,
    "prepared pictures": PREPARE,
    "takes a float32 tensor": PREPARE,
    "takes a batch": BATCH,
    "the batch is on": DEVICE,
}
"""What the toys refuse, and the rule that it breaks."""


def check(mend: Subject, rng) -> None:
    """See `Exercise.check`. Where two modalities are the same for all items, the third decides alone."""
    import numpy as np
    import torch

    from recsys_lessons.practice.toys import ToyModels

    def features(name: str) -> list[float]:
        return [name.find(letter) + 1.0 for letter in "rgb"]

    def right(items, models, histories, warm):
        blocks = []
        texts, covers, films = zip(*items, strict=True)
        for column in ([[one] for one in texts], [[one] for one in covers], [film.split("/") for film in films]):
            table = np.array([np.mean([features(name) for name in names], axis=0) for names in column])
            centred = table - table[warm].mean(axis=0)
            lengths = np.linalg.norm(centred, axis=1, keepdims=True)
            blocks.append(np.where(lengths > 1e-9, centred / np.maximum(lengths, 1e-9), 0.0))
        fused = np.concatenate(blocks, axis=1)
        fused /= np.maximum(np.linalg.norm(fused, axis=1, keepdims=True), 1e-9)
        scores = []
        for history in histories:
            profile = fused[history].sum(axis=0)
            row = fused @ profile / max(np.linalg.norm(profile), 1e-9)
            row[history] = -np.inf
            scores.append(row)
        return torch.tensor(np.array(scores), dtype=torch.float32)

    def case(*items: str, histories=((0,),), warm=(0, 1)) -> tuple:
        """Items such as "r g rb/b": text, picture, film."""
        return [tuple(one.split()) for one in items], ToyModels(), [list(one) for one in histories], list(warm)

    def must(rule: Text, cases: list[tuple]) -> None:
        try:
            must_return(mend, rule, cases, right)
        except Crashed as crash:
            raise _named(crash, rule) from crash

    def larger() -> Iterator[tuple]:
        for n, users in ((6, 2), (12, 4), (30, 6)):
            names = iter([f"{prefix}{word}" for prefix in ("", "-", "--") for word in WORDS_OF_THREE] * 9)
            words = rng.permutation(list(names))
            items = [(str(a), str(b), f"{c}/{d}") for a, b, c, d in words[: 4 * n].reshape(n, 4)]
            warm = sorted(rng.permutation(n)[: n // 2 + 1].tolist())
            yield items, ToyModels(), [rng.permutation(n)[: rng.integers(1, 4)].tolist() for _ in range(users)], warm

    r, g, b = rng.permutation(list("rgb"))
    one_user = case(f"{r} {r} {r}", f"{g} {g} {g}")
    two_users = case(f"{r} {r} {r}", f"{g} {g} {g}", histories=[[0], [1]])
    three = f"{r} {r} {r}", f"{g} {r} {r}", f"{b} {r} {r}"
    try:
        answers = must_be_of_kind(mend, KIND, [one_user, two_users], right)
    except Crashed as crash:
        raise _named(crash, KIND) from crash
    for given, got in zip([one_user, two_users], answers, strict=True):
        expected = right(*given)
        if not torch.equal(got == -torch.inf, expected == -torch.inf):
            raise Failed(SEEN, mend.written(given), describe(expected), describe(got))
    # Less their mean, two items are opposites. Where two modalities are alike for all, the third decides alone.
    must(CENTRE, [one_user])
    must(WORDS, [case(f"{r} {r} {r}", f"{g} {r} {r}")])
    must(COVER, [case(f"{r} {r} {r}", f"{r} {g} {r}")])
    must(FILM, [case(f"{r} {r} {r}", f"{r} {r} {g}")])
    must(WARM, [case(*three, warm=warm) for warm in ((0, 1), (0, 2), (1, 2))])
    must(CENTRE, [case(f"{r} {r} {r}", f"{r}{g} {r} {r}", f"{r}-{g} {r} {r}")])
    must(PROFILE, [case(*three, histories=[[0, 2]]), case(*three, histories=[[2, 0]])])
    must(ROWS, [case(f"{r} {b} {r}", f"{g} {r} {r}", f"{b} {b} {r}")])
    must(LENGTH, [case(f"{r} {r} {r}", f"{g} {g} {r}", f"{g} {b} {r}")])
    must(FRAMES, [case(f"{r} {r} {r}", f"{r} {r} {g}", f"{r} {r} {one}") for one in (f"{b}/{g}", f"{g}/{b}/{b}")])
    must(LARGE, larger())


WORDS_OF_THREE = ("r", "g", "b", "rg", "rb", "gr", "gb", "br", "bg", "rgb", "rbg", "grb", "gbr", "brg", "bgr")


def _named(crash: Crashed, rule: Text) -> Crashed:
    """With the rule that the toys' refusal tells; a crash that is not of the learner's code keeps its own."""
    told = next((one for said, one in REFUSED.items() if said in crash.trouble.message), rule)
    return Crashed(crash.trouble, crash.input, crash.rule and told)


def by_the_course(items, models, histories, warm):
    """The same by `ConcatFusion`."""
    import torch
    from torch.nn.functional import normalize

    from recsys_lessons.fusion import ConcatFusion

    words, covers, films = vectors(items, models)
    modalities = {"text": words, "cover": covers, "video": films}
    fused = normalize(ConcatFusion().fit(modalities, rows=warm).transform(modalities).vectors, dim=1)
    rows = torch.zeros(len(histories), len(items))
    for user, history in enumerate(histories):
        rows[user, history] = 1.0
    return (normalize(rows @ fused, dim=1) @ fused.T).masked_fill(rows > 0, -torch.inf)


EXERCISE = Exercise(
    name="mend_multimodal",
    lesson="11_multimodal",
    title={"en": "A multimodal program, mended", "zh": "修好一个多模态推荐程序"},
    question={
        "en": "Write a multimodal recommender with a language model and a vision model in Python. A program for it "
        "circulates; what is wrong with that one, and what does it look like when it is mended?",
        "zh": "请用语言模型和视觉模型写一个多模态推荐的 Python 程序。网上流传的一种写法错在哪里？改好之后是什么样子？",
    },
    difficulty="hard",
    minutes=30,
    signature="def mend_multimodal(items, models, histories, warm):",
    hints=(
        {
            "en": "Write beside each line what a row stands for. The program has one row, which mixes a text, a "
            "picture and a film; yours has three tables with a row for each item, and users meet items at the end.",
            "zh": "在每行代码旁边写上：一行代表什么？原来的程序只有一行，混着一段文本、一张图和一部影片；"
            "你的程序有三张表，每张表一个物品一行，用户到最后才和物品相遇。",
        },
        {
            "en": "Write see(pictures): prepare each, stack them, to the network's device, through the network in eval "
            "mode without gradients, back to the CPU. All covers go through it at once, and the frames of each film; "
            "the mean over frames, .mean(dim=0), leaves a vector a film, and torch.stack makes a table of them.",
            "zh": "先写一个 see(pictures)：逐张 prepare、堆成批次、放到网络所在的设备、以 eval 模式不带梯度地过网络、"
            "再放回 CPU。全部封面一次过完，每部影片的帧各过一次；对帧取 .mean(dim=0)，每部影片得到一个向量，"
            "再用 torch.stack 堆成表。",
        },
        {
            "en": "standard = lambda x: normalize(x - x[warm].mean(0), dim=1); fused = normalize(torch.cat([standard("
            "x) for x in tables], 1), dim=1). For each history, fused[history].sum(0) is the profile; scores = "
            "normalize(profiles, dim=1) @ fused.T, and -inf where the user has the item.",
            "zh": "standard = lambda x: normalize(x - x[warm].mean(0), dim=1)；"
            "fused = normalize(torch.cat([standard(x) for x in tables], 1), dim=1)。"
            "每个历史的画像是 fused[history].sum(0)；scores = normalize(profiles, dim=1) @ fused.T，"
            "用户已有的物品处填 -inf。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.mend_multimodal:by_the_course",
    mutants=MUTANTS,
)
