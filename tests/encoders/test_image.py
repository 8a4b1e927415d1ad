"""Pictures to vectors: the same whatever stands beside them, masked where there is none, cached by content."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from recsys_lessons.encoders.image import ImageEncoder
from recsys_lessons.errors import MediaError
from recsys_lessons.paths import cache_dir

SETTINGS = {"size": 64, "device": "cpu", "progress": False, "cache": False}
NAME = "efficientnet-lite0"


def pictures(n: int, seed: int = 0) -> list[Image.Image]:
    """Coarse noise in colour, of several shapes."""
    random = np.random.default_rng(seed)
    small = [random.integers(0, 256, (6, 4 + n % 3, 3), dtype=np.uint8) for n in range(n)]
    return [Image.fromarray(one).resize((80, 60 + 7 * row)) for row, one in enumerate(small)]


def as_file(image: Image.Image, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def close(found, expected, within=1e-5):
    assert ((found - expected).norm(dim=1) <= within * expected.norm(dim=1)).all()


@pytest.fixture(scope="module")
def encoder():
    made = ImageEncoder(f"random:{NAME}", **SETTINGS)
    made.dim  # noqa: B018 - loaded once for all tests
    return made


def test_a_picture_has_one_vector_as_path_bytes_picture_and_array_and_beside_any_others(encoder, tmp_path):
    images = pictures(9)
    images[4].save(tmp_path / "four.png")
    vectors, mask = encoder.encode(images)
    assert vectors.shape == (9, 1280) and vectors.dtype == torch.float32 and mask.all()
    forms = [tmp_path / "four.png", str(tmp_path / "four.png"), as_file(images[4]), np.asarray(images[4])]
    forms.append(torch.from_numpy(np.array(images[4])).permute(2, 0, 1))
    close(encoder.encode(forms).vectors, vectors[4].expand(5, -1))
    close(encoder.encode(images[4:5]).vectors, vectors[4:5])
    assert (torch.cosine_similarity(vectors[None], vectors[:, None], dim=2) - torch.eye(9)).max() < 0.99999


def test_it_equals_a_plain_loop_of_decode_resize_normalise_and_network(encoder):
    images = pictures(3)
    for image, vector in zip(images, encoder.encode([as_file(one) for one in images]).vectors, strict=True):
        pixels = np.array(image.resize((64, 64), Image.Resampling.BICUBIC), np.float32) / 255
        x = torch.from_numpy((pixels - 0.5) / 0.5).permute(2, 0, 1)[None]
        torch.testing.assert_close(encoder.preprocess(image), x[0])
        with torch.no_grad():
            close(vector[None], encoder.network(x))


def test_workers_and_batches_change_nothing(encoder):
    expected = encoder.encode(pictures(10)).vectors
    for workers, batch in ((1, 1), (3, 2), (2, 100)):
        other = ImageEncoder(f"random:{NAME}", workers=workers, batch=batch, **SETTINGS)
        close(other.encode(pictures(10)).vectors, expected)


def test_what_is_missing_or_cannot_be_read_is_masked_and_never_zero(encoder):
    good = as_file(pictures(1)[0], "JPEG")
    items = [good, None, good[:200], float("nan"), "/no/such.jpg", ""]
    with pytest.raises(MediaError, match=r"row 2, 200 bytes: .*truncated"):
        encoder.encode(items[:4])
    lenient = ImageEncoder(f"random:{NAME}", on_error="missing", **SETTINGS)
    with pytest.warns(UserWarning, match=r"2 of 6 items .*row 2.*row 4, .*such.jpg"):
        vectors, mask = lenient.encode(items)
    assert mask.tolist() == [True, False, False, False, False, False]
    assert torch.isnan(vectors[1:]).all() and torch.isfinite(vectors[0]).all()


def test_normalised_vectors_have_length_one(encoder):
    vectors = ImageEncoder(f"random:{NAME}", normalize=True, **SETTINGS).encode(pictures(3)).vectors
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    close(vectors, torch.nn.functional.normalize(encoder.encode(pictures(3)).vectors))


@pytest.mark.usefixtures("private_home")
def test_cached_vectors_are_found_by_content_and_every_setting_has_its_own(monkeypatch):
    settings = {**SETTINGS, "cache": True}
    first = ImageEncoder(f"random:{NAME}", **settings)
    vectors = first.encode(pictures(4)).vectors
    monkeypatch.setattr(ImageEncoder, "_decode", lambda self, item: pytest.fail("decoded again"))
    assert torch.equal(ImageEncoder(f"random:{NAME}", **settings).encode(pictures(4)).vectors, vectors)
    monkeypatch.undo()


@pytest.mark.usefixtures("private_home")
def test_settings_that_change_a_vector_change_the_cache_file():
    base = {"cache": True, "progress": False, "device": "cpu", "weights": "random"}
    changes = [{}, {"size": 64}, {"size": 96}, {"seed": 1}, {"normalize": True}, {"precision": "bf16"}]
    files = [ImageEncoder(NAME, **base, **one)._cache_file for one in changes]
    files.append(ImageEncoder("shufflenet_v2_x0_5", **base)._cache_file)
    assert len(set(files)) == len(files) and not any(one.exists() for one in files)
    assert ImageEncoder(f"random:{NAME}", workers=2, batch=3, progress=False)._cache_file == files[0]


def test_arguments_that_cannot_be_are_told():
    for settings, message in (
        ({"batch": 0}, "batch is 0"),
        ({"workers": -1}, "workers is -1"),
        ({"on_error": "skip"}, "on_error is 'skip'"),
        ({"precision": "int8"}, "precision is 'int8'"),
        ({"device": "tpu"}, "device is 'tpu'"),
    ):
        with pytest.raises(ValueError, match=message):
            ImageEncoder(**settings)
    with pytest.raises(TypeError, match="Write encode"):
        ImageEncoder(f"random:{NAME}").encode("a.jpg")
    with pytest.raises(TypeError, match=r"one array of shape \(20, 30, 3\)"):
        ImageEncoder(f"random:{NAME}").encode(np.zeros((20, 30, 3), np.uint8))


def test_making_an_encoder_reads_no_file_and_its_name_says_what_it_is(encoder):
    ImageEncoder("no-such-network")
    assert repr(encoder) == f"ImageEncoder('random:{NAME}', dim=1280, size=64, device='cpu', float32)"


PLACES = [707, 897, 556, 835, 423]
EXPECTED = [22.61, 4.8495, 3.3432, 2.9958, 2.6227, 2.3868]  # the vector's length, and its numbers in those places


@pytest.fixture(scope="module")
def pretrained():
    if not any((cache_dir() / "assets").glob(f"{NAME}-*")):
        pytest.skip(f"{NAME} is not on this machine; fetch it with: recsys-lessons assets pull")
    return ImageEncoder(cache=False, progress=False, device="cpu")


def disc(colour, centre=(48, 48), size=96) -> Image.Image:
    y, x = np.mgrid[:size, :size]
    pixels = np.full((size, size, 3), 235, np.uint8)
    pixels[(x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 900] = colour
    return Image.fromarray(pixels)


def test_the_courses_own_network_gives_the_numbers_that_were_measured_when_it_was_registered(pretrained):
    vector = pretrained.encode([disc((200, 30, 30))]).vectors[0]
    assert (pretrained.dim, pretrained.size) == (1280, 160)
    expected = torch.tensor(EXPECTED)
    torch.testing.assert_close(vector[PLACES], expected[1:], atol=1e-3, rtol=1e-3)
    assert vector.norm().item() == pytest.approx(expected[0].item(), rel=1e-4)


def test_half_precision_keeps_a_pictures_direction(pretrained):
    images = [disc((200, 30, 30)), disc((30, 30, 200), (30, 60)), *pictures(4)]
    half = ImageEncoder(cache=False, progress=False, device="cpu", precision="bf16").encode(images).vectors
    assert torch.cosine_similarity(half, pretrained.encode(images).vectors).min() > 0.98
