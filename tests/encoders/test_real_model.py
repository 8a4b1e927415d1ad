"""The course's own encoder, where its asset is on this machine; no cache of vectors is read or written."""

import pytest

from recsys_lessons.assets import asset_path
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.paths import cache_dir

NAME = "multilingual-e5-small"
TEXTS = [
    "Toy Story (1995). Animation, Children",
    "Alien: Resurrection (1997). Action, Horror, Sci-Fi",
    "我今天要去北京参加一个会议。",
    "",
    "A retired burglar is asked for one last job by the daughter of the man who once let him go. The safe stands in a "
    "museum, the museum on an island, and the ferry does not run in winter. What the daughter wants from it is not "
    "money, and she has told the guards that he is coming.",
]


@pytest.fixture(scope="module")
def folder():
    if not any((cache_dir() / "assets").glob(f"{NAME}-*")):
        pytest.skip(f"{NAME} is not on this machine; fetch it with: recsys-lessons assets pull")
    return asset_path(NAME)


def test_bf16_keeps_every_cosine_at_9999_and_workers_and_batches_change_fp32_by_less_than_a_hundred_thousandth(folder):
    def vectors(**settings):
        return TextEncoder(folder, device="cpu", cache=False, progress=False, **settings).encode(TEXTS)

    exact = vectors(workers=1, batch_tokens=4096)
    assert (exact * vectors(precision="bf16")).sum(1).min() >= 0.9999
    assert (exact - vectors(workers=2, batch_tokens=64)).abs().max() < 1e-5
