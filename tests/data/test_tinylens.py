"""TinyLens: the same world everywhere, read back as it was made, and made the way its truth says."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.tinylens import _effects, _files, _phrases, _vocabulary, _world, load_tinylens, make_tinylens
from recsys_lessons.errors import DataFileError


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_tinylens(
        tmp_path_factory.mktemp("tinylens") / "w", n_items=120, n_users=60, seed=3, media=False, progress=False
    )


def test_the_same_seed_gives_these_very_tables_on_any_machine(tmp_path):
    small = make_tinylens(tmp_path / "w", n_items=40, n_users=5, seed=1, n_days=28, media=False, progress=False)
    files = json.loads((small.folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    hashes = "".join(files[name]["sha256"] for name in sorted(files))
    # Changed on purpose? Then raise VERSION in _files.py, so that no old world is taken for a new one.
    assert (_files.VERSION, hashlib.sha256(hashes.encode()).hexdigest()[:16]) == (2, "222f8201189ed1e0")


def test_another_seed_gives_another_world_and_more_people_leave_the_items_as_they_are(world, tmp_path):
    other = make_tinylens(tmp_path / "other", n_items=120, n_users=60, seed=4, media=False, progress=False)
    assert not other.data.items["title"].equals(world.data.items["title"])
    assert not other.truth.users.equals(world.truth.users)
    fewer = make_tinylens(tmp_path / "fewer", n_items=120, n_users=5, seed=3, media=False, progress=False)
    pd.testing.assert_frame_equal(fewer.truth.items, world.truth.items)


def test_what_is_read_is_exactly_what_was_generated(world):
    made = _world._generate(120, 60, 3, 180, False)
    for name, table in _files.read_tables(world.folder).items():
        pd.testing.assert_frame_equal(table, made[name], check_exact=True)


def test_pairs_and_titles_are_laid_out_as_in_microlens(world):
    pairs = pd.read_csv(world.folder / "TinyLens_pairs.csv")
    assert list(pairs.columns) == ["user", "item", "timestamp"]
    assert pairs["timestamp"].is_monotonic_increasing
    assert pd.to_datetime(pairs["timestamp"].iloc[0], unit="ms").year == 2024
    assert list(pd.read_csv(world.folder / "TinyLens_titles.csv").columns) == ["item", "title"]
    user, items = (world.folder / "TinyLens_pairs.tsv").read_text().splitlines()[0].split("\t")
    assert [int(item) for item in items.split()] == world.data.history(int(user))["item_id"].tolist()


def test_the_schema_is_the_promised_one(world):
    items, users, events = world.data.items, world.data.users, world.data.interactions
    assert {"item_id", "title", "title_zh", "caption", "caption_zh", "creator", "text", "text_zh"} <= set(items)
    assert list(users) == ["user_id", "about", "about_zh"]
    context = ["timestamp", "hour", "weekday", "place", "city", "company", "purpose"]
    assert list(events) == ["user_id", "item_id", *context]
    assert events["timestamp"].is_monotonic_increasing
    assert not events.duplicated(["user_id", "item_id"]).any()
    assert (events["timestamp"] // 3600 % 24 == events["hour"]).all()
    assert ((events["timestamp"] // 86_400 + 3) % 7 == events["weekday"]).all()  # 1970-01-01 was a Thursday
    assert events["timestamp"].between(1_704_067_200, 1_704_067_200 + 180 * 86_400 - 1).all()
    assert set(events["place"]) == set(_vocabulary.PLACES)
    assert set(events["purpose"]) == set(_vocabulary.PURPOSES)
    assert set(events["company"]) == set(_vocabulary.COMPANIES)
    assert 35 < len(events) / 60 < 65
    assert not items[["title", "title_zh", "text", "text_zh"]].eq("").any().any()


def test_the_context_hangs_together(world):
    events = world.data.interactions.merge(world.truth.users, on="user_id")
    away = events["city"] != events["home_city"]
    assert (away == (events["place"] == "travelling")).all()
    assert 0.05 < away.mean() < 0.25
    assert events.loc[events["company"] == "children", "has_children"].all()
    office = events[events["place"] == "office"]
    assert (office["job"] != "at home").all()
    assert (events.loc[events["purpose"] == "sleep", "hour"].isin([20, 21, 22, 23, 0, 1, 2, 3, 4])).mean() > 0.8


def test_travellers_watch_where_they_are_more_than_they_would_by_chance(world):
    events = world.data.interactions.merge(world.truth.items, on="item_id", suffixes=("", "_of_item"))
    here = events["city"] == events["city_of_item"]
    travelling = events["place"] == "travelling"
    assert here[travelling].mean() > 0.4 > here[~travelling].mean()


def test_the_shares_that_mislead_lack_and_move_are_near_those_promised(tmp_path):
    made = _world.make_catalogue(2000, 0).truth
    assert 0.06 < made["misleading"].mean() < 0.10
    assert 0.06 < made["lacks"].str.contains("caption").mean() < 0.10
    people = _world.make_people(100, made, 0, 180)
    assert people.truth["drift"].value_counts().to_dict() == {"none": 60, "step": 20, "gradual": 20}
    days = (people.changes["until"] - people.changes["timestamp"]) / 86_400
    gradual = people.changes["kind"] == "gradual"
    assert days[~gradual].eq(0).all()
    assert days[gradual].between(30, 45).all()


def test_a_misleading_caption_speaks_of_another_topic_in_both_languages(world):
    joined = world.data.items.merge(world.truth.items, on="item_id")
    for item in joined.itertuples():
        spoken = {
            _vocabulary.TOPIC_OF[subtopic]
            for subtopic, pairs in _phrases.phrases().items()
            for english, chinese in pairs
            if english.lower() in item.caption.lower() and chinese in item.caption_zh
        }
        assert bool(spoken) == bool(item.caption)
        if item.caption:
            assert (item.topic in spoken) != item.misleading


def test_a_fact_that_an_item_lacks_is_not_in_the_knowledge(world):
    known = world.knowledge
    for item in world.truth.items.itertuples():
        relations = set(known.loc[known["head"] == f"item {item.item_id}", "relation"])
        assert relations == {"made_by", "about", "filmed_in"} - set(item.lacks.split("; "))
    assert known.loc[known["relation"] == "part_of", "head"].nunique() == 32


def test_every_subtopic_has_ten_phrasings_in_both_languages_that_do_not_name_it():
    assert list(_phrases.phrases()) == list(_vocabulary.SUBTOPICS) == [s for s in _vocabulary.SPOKEN][:32]
    for subtopic, pairs in _phrases.phrases().items():
        assert len({english for english, _ in pairs}) == len({chinese for _, chinese in pairs}) == 10
        named = [english for english, _ in pairs if subtopic in english.lower()]
        assert len(named) <= 1, subtopic
        assert all(any("一" <= letter <= "鿿" for letter in chinese) for _, chinese in pairs)


def test_the_table_of_effects_names_values_and_attributes_that_exist(world):
    known = set(world.truth.attributes) | {"city here"}
    assert set(_effects.context_effects()["attribute"]) <= known
    words = {"purpose": _vocabulary.PURPOSES, "company": _vocabulary.COMPANIES, "place": _vocabulary.PLACES}
    for row in world.truth.context_effects.itertuples():
        assert row.field not in words or row.value in words[row.field]


def test_utility_is_the_sum_that_the_docstring_writes(world):
    truth, event = world.truth, world.data.interactions.iloc[[700]]
    user = event["user_id"].iloc[0]
    utility = truth.utility([user], event)[0]
    for column in (0, 17, 119):
        item = truth.items["item_id"].iloc[column]
        causes = truth.causes(user, item, event)
        total = causes.loc[causes["cause"] != "shown often", "contribution"].sum()
        assert total == pytest.approx(utility[column], abs=1e-5)


def test_a_purpose_adds_its_weight_times_the_sensitivity_and_nothing_elsewhere(world):
    truth, user = world.truth, world.truth.users.iloc[4]
    plain = truth.utility([user.user_id], pd.DataFrame({"purpose": [np.nan]}))[0]
    cooking = truth.utility([user.user_id], pd.DataFrame({"purpose": ["cook"]}))[0]
    table = truth.context_effects.set_index(["field", "value", "attribute"])["weight"]
    expected = (truth.items["topic"] == "food") * table["purpose", "cook", "topic food"]
    for subtopic in ("baking", "street food"):
        expected += (truth.items["subtopic"] == subtopic) * table["purpose", "cook", f"subtopic {subtopic}"]
    np.testing.assert_allclose(cooking - plain, expected * user.sensitivity, atol=1e-5)


def test_a_missing_field_has_no_effect_and_a_range_of_hours_may_pass_midnight(world):
    truth, users = world.truth, [1, 1, 1, 1]
    contexts = pd.DataFrame({"hour": [23, 2, 15, np.nan], "company": [None, np.nan, None, None]})
    late, night, day, unknown = truth.utility(users, contexts)
    np.testing.assert_array_equal(late, night)
    np.testing.assert_array_equal(day, unknown)
    np.testing.assert_array_equal(unknown, truth.utility([1])[0])
    assert (late[(truth.items["mood"] == "calm").to_numpy()] > day[(truth.items["mood"] == "calm").to_numpy()]).all()


def test_an_interest_moves_on_its_date_at_once_or_gradually(world):
    truth = world.truth
    for change in truth.changes.itertuples():
        middle = (change.timestamp + change.until) // 2
        moments = [change.timestamp - 1, middle, change.until, np.nan]
        before, halfway, after, last = truth.moved([change.user_id] * 4, moments)
        assert (before, after, last) == (0, 1, 1)
        assert halfway == (1 if change.kind == "step" else pytest.approx(0.5, abs=1e-4))
        sides = pd.DataFrame({"timestamp": [change.timestamp - 1, change.until]})
        chance = truth.probability([change.user_id] * 2, sides)
        old, new = ((truth.items["topic"] == topic).to_numpy() for topic in (change.from_topic, change.to_topic))
        assert chance[0, old].sum() > chance[1, old].sum()
        assert chance[0, new].sum() < chance[1, new].sum()
    assert set(truth.changes["kind"]) == {"step", "gradual"}
    still = truth.users.loc[truth.users["drift"] == "none", "user_id"].iloc[0]
    assert truth.moved([still], [2e9]) == 0


def test_choices_follow_the_probability_that_the_truth_states(world):
    # Over all events, the chosen item's stated probability must be as high as draws from it would have.
    events = world.data.interactions
    chance = world.truth.probability(events["user_id"], events).astype(float)
    seen: dict = {}
    for row, (user, item) in enumerate(zip(events["user_id"], events["item_id"] - 1, strict=True)):
        chance[row, seen.setdefault(user, [])] = 0
        seen[user].append(item)
    chance /= chance.sum(axis=1, keepdims=True)
    got = np.log(chance[np.arange(len(events)), events["item_id"] - 1])
    logs = np.log(np.maximum(chance, 1e-300))
    mean = (chance * logs).sum(axis=1)
    variance = (chance * logs**2).sum(axis=1) - mean**2
    assert abs((got - mean).sum()) < 4 * np.sqrt(variance.sum())


def test_a_few_items_hold_many_interactions(world):
    counts = world.data.interactions["item_id"].value_counts()
    assert counts.iloc[:12].sum() > 0.15 * counts.sum()


def test_an_unknown_user_value_or_number_of_contexts_is_named(world):
    with pytest.raises(KeyError, match="user 999"):
        world.truth.utility([999])
    with pytest.raises(ValueError, match="city is 'Paris' in context 1; this world knows Beijing"):
        world.truth.utility([1, 1], pd.DataFrame({"city": ["Beijing", "Paris"]}))
    with pytest.raises(ValueError, match="hour is 24"):
        world.truth.utility([1], pd.DataFrame({"hour": [24]}))
    with pytest.raises(ValueError, match="2 users and 1 contexts"):
        world.truth.utility([1, 1], pd.DataFrame({"hour": [3]}))


def test_a_complete_folder_is_read_and_not_made_again(world, monkeypatch):
    monkeypatch.setattr(_world, "_generate", lambda *_: pytest.fail("made again"))
    again = make_tinylens(world.folder, n_items=120, n_users=60, seed=3, media=False)
    pd.testing.assert_frame_equal(again.data.interactions, world.data.interactions)
    with pytest.raises(
        DataFileError, match="it was made with n_items=120, .* not with n_items=120, n_users=60, seed=4"
    ):
        make_tinylens(world.folder, n_items=120, n_users=60, seed=4, media=False)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: (folder / "context.csv").unlink(), "context.csv is missing. Make the world again"),
        (lambda folder: (folder / "truth" / "tastes.csv").write_text("x"), "tastes.csv has changed since"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json is missing or damaged"),
        (lambda folder: shutil.rmtree(folder), "no such folder"),
    ],
)
def test_a_missing_or_damaged_table_is_named_with_what_to_do(world, tmp_path, harm, message):
    folder = tmp_path / "copy"
    shutil.copytree(world.folder, folder)
    load_tinylens(folder)
    harm(folder)
    with pytest.raises(DataFileError, match=message):
        load_tinylens(folder)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DataFileError, match="choose another folder"):
        make_tinylens(tmp_path, n_items=40, n_users=2, media=False)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_a_world_that_was_interrupted_leaves_nothing_that_could_be_taken_for_one(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files, "_write_sequences", fail)
    with pytest.raises(DataFileError, match="No space left"):
        make_tinylens(tmp_path / "w", n_items=40, n_users=2, n_days=28, media=False)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_is_the_default_and_a_damaged_world_in_it_is_made_again(private_home):
    world = make_tinylens(n_items=40, n_users=3, n_days=28, media=False)
    assert private_home in world.folder.parents
    (world.folder / "users.csv").write_text("")
    again = make_tinylens(n_items=40, n_users=3, n_days=28, media=False)
    pd.testing.assert_frame_equal(again.data.users, world.data.users)


def test_media_beside_the_tables_neither_disturb_nor_are_touched(world, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(world.folder, folder)
    (folder / "TinyLens_covers").mkdir()
    (folder / "TinyLens_covers" / "1.jpg").write_bytes(b"x")
    assert load_tinylens(folder).data.n_items == 120


@pytest.mark.parametrize("wrong", [{"n_items": 10}, {"n_users": 0}, {"seed": -1}, {"n_days": 7}, {"n_items": 600.0}])
def test_a_size_that_makes_no_world_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
        make_tinylens(**wrong, media=False)
