"""The picture of a TinyLens world: whole, named, and the same bytes for the same world."""

from __future__ import annotations

import pytest

from recsys_lessons.data.tinylens import make_tinylens
from recsys_lessons.plots_world import world_picture


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_tinylens(
        tmp_path_factory.mktemp("tinylens") / "w", n_items=120, n_users=40, media=False, progress=False
    )


def words_of(picture) -> str:
    axes = [axes for part in picture.subfigs for axes in part.axes]
    return " | ".join(text for one in axes for text in (one.get_title("left"), *(t.get_text() for t in one.texts)))


def test_it_shows_a_person_of_each_kind_and_names_what_changes_and_when(world):
    words = words_of(world_picture(world))
    assert "no change" in words
    told = [
        change
        for change in world.truth.changes.itertuples()
        if f"user {change.user_id}: {change.from_topic} gives way to {change.to_topic}" in words
    ]
    assert sorted(change.kind for change in told) == ["gradual", "step"]
    for change in told:
        assert f"day {(change.timestamp - 1_704_067_200) / 86_400:.0f}" in words


def test_the_counts_in_the_bars_add_up_to_the_catalogue(world):
    bars = world_picture(world).subfigs[0].axes[0]
    assert sum(int(text.get_text().splitlines()[-1]) for text in bars.texts) == 120


def test_the_bands_of_a_person_fill_the_whole_height(world):
    bands = world_picture(world, [5]).subfigs[1].axes[0].collections
    top = max(path.vertices[:, 1].max() for band in bands[:8] for path in band.get_paths())
    assert top == pytest.approx(1.0, abs=1e-4)


def test_the_same_world_gives_the_same_bytes_and_fits_into_a_notebook(world):
    first, second = (world_picture(world)._repr_png_() for _ in range(2))
    assert first == second
    assert first[:4] == b"\x89PNG"
    assert len(first) < 350_000


def test_too_many_people_and_strangers_are_refused(world):
    with pytest.raises(ValueError, match="there are 5 users"):
        world_picture(world, [1, 2, 3, 4, 5])
    with pytest.raises(KeyError, match="unknown user id 999"):
        world_picture(world, [999])
