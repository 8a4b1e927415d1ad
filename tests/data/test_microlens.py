"""Catalogues on disk: MicroLens as it is published, TinyLens, and a learner's own folder."""

from __future__ import annotations

import io
import os
import unicodedata
import wave

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from recsys_lessons.data import _media_files
from recsys_lessons.data.microlens import load_microlens
from recsys_lessons.data.tinylens import load_tinylens, make_tinylens
from recsys_lessons.errors import DataFileError
from recsys_lessons.recommenders.svd import SVDRecommender

PAIRS = "user,item,timestamp\n7,12,1583378629552\n7,3,1583378730000\n9,12,1662984132429\n"


def jpeg(colour: tuple = (200, 30, 30), size: int = 48) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(made, "JPEG")
    return made.getvalue()


def wav(seconds: float = 0.05) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\2" * int(8000 * seconds))
    return made.getvalue()


@pytest.fixture(scope="module")
def mp4() -> bytes:
    import av

    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for shade in range(4):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 60 * shade, dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return made.getvalue()


@pytest.fixture
def folder(tmp_path):
    """folder({"covers/1.jpg": b"...", "pairs.csv": "..."}): a folder with these files."""

    def made(files: dict[str, str | bytes], name: str = "catalogue"):
        for key, content in files.items():
            path = tmp_path / name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return tmp_path / name

    return made


def notes(data) -> str:
    return " / ".join(data.notes)


def test_microlens_50k_as_published(folder, mp4):
    place = folder(
        {
            "MicroLens-50k_pairs.csv": PAIRS,
            "MicroLens-50k_pairs.tsv": "7\t12 3\n9\t12\n",
            "MicroLens-50k_titles.csv": 'item,title\n3,"Walking, slowly\nin ""rain"""\n12,一只猫\n5,Nobody saw this\n',
            "MicroLens-50k_likes_and_views.txt": "3\t10\t20\n",
            "MicroLens-50k_covers/3.jpg": jpeg(),
            "MicroLens-50k_covers/12.jpg": jpeg(),
            "MicroLens-50k_audios/3.wav": wav(),
            "MicroLens-50k_videos/12.mp4": mp4,
            "readme.txt": "x",
        }
    )
    data = load_microlens(place)
    items = data.items.set_index("item_id")
    assert data.items["item_id"].tolist() == [3, 12, 5] and data.items["item_id"].dtype == np.int64
    assert items.loc[3, "title"] == items.loc[3, "text"] == 'Walking, slowly\nin "rain"'
    assert items.loc[12, "title"] == "一只猫"
    assert items.loc[3, "cover"] == str(place / "MicroLens-50k_covers" / "3.jpg")
    assert [items.loc[12, "audio"], items.loc[5, "cover"], items.loc[3, "video"]] == [None, None, None]
    assert data.interactions["timestamp"].tolist() == [1583378629, 1583378730, 1662984132]
    told = notes(data)
    assert "cover: 2 of 3 items have one / audio: 1 of 3 items have one / video: 1 of 3 items have one" in told
    assert "not read: MicroLens-50k_likes_and_views.txt (1 in all)" in told and "milliseconds became seconds" in told
    around = load_microlens(place.parent)  # the folder around it
    assert around.items.equals(data.items)


def test_microlens_100k_and_1m_have_titles_without_a_header_and_with_anything_in_them(folder):
    rows = '3,Cats, dogs "and birds\n12,"Quoted, ""twice"""\n5,\n'
    for name in ("MicroLens-100k_title_en.csv", "MicroLens-1M_title.csv"):
        stem = name.split("_")[0]
        files = {f"{stem}_pairs.csv": PAIRS, name: rows, "tags_to_summary.csv": "3,Pets\n12,Food\n"}
        data = load_microlens(folder(files | {f"{stem}_items.tsv": "1\t3\n2\t12\n"}, stem))
        assert data.items["title"].tolist() == ['Cats, dogs "and birds', 'Quoted, "twice"', "5"]
        assert data.items["text"].tolist()[2] == "" and data.items["category"].tolist() == ["Pets", "Food", ""]
        assert f"1 of 3 items have no title in {name}; theirs is the id (5)" in notes(data)


def test_a_pairs_tsv_alone_gives_the_order_and_says_that_there_are_no_times(folder):
    data = load_microlens(folder({"MicroLens-50k_pairs.tsv": "7\t12 3\n9\t3\n"}))
    assert data.interactions.to_numpy().tolist() == [[7, 12], [7, 3], [9, 3]]
    assert "timestamp" not in data.interactions and "an order and no times" in notes(data)
    assert data.items["title"].tolist() == ["3", "12"] and "text" not in data.items


def test_tinylens_is_read_like_any_other_catalogue_and_gives_the_same(tmp_path):
    world = make_tinylens(tmp_path / "world", 40, 6, n_days=60, media=False)
    covers = world.folder / "TinyLens_covers"
    covers.mkdir()
    (covers / "7.jpg").write_bytes(jpeg())
    data = load_microlens(world.folder)
    theirs = load_tinylens(world.folder).data
    pd.testing.assert_frame_equal(data.interactions, theirs.interactions, check_dtype=False)
    shared = ["item_id", "title", "caption", "creator", "title_zh", "text"]
    pd.testing.assert_frame_equal(data.items[shared], theirs.items[shared], check_dtype=False)
    assert data.users["user_id"].tolist() == theirs.users["user_id"].tolist()
    assert data.users["about"].tolist() == theirs.users["about"].tolist()
    assert data.items["cover"].dropna().tolist() == [str(covers / "7.jpg")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_folder_with_dates_and_names_as_ids(folder, encoding):
    pairs = "用户,视频,时间\n小明,雪山,2024-01-01\n小明,猫,2024-01-02T10:00:00Z\n小红,猫,2024-01-05\n"
    place = folder(
        {
            "观看.csv": pairs.encode(encoding),
            "标题.csv": "视频,标题,简介\n猫,一只猫,在窗台上睡觉\n雪山,日照金山,\n".encode(encoding),
            "封面/猫.JPG": jpeg(),
            "雪山.png": jpeg(),  # a JPEG under another name is still a picture
        }
    )
    data = load_microlens(place)
    assert data.items["item_id"].tolist() == ["猫", "雪山"]
    assert data.items["text"].tolist() == ["一只猫. 在窗台上睡觉", "日照金山"]
    assert data.items["cover"].tolist() == [str(place / "封面" / "猫.JPG"), str(place / "雪山.png")]
    assert data.interactions["timestamp"].tolist() == [1704067200, 1704189600, 1704412800]
    assert ("read as GB 18030" in notes(data)) is (encoding == "gb18030")


def test_latin_1_is_not_taken_for_chinese(folder):
    titles = "item,title\n3,Amélie Poulain\n12,Señor\n".encode("latin-1")
    data = load_microlens(folder({"pairs.csv": PAIRS, "titles.csv": titles}))
    assert data.items["title"].tolist() == ["Amélie Poulain", "Señor"] and "read as Latin-1" in notes(data)


def test_ids_stay_what_they_are(folder):
    pairs = "user,item\na,007\nb,10\nb,NA\n"
    data = load_microlens(folder({"pairs.csv": pairs, "007.jpg": jpeg(), "NA.wav": wav()}))
    assert data.items["item_id"].tolist() == ["007", "10", "NA"]  # a zero in front and "NA" are parts of a name
    assert [path and os.path.basename(path) for path in data.items["cover"]] == ["007.jpg", None, None]
    zeros = load_microlens(folder({"pairs.csv": "user,item\n1,07\n1,7\n"}, "zeros"))
    assert zeros.items["item_id"].tolist() == ["07", "7"] and zeros.users["user_id"].tolist() == [1]
    numbers = load_microlens(folder({"pairs.csv": PAIRS, "0003.jpg": jpeg()}, "numbers"))
    assert numbers.items["cover"].notna().tolist() == [True, False]
    mixed = load_microlens(folder({"pairs.csv": PAIRS, "titles.csv": "item,title\n3,x\nnew,y\n"}, "mixed"))
    assert mixed.items["item_id"].tolist() == ["3", "new", "12"]  # of one kind in all tables


def test_names_that_a_mac_has_taken_apart_are_found(folder):
    place = folder({"pairs.csv": "user,item\na,caf\u00e9\nb,caf\u00e9\n"})
    (place / (unicodedata.normalize("NFD", "café") + ".jpg")).write_bytes(jpeg())
    assert load_microlens(place).items["cover"].notna().all()


def test_context_users_and_ratings_come_along(folder):
    place = folder(
        {
            "pairs.csv": "user;item;rating;timestamp\n1;3;4.5;100\n2;3;2;200\n2;12;5;300\n",
            "context.csv": "user,item,timestamp,place,hour\n1,3,100,home,8\n2,12,300,work,9\n",
            "users.csv": "user,about\n1,I like cats.\n",
        }
    )
    data = load_microlens(place, min_rating=4)
    assert data.interactions["place"].tolist() == ["home", "work"] and data.interactions["rating"].tolist() == [4.5, 5]
    assert data.users.to_numpy().tolist() == [[1, "I like cats."], [2, ""]]
    assert "1 of 3 interactions have no row in context.csv" in notes(data)


def test_files_that_are_stray_double_hidden_or_links_are_counted_and_named(folder, tmp_path):
    place = folder(
        {
            "pairs.csv": PAIRS,
            "covers/3.jpg": jpeg(),
            "covers/3.png": jpeg(),
            "frames/3.jpg": jpeg(),
            "covers/77.jpg": jpeg(),
            "titles.csv": "item,title\n3,Three\n12,Twelve\n",
            "covers/._3.jpg": b"x",
            "__MACOSX/12.jpg": b"x",
            "Thumbs.db": b"x",
            "elsewhere/real.bin": jpeg(),
        }
    )
    os.symlink(place / "elsewhere" / "real.bin", place / "covers" / "12.jpg")
    os.symlink(place / "nowhere", place / "12.wav")
    os.symlink(place, place / "covers" / "loop")
    data = load_microlens(place)
    assert data.items["cover"].tolist() == [str(place / "covers" / "3.jpg"), str(place / "covers" / "12.jpg")]
    told = notes(data)
    assert "of no item: 1 (covers/77.jpg)" in told
    assert "not used: 2 (covers/3.png (instead: covers/3.jpg), frames/3.jpg (instead: covers/3.jpg))" in told
    assert "hidden and passed over: 2 (__MACOSX/12.jpg, covers/._3.jpg)" in told
    assert "lead nowhere, and count as missing: 1 (12.wav)" in told and "are followed: 1 (covers/12.jpg)" in told
    assert "audio" not in data.items and "audio: no item has one" in told


def test_without_titles_a_file_is_an_item_though_nobody_has_met_it(folder):
    files = {"covers/77.jpg": jpeg(), "8.wav": wav(), "covers/logo.png": jpeg(), "covers/.9.jpg": jpeg()}
    data = load_microlens(folder({"pairs.csv": "user,item\n1,12\n1,3\n", **files}))
    assert data.items["item_id"].tolist() == [3, 8, 12, 77]
    assert data.active_items().tolist() == [3, 12] and data.items["cover"].notna().tolist() == [False] * 3 + [True]
    told = notes(data)
    assert "items of which there are only files: 2 (8, 77)" in told and "of no item: 1 (covers/logo.png)" in told


def broken(mp4: bytes) -> dict[str, tuple[bytes, str]]:
    whole = jpeg(size=200)
    return {
        "3.jpg": (b"", "0 bytes"),
        "3.png": (b"<!DOCTYPE html><html>", "a web page"),
        "3.webp": (b"not a picture at all", "no picture format is known"),
        "3.jpeg": (whole[: len(whole) // 2], "cannot be decoded"),
        "3.wav": (wav()[:-40], "cut short"),
        "3.mp3": (b"text under a name", "cannot be decoded"),
        "3.mp4": (mp4[:-30], "cut short"),
        "3.mov": (mp4[: mp4.index(b"moov") - 4], "moov"),
        "3.m4a": (b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\1wide" + bytes(64), "moov"),  # a box of length 0 leads nowhere
        "3.mkv": (b"RIFF\x00\x00\x00\x00WAVEfmt ", "cannot be decoded"),
    }


NAMES = ("3.jpg", "3.png", "3.webp", "3.jpeg", "3.wav", "3.mp3", "3.mp4", "3.mov", "3.m4a", "3.mkv")


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_file_counts_as_missing_and_is_named(folder, mp4, name):
    content, why = broken(mp4)[name]
    place = folder({"pairs.csv": PAIRS, name: content})
    data = load_microlens(place)
    assert not {"cover", "audio", "video"} & set(data.items.columns)
    assert f"broken and count as missing: 1 ({name}: " in notes(data) and why in notes(data)
    unchecked = load_microlens(place, check_media=False)
    assert str(place / name) in unchecked.items.iloc[0].tolist() and "broken" not in notes(unchecked)


def test_an_unusual_file_that_can_be_decoded_is_whole(folder):
    bitmap = io.BytesIO()
    Image.new("RGB", (4, 4)).save(bitmap, "TIFF")
    place = folder({"pairs.csv": PAIRS, "3.jpg": bitmap.getvalue(), "12.jpg": jpeg() + b"camera's notes" * 900})
    assert load_microlens(place).items["cover"].notna().all()


def test_a_whole_file_of_another_name_takes_the_place_of_a_broken_one(folder):
    place = folder({"pairs.csv": PAIRS, "3.jpg": b"", "3.png": jpeg()})
    assert load_microlens(place).items["cover"].iloc[0] == str(place / "3.png")


def test_decoding_finds_what_a_header_does_not_tell(folder, mp4):
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(noise, "PNG")
    spoilt = noise.getvalue()[:2000] + bytes(400) + noise.getvalue()[2400:]
    start = mp4.index(b"mdat") + 4
    files = {"3.png": spoilt, "3.mp4": mp4[:start] + bytes(len(mp4) - start), "12.jpg": jpeg(), "12.wav": wav()}
    place = folder({"pairs.csv": PAIRS, "12.mp4": mp4, **files})
    data = load_microlens(place, check_media="decode")
    assert data.items[["cover", "audio", "video"]].notna().to_numpy().tolist() == [[False] * 3, [True] * 3]
    with pytest.raises(ValueError, match="check_media is 'deep'; it is True, False or 'decode'"):
        load_microlens(place, check_media="deep")


def test_nothing_is_opened_without_a_check(folder, monkeypatch):
    place = folder({"pairs.csv": PAIRS, "3.jpg": jpeg()})
    monkeypatch.setattr(_media_files, "fault", lambda *_, **__: pytest.fail("a file was opened"))
    assert load_microlens(place, check_media=False).items["cover"].notna().sum() == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x.csv": "a,b\n1,2\n"}, r"holds no interactions: it needs a csv .* and has x.csv"),
        ({"train.parquet": b"PAR1"}, r"MicroLens-1M_pairs.csv"),
        ({"a_pairs.csv": PAIRS, "b_pairs.csv": PAIRS}, "several catalogues: a_pairs.csv and b_pairs.csv"),
        ({"a/pairs.csv": PAIRS, "b/pairs.csv": PAIRS}, r"holds 2 catalogues \(a, b\)"),
        ({"pairs.csv": "7,12,100\n9,3,200\n"}, r"pairs.csv in .* has no header: line 1 is \['7', '12', '100'\]"),
        ({"pairs.csv": "user,itm\n7,12\n"}, r"has no column 'item'; line 1 names \['user', 'itm'\].*mean 'itm'"),
        ({"pairs.csv": "user,item\n7,12\n7,\n"}, r"line 3 of pairs.csv in .*: item is missing \(1 in all\)"),
        (
            {"pairs.csv": "user,item\n7,12\n7,12,5\n"},
            r"line 3 of pairs.csv .*'7,12,5'\): 3 fields, and the header has 2",
        ),
        ({"pairs.csv": "user,item\n7,12,5\n7,12,5\n"}, r"the rows of pairs.csv in .* have more fields than the header"),
        ({"pairs.csv": "user,item,time\n7,12,soon\n"}, r"time is 'soon' in line 2"),
        ({"pairs.csv": "user,item,time\n7,12,1583378629552\n7,3,158337\n"}, r"mixes units: .* in line 2 .* in line 3"),
        ({"pairs.csv": "user,item,rating\n7,12,\n"}, r"line 2 of pairs.csv in .*: rating is missing"),
        ({"pairs.csv": b""}, r"pairs.csv in .* is empty"),
        ({"pairs.csv": "user,item\n\n"}, r"no interactions below its header"),
        ({"pairs.csv": "<html>moved"}, r"is a web page"),
        ({"pairs.csv": "user,item\n1,2\n".encode("utf-16")}, r"is UTF-16"),
        ({"pairs.tsv": "7\t\n"}, r"line 1 of pairs.tsv .*a user, a tab and items"),
        ({"pairs.csv": PAIRS, "titles.csv": "item,title,more\n3,a,b\n12,a\n"}, r"line 3 of titles.csv .*2 fields"),
        ({"pairs.csv": PAIRS, "titles.csv": 'item,title,more\n3,a,b\n12,"a,b\n'}, r"line 3 of titles.csv .*quotation"),
        ({"pairs.csv": PAIRS, "titles.csv": "item,title\n,a\n"}, r"line 2 of titles.csv in .* has no item id"),
        ({"pairs.csv": PAIRS, "users.csv": "user,x\n7,a\n7,b\n"}, r"line 3 of users.csv in .*: user 7 stands twice"),
        (
            {"pairs.csv": PAIRS, "context.csv": "user,item,hour\nx,3,8\n"},
            r"context.csv in .* has the user 'x', and pairs",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_file_line_value_and_fix(folder, files, message):
    with pytest.raises(DataFileError, match=message):
        load_microlens(folder(files))


def test_a_folder_that_is_none_is_named(folder):
    place = folder({"pairs.csv": PAIRS})
    with pytest.raises(DataFileError, match="there is no folder .*nowhere"):
        load_microlens(place / "nowhere")
    with pytest.raises(DataFileError, match="pairs.csv is a file. Pass the folder"):
        load_microlens(place / "pairs.csv")


def test_two_titles_of_one_item_and_commas_in_titles_are_told(folder):
    data = load_microlens(folder({"pairs.csv": PAIRS, "titles.csv": "item,title\n3,a, b\n12,c\n12,d\n"}))
    assert data.items["title"].tolist() == ["a, b", "c"]
    assert "titles were read line by line" in notes(data) and "item 12 in line 4" in notes(data)


def test_a_learners_own_pictures_lead_to_recommendations_with_reasons(folder):
    reds, blues = [f"r{i}" for i in range(8)], [f"b{i}" for i in range(8)]
    random = np.random.default_rng(0)
    shade = {name: int(random.integers(150, 250)) for name in reds + blues}
    pictures = {f"{n}.jpg": jpeg((shade[n], 10, 10) if n in reds else (10, 10, shade[n])) for n in reds + blues}
    likes = [(f"u{u}", name) for u in range(20) for name in random.choice((reds, blues)[u % 2][:7], 5, replace=False)]
    titles = "item,title\n" + "".join(f"{name},Picture {name}\n" for name in reds + blues)
    pairs = "user,item\n" + "".join(f"{user},{item}\n" for user, item in likes)
    data = load_microlens(folder({"pairs.csv": pairs, "titles.csv": titles, **pictures}))
    colours = np.stack([np.asarray(Image.open(path)).mean((0, 1)) for path in data.items["cover"]])
    model = SVDRecommender(4, item_features=colours / 255).fit(data)
    new = model.recommend("u0", k=16).set_index("item_id")["score"]
    assert new["r7"] > new["b7"]  # nobody has seen either of them: only the picture tells
    assert len(model.explain("u0", item="r7")) > 0
