"""Somebody's own folder of pictures and sounds becomes explained recommendations, as the README says."""

from __future__ import annotations

import wave

import numpy as np
import pytest
from PIL import Image, ImageDraw

from recsys_lessons import MultimodalRecommender, encode_items, load_microlens


@pytest.fixture
def folder(tmp_path):
    """Twelve items: circles on red and squares on blue, low and high notes; no titles, and one broken file."""
    (tmp_path / "Pictures").mkdir()
    (tmp_path / "sounds").mkdir()
    random = np.random.default_rng(0)
    for item in range(12):
        is_circle = item % 2 == 0
        picture = Image.new("RGB", (96, 96), (200, 60, 60) if is_circle else (60, 60, 200))
        where = [int(one) for one in (*random.integers(5, 25, 2), *random.integers(60, 90, 2))]
        draw = ImageDraw.Draw(picture)
        (draw.ellipse if is_circle else draw.rectangle)(where, fill="white")
        picture.save(tmp_path / "Pictures" / f"item {item}.png")
        with wave.open(str(tmp_path / "sounds" / f"item {item}.wav"), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(16_000)
            note = np.sin(2 * np.pi * (220 if is_circle else 1760) * np.arange(8_000) / 16_000)
            file.writeframes((12_000 * note).astype("<i2").tobytes())
    (tmp_path / "Pictures" / "item 11.png").write_bytes(b"not a picture")
    lines = ["user,item", "ann,item 0", "ann,item 2", "ann,item 4", "bob,item 1", "bob,item 3", "cem,item 1"]
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_a_folder_of_ones_own_gives_explained_recommendations(folder):
    catalogue = load_microlens(folder, progress=False)
    assert any("item 11" in note for note in catalogue.notes), "the broken file is told"
    modalities = encode_items(catalogue, progress=False)
    assert list(modalities) == ["cover", "audio"]
    assert modalities["cover"].mask.sum() == catalogue.n_items - 1 and modalities["audio"].mask.all()
    model = MultimodalRecommender(modalities, how="profile").fit(catalogue)
    table = model.recommend("ann", k=3)
    assert set(table["item_id"]) == {"item 6", "item 8", "item 10"}, "circles that nobody has met yet"
    why = model.explain("ann", item="item 6", by="modality")
    score = float(model.scores(["ann"])[0, catalogue.item_rows(["item 6"])[0]])
    assert set(why["modality"]) == {"cover", "audio"} and why["contribution"].sum() == pytest.approx(score, abs=1e-5)
    lacking = model.explain("bob", item="item 11", by="modality").set_index("modality")["contribution"]
    assert lacking["audio"] > 0.5 > abs(lacking["cover"])
    assert set(model.explain("ann", item="item 6")["item_id"]) == {"item 0", "item 2", "item 4"}
