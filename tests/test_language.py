import pytest

from recsys_lessons import paths
from recsys_lessons.language import language, say


def test_the_folder_decides_unless_the_environment_does(tmp_path, monkeypatch):
    monkeypatch.delenv("RECSYS_LESSONS_LANG", raising=False)
    (tmp_path / "zh").mkdir()
    monkeypatch.chdir(tmp_path)
    assert language() == "en"
    monkeypatch.chdir(tmp_path / "zh")
    assert language() == "zh" and say({"en": "{n} films", "zh": "{n} 部电影"}, n=3) == "3 部电影"
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "en")
    assert language() == "en"


def test_a_language_that_is_not_spoken_is_named(monkeypatch):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "fr")
    with pytest.raises(ValueError, match="'fr'.*'en' or 'zh'"):
        language()


def test_one_folder_can_hold_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_LESSONS_HOME", str(tmp_path))
    assert paths.cache_dir() == tmp_path / "cache" and paths.data_dir() == tmp_path / "data"
    monkeypatch.setenv("RECSYS_LESSONS_HOME", " ")
    assert paths.home() is None and "recsys-lessons" in str(paths.cache_dir())
    assert not (tmp_path / "cache").exists()
