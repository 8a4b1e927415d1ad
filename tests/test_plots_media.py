"""A contact sheet: what is there is shown, what is missing is seen, and what cannot be shown is told."""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from recsys_lessons.data.tinylens import _media
from recsys_lessons.data.tinylens._clips import clip_arrays
from recsys_lessons.data.tinylens._items import make_catalogue
from recsys_lessons.data.tinylens._sounds import sound_array
from recsys_lessons.errors import MediaError
from recsys_lessons.plots_media import _is_cjk, _pixels, _wrapped, contact_sheet

COLOURS = ((220, 30, 30), (30, 180, 60), (40, 60, 220))


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    """Three plain covers, one item without, one clip and one sound."""
    folder = tmp_path_factory.mktemp("sheet")
    for place, colour in enumerate(COLOURS):
        Image.new("RGB", (90, 60), colour).save(folder / f"{place}.jpg")
    item = make_catalogue(40, 0).truth.iloc[0]
    (folder / "0.mp4").write_bytes(_media.mp4(clip_arrays(item, 0), sound_array(item, 0)))
    (folder / "0.wav").write_bytes(_media.wav(sound_array(item, 0)))
    paths = [str(folder / f"{place}.jpg") for place in range(3)]
    lacking = [None, None, None]
    return pd.DataFrame(
        {
            "title": [
                "Red for $5",
                "Green",
                "Blue, and so on" + " with more words" * 6,
                "None",
            ],
            "cover": pd.Series([*paths, None], dtype=object),
            "video": pd.Series([None, str(folder / "0.mp4"), *lacking[:2]], dtype=object),
            "audio": pd.Series([str(folder / "0.wav"), *lacking], dtype=object),
        }
    )


def drawn(sheet):
    """(h, w, 3): the page as a notebook shows it."""
    return np.asarray(Image.open(BytesIO(sheet._repr_jpeg_())).convert("RGB")).astype(int)


def share(page, colour):
    return (np.abs(page - colour).max(axis=2) < 25).mean()


def test_every_cover_and_title_is_on_the_page_and_a_missing_one_has_an_empty_frame(items):
    sheet = contact_sheet(items, title="Four")
    page = drawn(sheet)
    assert all(share(page, colour) > 0.02 for colour in COLOURS)
    labels = [axes.get_xlabel() for part in sheet.subfigs for axes in part.axes]
    assert labels[0] == r"Red for \$5" and labels[1] == "Green" and labels[3] == "None"
    assert labels[2].count("\n") == 1 and labels[2].endswith("…")
    words = [text.get_text() for part in sheet.subfigs for axes in part.axes for text in axes.texts]
    assert words == ["no picture"]


def test_only_the_first_n_are_shown_in_rows_of_so_many_columns(items):
    two = contact_sheet(items, 2)
    assert share(drawn(two), COLOURS[2]) == 0
    narrow = contact_sheet(items, 4, columns=2)
    many = contact_sheet(pd.concat([items] * 3), 12, columns=12)
    assert max(len(axes.get_xlabel().split("\n")[0]) for axes in many.subfigs[0].axes) <= 16
    assert narrow.get_figheight() > contact_sheet(items, 4, columns=4).get_figheight()


def test_strips_show_those_items_that_have_a_clip_or_a_sound(items):
    plain = contact_sheet(items)
    sheet = contact_sheet(items, clips=3, sounds=3)
    covers, clips, sounds = sheet.subfigs
    assert [axes.get_title(loc="left") for axes in clips.axes] == ["Green"]
    assert [axes.get_title(loc="left") for axes in sounds.axes] == [r"Red for \$5", ""]
    frames = clips.axes[0].images[0].get_array()
    assert frames.shape[0] == 160 and frames.shape[1] > 8 * 160 and frames.std() > 10
    assert sounds.axes[1].images[0].get_array().max() == pytest.approx(0, abs=1e-6)
    assert sheet.get_figheight() > plain.get_figheight() + 2


def test_paths_alone_will_do_and_titles_may_come_beside_them(items):
    sheet = contact_sheet(list(items["cover"]), titles=list("abcd"))
    assert [axes.get_xlabel() for axes in sheet.subfigs[0].axes] == list("abcd")
    assert share(drawn(contact_sheet([items["cover"][0]])), COLOURS[0]) > 0.3


def test_a_page_takes_few_bytes_in_a_notebook_and_is_shown_once(items):
    sheet = contact_sheet(items, clips=1, sounds=1)
    assert sheet._repr_png_() is None
    page = sheet._repr_jpeg_()
    assert len(page) < 150_000
    assert page == contact_sheet(items, clips=1, sounds=1)._repr_jpeg_()


def test_a_tall_picture_is_cut_to_its_middle_square(tmp_path):
    picture = Image.new("RGB", (50, 300), (255, 255, 255))
    picture.paste((0, 0, 0), (0, 125, 50, 175))
    picture.save(tmp_path / "tall.png")
    pixels = _pixels(tmp_path / "tall.png")
    assert pixels.shape == (256, 256, 3) and pixels[8:-8].max() < 30


def test_chinese_is_recognised_and_parted_between_letters_within_the_width():
    assert _is_cjk("仓鼠的新窝") and _is_cjk("（第8集）") and not _is_cjk("café – 5")
    lines = _wrapped("杭州的一天：老板假装实习生在办公室里走来走去", 24).split("\n")
    assert len(lines) == 2 and all(len(line) <= 13 for line in lines)
    assert _wrapped("two words", 5) == "two\nwords"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": pd.DataFrame({"title": ["a"]})}, "no column cover or poster among title; make the world with media"),
        ({"items": []}, "no items to show"),
        ({"n": 0}, "n is 0"),
        ({"titles": "name"}, "no column 'name' for the titles; there are title, cover"),
        ({"titles": ["one"]}, "there are 1 titles for 4 items"),
    ],
)
def test_what_cannot_be_drawn_is_told(items, arguments, message):
    with pytest.raises(ValueError, match=message):
        contact_sheet(**{"items": items, **arguments})


def test_clips_without_a_column_of_them_are_refused(items):
    with pytest.raises(ValueError, match="no column 'video'"):
        contact_sheet(items.drop(columns="video"), clips=1)


@pytest.mark.parametrize("name", ["cover", "video", "audio"])
def test_a_file_that_cannot_be_read_is_named(items, tmp_path, name):
    (tmp_path / "broken").write_bytes(b"no media")
    broken = items.assign(**{name: pd.Series([str(tmp_path / "broken"), None, None, None], dtype=object)})
    with pytest.raises(MediaError, match="broken cannot be shown.*Replace the file"):
        contact_sheet(broken, clips=1, sounds=1)


def test_chinese_titles_have_all_their_glyphs(tmp_path):
    from recsys_lessons.data.tinylens import make_tinylens

    items = make_tinylens(tmp_path / "w", n_items=40, n_users=2, n_days=28, media=False, progress=False).data.items
    items = items.assign(cover=pd.Series([None] * len(items), dtype=object))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each glyph that a font lacks
        contact_sheet(items, 40, titles="title_zh", title="封面与标题")._repr_jpeg_()
