"""Posters and plots, asked of a TMDB of the test's own: healthy, and otherwise."""

from __future__ import annotations

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from recsys_lessons.cli import main
from recsys_lessons.data._posters import Key, PosterError, build_posters
from recsys_lessons.data._posters._folder import Folder
from recsys_lessons.data._posters._pace import Pace, asked_to_wait
from recsys_lessons.data.movielens import load_movielens

V3, V4 = "0123456789abcdef0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.abc-def_ghi"
LINKS = b"movieId,imdbId,tmdbId\n1,0114709,862\n6,0112682,\n50,,\n"


def jpeg() -> bytes:
    made = io.BytesIO()
    Image.effect_noise((60, 90), 80).convert("RGB").save(made, "JPEG")
    return made.getvalue()


WHOLE = jpeg()


def movie(number: int, **facts) -> bytes:
    told = {
        "id": number,
        "title": "x",
        "overview": f"Plot\nof {number}, with “quotes”.",
        "poster_path": f"/{number}.jpg",
    }
    return json.dumps(told | facts).encode()


@pytest.fixture
def server():
    """`special[path]` holds answers (status, body, headers) to be given first; `asked` is every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            made.asked.append(parts.path)
            made.queries.append(parse_qs(parts.query) | {"bearer": self.headers.get("Authorization")})
            waiting = made.special.get(parts.path)
            status, body, headers = waiting.pop(0) if waiting else self.usual(parts.path)
            self.send_response(status)
            if "Content-Length" not in headers:
                headers = {**headers, "Content-Length": str(len(body))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def usual(self, path):
            if path.startswith("/3/movie/"):
                return 200, movie(int(path.rsplit("/")[-1])), {}
            if path.startswith("/3/find/"):
                return 200, json.dumps({"movie_results": [json.loads(movie(902))]}).encode(), {}
            return 200, WHOLE, {}

        def log_message(self, *args):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.queries, made.special = [], [], {}
    made.url = f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def build(server, write, tmp_path):
    """build(): fill tmp_path/posters from three movies; `build.waits` are the seconds slept."""
    release = write("ml-25m", {"links.csv": LINKS})

    def run(key=V3, **more):
        pace = Pace(1000, sleep=run.waits.append)
        more = {"movies": release, "api": server.url, "images": server.url, "progress": False} | more
        return build_posters(run.folder, Key(key), pace=pace, **more)

    run.waits, run.folder, run.release = [], tmp_path / "posters", release
    return run


def test_a_folder_is_built_that_load_movielens_reads(build, server):
    made = build()
    assert (made.posters, made.plots, made.not_found, made.failed) == (2, 2, 1, 0)  # nobody has a number for movie 50
    assert server.asked == ["/3/movie/862", "/t/p/w185/862.jpg", "/3/find/tt0112682", "/t/p/w185/902.jpg"]
    items = load_movielens(build.release, media=build.folder).items.set_index("item_id")
    assert items.loc[1, "overview"] == "Plot of 862, with “quotes”."
    assert items.loc[6, "poster"] == str(build.folder / "posters" / "6.jpg") and items.loc[50, "poster"] is None
    assert "not endorsed or certified by TMDB" in (build.folder / "SOURCES.md").read_text(encoding="utf-8")
    assert (build.folder / "posters" / "1.jpg").read_bytes() == WHOLE


@pytest.mark.parametrize(("key", "sent"), [(V3, "query"), (V4, "header")])
def test_the_key_goes_to_the_api_alone_and_is_written_nowhere(build, server, key, sent):
    build(key)
    for path, query in zip(server.asked, server.queries, strict=True):
        expected = path.startswith("/3/")
        assert (
            (query.get("api_key") == [key]) if sent == "query" else (query["bearer"] == f"Bearer {key}")
        ) is expected
        assert query.get("api_key", [key]) == [key] and query["bearer"] in (None, f"Bearer {key}")
    written = [path.read_bytes() for path in build.folder.rglob("*") if path.is_file()]
    assert len(written) >= 5 and not any(key.encode() in content for content in written)
    assert key not in repr(Key(key)) and key not in str(Key(key))


def test_what_is_there_is_not_asked_for_again(build, server):
    server.special["/3/movie/862"] = [(404, b"{}", {})]
    assert build().not_found == 2
    server.asked.clear()
    assert build().not_found == 2 and server.asked == []
    (build.folder / "posters" / "6.jpg").unlink()
    build()
    assert server.asked == ["/t/p/w185/902.jpg"]  # the poster alone
    with (build.folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"movieId": 7, "stat')  # killed in the middle of a line
    assert build().posters == 1
    assert (build.folder / "journal.jsonl").read_bytes().endswith(b"}\n")


def test_a_refused_key_stops_at_once_in_one_line_without_the_key(build, server):
    server.special["/3/movie/862"] = [(401, b'{"status_code":7}', {})] * 9
    with pytest.raises(PosterError, match=r"TMDB refuses the key in TMDB_API_KEY \(401\)") as caught:
        build()
    assert server.asked == ["/3/movie/862"] and V3 not in str(caught.value) and caught.value.__cause__ is None
    assert (build.folder / "items.csv").exists() and not build.waits


def test_too_many_requests_waits_as_long_as_it_is_told(build, server):
    server.special["/3/movie/862"] = [(429, b"", {"Retry-After": "7"}), (429, b"", {}), (503, b"", {})]
    assert build().posters == 2
    assert build.waits == [7.0, 2.0, 4.0]
    server.special["/3/movie/5"] = [(429, b"", {"Retry-After": "86400"})]
    (build.release / "links.csv").write_bytes(LINKS.replace(b"50,,", b"50,,5"))
    build.folder = build.folder.with_name("other")
    with pytest.raises(PosterError, match=r"asks to wait 86,400 seconds .*what has arrived is kept"):
        build()


def test_a_server_that_fails_costs_one_movie_and_is_asked_again_the_next_time(build, server):
    server.special["/3/movie/862"] = [(500, b"", {})] * 5
    made = build()
    assert (made.failed, made.posters) == (1, 1) and made.problems == ("movie 1: /3/movie/862: TMDB says 500, 5 times",)
    assert build.waits == [1.0, 2.0, 4.0, 8.0]
    assert (lambda again: (again.failed, again.posters))(build()) == (0, 2)


HALF = {
    "told": (200, WHOLE, {"Content-Length": str(len(WHOLE) + 9)}),  # the connection broke off: it may look whole
    "untold": (200, WHOLE[: len(WHOLE) // 2], {}),  # the file is cut, and the server does not know
    "page": (200, b"<html>busy</html>", {}),
    "empty": (200, b"", {}),
}


@pytest.mark.parametrize("kind", HALF)
def test_half_a_jpeg_is_fetched_again_and_never_kept(build, server, kind):
    server.special["/t/p/w185/862.jpg"] = [HALF[kind]]
    assert build().posters == 2
    assert (build.folder / "posters" / "1.jpg").read_bytes() == WHOLE
    build.folder = build.folder.with_name("other")
    server.special["/t/p/w185/862.jpg"] = [HALF[kind]] * 5
    made = build()
    assert (made.posters, made.failed) == (1, 1) and not (build.folder / "posters" / "1.jpg").exists()
    assert [path.name for path in (build.folder / "posters").iterdir()] == ["6.jpg"]


def test_a_redirect_does_not_take_the_key_elsewhere(build, server):
    server.special["/3/movie/862"] = [(302, b"", {"Location": f"{server.url}/elsewhere"})]
    assert build().failed == 1 and "/elsewhere" not in server.asked


def test_an_answer_of_another_shape_is_no_crash(build, server):
    odd = json.dumps({"overview": None, "poster_path": "../../x", "id": 862}).encode()
    server.special["/3/movie/862"] = [(200, b"not json", {}), (200, b"[]", {}), (200, odd, {})]
    server.special["/3/find/tt0112682"] = [(200, b'{"movie_results": []}', {})]
    made = build()
    assert (made.posters, made.plots, made.not_found, made.without_poster) == (0, 0, 2, 1)


def test_a_poster_in_another_format_becomes_a_jpeg(build, server):
    png = io.BytesIO()
    Image.new("RGBA", (6, 9)).save(png, "PNG")
    server.special["/t/p/w185/862.jpg"] = [(200, png.getvalue(), {})]
    build()
    assert Image.open(build.folder / "posters" / "1.jpg").format == "JPEG"


def test_a_network_that_is_down_is_told_after_three_movies(build, server):
    (build.release / "links.csv").write_bytes(LINKS.replace(b"50,,", b"50,,5"))
    with pytest.raises(PosterError, match="TMDB cannot be reached: .*[Rr]efused") as caught:
        build(api="http://127.0.0.1:1")
    assert V3 not in str(caught.value)


def test_a_run_that_is_stopped_leaves_a_folder_that_can_be_used(build, server, monkeypatch):
    def stop(self, movie_id, picture):
        if movie_id == 6:
            raise KeyboardInterrupt
        kept(self, movie_id, picture)

    kept = Folder.keep
    monkeypatch.setattr(Folder, "keep", stop)
    with pytest.raises(KeyboardInterrupt):
        build()
    assert load_movielens(build.release, media=build.folder).items["poster"].notna().sum() == 1
    monkeypatch.undo()
    server.asked.clear()
    assert build().posters == 2 and server.asked == ["/t/p/w185/902.jpg"]


def test_a_folder_of_something_else_or_of_other_settings_is_refused(build):
    build()
    with pytest.raises(PosterError, match="begun with --language en-US, not zh-CN"):
        build(language="zh-CN")
    with (build.folder / "journal.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(PosterError, match=r"line \d of .*journal.jsonl is damaged"):
        build()
    build.folder = build.release
    with pytest.raises(PosterError, match="holds other files"):
        build()
    assert not (build.release / "SOURCES.md").exists()


def test_a_folder_that_is_being_filled_is_left_alone(build):
    held = Folder(build.folder, {"size": "w185", "language": "en-US"})
    with pytest.raises(PosterError, match="another process is filling"):
        build()
    held.close()
    assert build().posters == 2


def test_with_a_limit_the_most_rated_movies_come_first(build, server):
    assert build(limit=1).movies == 1 and server.asked[0] == "/3/movie/862"  # two people rated it, the others one
    assert build().posters == 2


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (None, "has no links.csv.*ml-25m"),
        (b"movieId,imdbId\n1,2\n", "line 1 of links.csv"),
        (b"movieId,imdbId,tmdbId\n1,tt12,862\n", r"line 2 of links.csv .*tt12"),
    ],
)
def test_links_that_cannot_be_used_are_named(build, links, message):
    if links is None:
        (build.release / "links.csv").unlink()
    else:
        (build.release / "links.csv").write_bytes(links)
    with pytest.raises(ValueError, match=message):
        build()


def test_no_more_requests_are_sent_than_allowed():
    now = [0.0]
    pace = Pace(4, 10.0, clock=lambda: now[0], sleep=lambda wait: now.__setitem__(0, now[0] + wait))
    sent = []
    for _ in range(12):
        pace.wait()
        sent.append(now[0])
        now[0] += 0.5
    assert all(later - earlier >= 10 for earlier, later in zip(sent, sent[4:], strict=False))
    assert sent[-1] < 25


def test_retry_after_may_be_seconds_or_a_date():
    assert asked_to_wait("3") == 3 and asked_to_wait(None) is None and asked_to_wait("soon") is None
    assert asked_to_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_the_command_says_what_it_made_and_where_a_key_comes_from(server, build, monkeypatch, capsys):
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "en")
    monkeypatch.delenv("TMDB_API_KEY", raising=False)
    command = ["posters", str(build.folder), "--movies", str(build.release), "--api-url", server.url]
    command += ["--image-url", server.url]
    assert main(command) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "themoviedb.org/settings/api" in said.err and server.asked == []
    monkeypatch.setenv("TMDB_API_KEY", "my key")
    assert main(command) == 1 and "6 characters that are no key" in (said := capsys.readouterr().err)
    assert "my key" not in said and server.asked == [] and not build.folder.exists()
    monkeypatch.setenv("TMDB_API_KEY", V3 + "\n")
    assert main(command) == 0
    said = capsys.readouterr()
    assert "2 posters and 2 plots of 3 movies" in said.out and V3 not in said.out + said.err
    server.special["/3/movie/862"] = [(401, b"", {})]
    monkeypatch.setenv("RECSYS_LESSONS_DEBUG", "1")
    assert main(["posters", str(build.folder) + "2", *command[2:]]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said and "refuses the key" in said and V3 not in said
    monkeypatch.setenv("RECSYS_LESSONS_DEBUG", "")
    assert main(["posters", "x", "--size", "w1"]) == 2 and main(["posters", "x", "--language", "../x"]) == 2
    monkeypatch.setenv("RECSYS_LESSONS_LANG", "zh")
    assert main(command) == 0 and "2 张海报" in capsys.readouterr().out
