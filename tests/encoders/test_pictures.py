"""Every kind of picture to red, green and blue: what a file may hide, and what is said of those that cannot be read."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from recsys_lessons.encoders.pictures import MAX_PIXELS, open_picture, quiet_pillow, read_picture, to_square
from recsys_lessons.errors import MediaError


def drawn(width=96, height=64, mode="RGB") -> Image.Image:
    """Left red, right blue, a green corner at the upper left: every turn of it looks different."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (220, 30, 30)
    pixels[:, width // 2 :] = (30, 30, 220)
    pixels[: height // 4, : width // 4] = (30, 200, 30)
    return Image.fromarray(pixels).convert(mode)


def as_file(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000"])
def test_every_kind_of_file_shows_the_same_picture_from_disk_and_from_memory(tmp_path, kind):
    data = as_file(drawn(), kind)
    (tmp_path / "a").write_bytes(data)
    for item in (data, bytearray(data), tmp_path / "a", str(tmp_path / "a")):
        assert difference(open_picture(item), drawn()) < 6


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "LA", "RGBA", "PA", "HSV"])
def test_every_mode_becomes_the_colours_that_it_stands_for(mode):
    palette = drawn().quantize(16)
    image = {"P": palette, "PA": palette.convert("PA")}.get(mode) or drawn(mode=mode)
    expected = drawn(mode="L").convert("RGB") if mode in ("L", "LA") else drawn()
    if mode == "1":
        expected = drawn(mode="1").convert("RGB")
    assert difference(open_picture(image), expected) < 6


def test_cmyk_jpeg_is_not_inverted():
    assert difference(open_picture(as_file(drawn(mode="CMYK"), "JPEG", quality=95)), drawn()) < 12


def test_sixteen_bits_are_scaled_and_not_cut_off():
    grey = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    expected = np.rint(grey / 257)
    for kind in ("PNG", "TIFF"):
        found = np.asarray(open_picture(as_file(Image.fromarray(grey), kind)), np.float32)
        assert np.abs(found[:, :, 0] - expected).max() <= 1
    assert np.abs(np.asarray(open_picture(grey), np.float32)[:, :, 1] - expected).max() <= 1


def test_floats_in_a_file_are_read_as_shares_of_one_or_of_255_and_else_refused():
    shares = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    for values in (shares, shares * 255):
        found = np.asarray(open_picture(as_file(Image.fromarray(values), "TIFF")), np.float32)
        assert np.abs(found[:, :, 0] - np.rint(shares * 255)).max() <= 1
    with pytest.raises(MediaError, match="white is unknown"):
        open_picture(as_file(Image.fromarray(shares * 1e6), "TIFF"))


def test_what_is_transparent_is_white_in_rgba_palette_and_grey():
    alpha = drawn(mode="RGBA")
    alpha.putalpha(Image.fromarray(np.where(np.arange(96) < 48, 0, 255).astype(np.uint8)[None].repeat(64, 0)))
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([200, 0, 0, 0, 0, 200])
    palette.paste(1, (4, 0, 8, 8))
    found = np.asarray(open_picture(as_file(alpha, "PNG")))
    assert (found[:, :48] == 255).all() and (found[:, 48:] == (30, 30, 220)).all()
    found = np.asarray(open_picture(as_file(palette, "GIF", transparency=0)))
    assert (found[:, :4] == 255).all() and (found[:, 4:] == (0, 0, 200)).all()
    found = np.asarray(open_picture(as_file(Image.new("L", (4, 4), 7), "PNG", transparency=7)))
    assert (found == 255).all()


def test_large_transparent_pictures_are_white_too_when_they_come_reduced():
    found = read_picture(as_file(Image.new("RGBA", (900, 900), (200, 0, 0, 0)), "PNG"), 32)
    assert (found == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_stands_upright_as_pillow_itself_turns_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = as_file(drawn(), "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        assert difference(open_picture(data), ImageOps.exif_transpose(image).convert("RGB")) == 0
        assert difference(open_picture(image), ImageOps.exif_transpose(image).convert("RGB")) == 0


def test_damaged_exif_around_a_good_picture_is_no_error():
    data = as_file(drawn(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + b"\x99" * 20, quality=95)
    with quiet_pillow():
        assert difference(open_picture(data), drawn()) < 6


def test_a_picture_of_one_pixel_and_one_of_a_thousand_by_one_become_squares():
    for crop in (None, 0.875):
        assert (
            read_picture(Image.new("RGB", (1, 1), (9, 8, 7)), 64, crop=crop)[:, 0, 0] == torch.tensor([9, 8, 7])
        ).all()
        assert read_picture(Image.new("RGB", (1, 5000), (9, 8, 7)), 64, crop=crop).shape == (3, 64, 64)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_eight_thousand_pixels_squared_are_decoded_reduced_and_look_the_same(kind, monkeypatch):
    data = as_file(drawn(8000, 8000), kind, **({"compress_level": 1} if kind == "PNG" else {}))
    resized, resize = [], Image.Image.resize
    monkeypatch.setattr(Image.Image, "resize", lambda self, *a, **b: resized.append(self.size) or resize(self, *a, **b))
    found = read_picture(data, 64)
    assert max(resized[0]) <= 1000  # JPEG stops at an eighth
    expected = to_square(drawn(640, 640), 64)
    assert (found.float() - expected.float()).abs().mean() < 3


def test_the_whole_picture_is_squeezed_and_a_crop_equals_torchvisions_own():
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.functional import center_crop, pil_to_tensor, resize

    random = np.random.default_rng(0)
    for width, height in ((301, 240), (200, 333), (256, 256)):
        noise = Image.fromarray(random.integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8))
        image = noise.resize((width, height))
        theirs = resize(image, [256], InterpolationMode.BILINEAR)
        expected = pil_to_tensor(center_crop(theirs, [224])).float()
        found = to_square(image, 224, interpolation="bilinear", crop=224 / 256).float()
        assert (found - expected).abs().mean() < 1.5
    corner = to_square(drawn(), 64)[:, 2, 2]
    assert corner.tolist() == [30, 200, 30]


@pytest.mark.parametrize(
    "shape", [(20, 30), (20, 30, 1), (20, 30, 3), (20, 30, 4)], ids=["grey", "one channel", "colour", "alpha"]
)
@pytest.mark.parametrize(
    "kind", ["uint8", "uint16", "float32", "float64", "tensor uint8", "tensor float", "tensor bf16"]
)
def test_arrays_and_tensors_of_a_clear_shape_are_pictures(shape, kind):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    pixels[..., 3:] = 255
    flat = pixels.reshape(20, 30, -1)[:, :, :3]
    expected = np.repeat(flat, 3, axis=2) if flat.shape[2] == 1 else flat
    item = {"uint16": pixels * np.uint16(257), "float32": (pixels / 255).astype("f4"), "float64": pixels / 255}.get(
        kind, pixels
    )
    if kind.startswith("tensor"):
        item = torch.from_numpy(pixels)
        item = item if kind.endswith("uint8") else item / 255
        item = item.bfloat16() if kind.endswith("bf16") else item
        item = item.permute(2, 0, 1) if item.ndim == 3 else item
    found = np.asarray(open_picture(item), np.float32)
    assert found.shape == (20, 30, 3)
    assert np.abs(found - expected).max() <= (1 if "bf16" in kind else 0)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (np.zeros((3, 20, 30), np.uint8), r"\(3, 20, 30\).*transpose\(1, 2, 0\)"),
        (torch.zeros(20, 30, 3), r"\(20, 30, 3\).*permute\(2, 0, 1\)"),
        (np.zeros((2, 20, 30, 3), np.uint8), r"\(2, 20, 30, 3\)"),
        (np.zeros((20, 30, 2), np.uint8), r"\(20, 30, 2\)"),
        (np.zeros((0, 30, 3), np.uint8), "no pixel"),
        (np.zeros((20, 30), np.int64), "int64; pass uint8"),
        (np.full((20, 30), 200.0), "200.*divide by 255"),
        (np.full((20, 30), -1.5), "-1.5.*normalisation"),
        (np.full((20, 30), np.nan), "nan"),
    ],
)
def test_an_array_that_could_mean_two_things_is_refused_with_the_mend(item, message):
    with pytest.raises(MediaError, match=message):
        open_picture(item)


def test_what_cannot_be_read_says_why(tmp_path):
    data = as_file(drawn(640, 480), "JPEG")
    for item, message in (
        (b"", "empty"),
        (tmp_path / "no.jpg", "no such file"),
        (tmp_path, "cannot be opened"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that can be read.*<svg"),
        (data[: len(data) // 2], "truncated"),
        (as_file(drawn(640, 480), "PNG")[:-200], "truncated"),
        ("a\0b.jpg", "cannot be opened"),
    ):
        with pytest.raises(MediaError, match=message):
            open_picture(item)
    with pytest.raises(TypeError, match="a picture is a dict"):
        open_picture({})


def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch):
    import struct
    import zlib

    def png(width, height):
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
        body = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
        return b"\x89PNG\r\n\x1a\n" + body

    for side in (12000, 50000):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with quiet_pillow(), pytest.raises(MediaError, match="pixels"):
                open_picture(png(side, side))
            with pytest.raises(MediaError, match="pixels"):
                open_picture(png(side, side))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # somebody switched Pillow's own guard off
    with pytest.raises(MediaError, match=f"{MAX_PIXELS:,}"):
        open_picture(png(12000, 12000))


def test_pillows_global_settings_and_the_callers_picture_stay_as_they_are():
    from PIL import ImageFile

    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    image = drawn(mode="RGBA")
    pixels = image.tobytes()
    read_picture(image, 32)
    with pytest.raises(MediaError):
        open_picture(as_file(image, "PNG")[:-30])
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == before
    assert image.mode == "RGBA" and image.tobytes() == pixels


KINDS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "ICO", "JPEG2000", "PPM", "AVIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_any_damage_to_a_file_ends_in_a_picture_or_in_a_media_error(kind):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    random = np.random.default_rng(KINDS.index(kind))
    whole = np.frombuffer(as_file(drawn(60, 44), kind), np.uint8)
    refused = 0
    with quiet_pillow():
        for attempt in range(120):
            data = whole.copy()
            if attempt % 3 == 0:
                data = data[: random.integers(0, len(data))]
            else:  # in the header more often than in the pixels
                end = min(len(data), 200) if attempt % 3 == 1 else len(data)
                at = random.integers(0, end, size=random.integers(1, 12))
                data[at] = random.integers(0, 256, size=len(at), dtype=np.uint8)
            try:
                found = read_picture(data.tobytes(), 32)
            except MediaError:
                refused += 1
            else:
                assert found.shape == (3, 32, 32) and found.dtype == torch.uint8
    assert refused


def test_random_bytes_behind_any_mark_end_in_a_media_error_or_a_picture():
    random = np.random.default_rng(5)
    marks = [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"P6\n", b"\0\0\1\0"]
    marks += [b"RIFF\x40\0\0\0WEBPVP8 ", b"\0\0\0\x1cftypavif", b"\0\0\0\x0cjP  \r\n\x87\n", b"%!PS-Adobe-3.0 EPSF"]
    with quiet_pillow():
        for mark in marks:
            for _ in range(25):
                data = mark + random.bytes(int(random.integers(0, 400)))
                try:
                    assert read_picture(data, 32).shape == (3, 32, 32)
                except MediaError:
                    pass
