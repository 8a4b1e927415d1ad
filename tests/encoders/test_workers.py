"""Several batches at once, on every device: the same vectors."""

import random

import pytest
import torch

from recsys_lessons.devices import cpu_workers
from recsys_lessons.encoders.text import TextEncoder

pytestmark = pytest.mark.usefixtures("private_home")
WORDS = ["good", "bad", "film", "a", "the", "that", "is", "cat"]


def some_texts(n: int) -> list[str]:
    draw = random.Random(0)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 20))) for _ in range(n)]


def encoder(folder, **settings) -> TextEncoder:
    return TextEncoder(folder, progress=False, cache=False, **settings)


def test_workers_give_what_the_plain_loop_gives_and_the_same_every_time(tiny_bert):
    texts = some_texts(300)
    plain = encoder(tiny_bert, workers=1).encode(texts)
    several = encoder(tiny_bert, workers=3, batch_tokens=64)
    first = several.encode(texts)
    torch.testing.assert_close(first, plain, atol=1e-5, rtol=0)
    for _ in range(3):
        assert torch.equal(several.encode(texts), first)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_texts_vector_does_not_depend_on_the_texts_beside_it(tiny_bert, workers):
    several = encoder(tiny_bert, workers=workers, batch_tokens=128)
    texts = some_texts(100)
    together = several.encode(texts)
    for row in (0, 17, 99):
        torch.testing.assert_close(several.encode([texts[row]])[0], together[row], atol=1e-6, rtol=0)
        among_long = several.encode([texts[row], *["film " * 30] * 5])[0]
        torch.testing.assert_close(among_long, together[row], atol=1e-6, rtol=0)


def test_an_error_in_a_worker_reaches_the_caller(tiny_bert, monkeypatch):
    broken = encoder(tiny_bert, workers=2, batch_tokens=8)

    def fail(ids):
        raise RuntimeError("out of memory on batch 7")

    monkeypatch.setattr(broken, "_forward", fail)
    with pytest.raises(RuntimeError, match="out of memory on batch 7"):
        broken.encode(some_texts(50))


def test_one_torch_thread_or_one_text_needs_no_workers(tiny_bert, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("threads were started")

    monkeypatch.setattr("recsys_lessons.encoders.base.ThreadPoolExecutor", refuse)
    assert encoder(tiny_bert, workers=4).encode(["a single question", "a single question"]).shape == (2, 16)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert encoder(tiny_bert, device="cpu").encode(some_texts(50)).shape == (50, 16)
        torch.set_num_threads(2)
        if cpu_workers() > 1:
            with pytest.raises(AssertionError, match="threads were started"):
                encoder(tiny_bert, device="cpu").encode(some_texts(50))
    finally:
        torch.set_num_threads(before)


def test_devices_agree_in_fp32_to_one_ten_thousandth(tiny_bert, device):
    texts = some_texts(100)
    here, cpu = encoder(tiny_bert, device=device).encode(texts), encoder(tiny_bert, device="cpu").encode(texts)
    assert here.device.type == "cpu" and here.dtype == torch.float32
    torch.testing.assert_close(here, cpu, atol=1e-4, rtol=0)


def test_every_device_stays_close_in_the_precision_that_auto_takes(tiny_bert, device):
    # A random network of width 16 averages rounding over few numbers; test_real_model.py holds the real one to more.
    texts = some_texts(100)
    fast, exact = (encoder(tiny_bert, device=device, precision=p).encode(texts) for p in ("auto", "fp32"))
    assert (fast * exact).sum(1).min() > 0.999
