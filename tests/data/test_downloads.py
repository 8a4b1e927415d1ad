"""Fetching a release: from a server of the test's own, healthy and otherwise."""

import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from recsys_lessons.data import _downloads
from recsys_lessons.data._errors import DataFileError
from recsys_lessons.data.movielens import load_movielens


@pytest.fixture
def server(monkeypatch, private_home, write):
    """A GroupLens of our own. `server.answer(handler)` may replace the answer to the next request for a zip."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.asked.append((self.path, self.headers.get("Range")))
            name = self.path.rsplit("/")[-1]
            if name not in made.files:
                return self.send_error(404)
            data = made.files[name]
            start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
            if start >= len(data):
                return self.send_error(416)
            if made.special and name.endswith(".zip"):
                return made.special.pop(0)(self, data)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            self.wfile.write(data[start:])

        def log_message(self, *args):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.special = [], []
    data = write("ml-25m", zipped=True).read_bytes()
    digest = hashlib.md5(data).hexdigest()
    made.files = {"ml-25m.zip": data, "ml-latest.zip": data, "ml-latest.zip.md5": f"MD5 (x) = {digest}\n".encode()}
    monkeypatch.setattr(_downloads, "BASE", f"http://127.0.0.1:{made.server_port}/movielens")
    monkeypatch.setitem(_downloads.RELEASES, "ml-25m", digest)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def cut(request, data):
    request.send_response(200)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data[:200])


def silent(request, data):
    request.send_response(200)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.flush()
    threading.Event().wait(1.5)


def page(request, data):
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b"<html>moved</html>")


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_a_release_is_fetched_once_and_then_read_by_name(server, private_home):
    assert load_movielens("ml-25m", download=True).n_items == 3
    assert names(_downloads.shelf()) == ["ml-25m.zip"] and _downloads.shelf().is_relative_to(private_home)
    assert load_movielens("ml-25m", download=True).n_items == load_movielens("ml-25m").n_items == 3
    assert len(server.asked) == 1


def test_the_moving_release_is_checked_against_what_is_published_at_the_time(server):
    assert load_movielens("ml-latest", download=True).n_items == 3
    assert [path.rsplit("/")[-1] for path, _ in server.asked] == ["ml-latest.zip.md5", "ml-latest.zip"]
    (_downloads.shelf() / "ml-latest.zip").unlink()
    server.files["ml-latest.zip.md5"] = b"<html>"
    with pytest.raises(DataFileError, match="should hold an MD5, and starts with '<html>'"):
        load_movielens("ml-latest", download=True)


def test_a_download_that_breaks_off_goes_on_from_there(server):
    server.special.append(cut)
    with pytest.raises(DataFileError, match=r"ml-25m.zip broke off .*what has arrived is kept"):
        load_movielens("ml-25m", download=True)
    assert names(_downloads.shelf()) == [".ml-25m.zip.part"]  # nothing that could be taken for the release
    assert load_movielens("ml-25m", download=True).n_items == 3
    assert server.asked[-1][1] == "bytes=200-" and names(_downloads.shelf()) == ["ml-25m.zip"]


def test_a_wrong_part_on_disk_is_thrown_away_and_the_file_fetched_anew(server):
    _downloads.shelf().mkdir(parents=True)
    part = _downloads.shelf() / ".ml-25m.zip.part"
    part.write_bytes(b"x" * 50)
    assert load_movielens("ml-25m", download=True).n_items == 3
    (_downloads.shelf() / "ml-25m.zip").unlink()
    part.write_bytes(b"x" * 10_000)  # longer than the file
    assert load_movielens("ml-25m", download=True).n_items == 3


def test_another_checksum_than_the_pinned_one_leaves_nothing_behind(server):
    server.files["ml-25m.zip"] = server.files["ml-25m.zip"] + b"!"
    with pytest.raises(DataFileError, match=r"has MD5 .*, and .* is published.*was removed"):
        load_movielens("ml-25m", download=True)
    assert names(_downloads.shelf()) == []
    server.special.append(page)
    with pytest.raises(DataFileError, match="has MD5"):
        load_movielens("ml-25m", download=True)


def test_a_server_that_falls_silent_is_given_up(server, monkeypatch):
    monkeypatch.setattr(_downloads, "DEADLINE", 0.3)
    server.special.append(silent)
    with pytest.raises(DataFileError, match=r"ml-25m.zip broke off .*timed out"):
        load_movielens("ml-25m", download=True)


def test_a_network_that_trickles_is_given_up(server, monkeypatch):
    monkeypatch.setattr(_downloads, "PATIENCE", 0.0)
    monkeypatch.setattr(_downloads, "SLOWEST", 1e12)
    with pytest.raises(DataFileError, match=r"sent [\d,]+ bytes in 0 seconds"):
        load_movielens("ml-25m", download=True)


def test_a_server_that_never_answers_or_is_not_there_is_given_up(server, monkeypatch):
    monkeypatch.setattr(_downloads, "DEADLINE", 0.2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        monkeypatch.setattr(_downloads, "BASE", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(DataFileError, match="cannot be reached .*timed out"):
            load_movielens("ml-25m", download=True)
    monkeypatch.setattr(_downloads, "BASE", "http://127.0.0.1:9")
    with pytest.raises(DataFileError, match=r"cannot be reached .*put it into"):
        load_movielens("ml-25m", download=True)
    monkeypatch.setattr(_downloads.urllib.request, "urlopen", lambda *_, **__: threading.Event().wait(5))
    with pytest.raises(DataFileError, match="no answer in 0.4 seconds"):  # a name server that does not answer
        load_movielens("ml-25m", download=True)


def test_a_file_that_the_server_lacks_is_told_with_its_answer(server):
    with pytest.raises(DataFileError, match="ml-1m.zip says 404"):
        load_movielens("ml-1m", download=True)


def test_an_absurd_size_or_a_full_disk_is_told_before_anything_is_written(server, monkeypatch):
    monkeypatch.setattr(_downloads, "MAX_BYTES", 100)
    with pytest.raises(DataFileError, match="the largest release has 340 MB"):
        load_movielens("ml-25m", download=True)


def test_no_room_is_told(server, monkeypatch):
    monkeypatch.setattr(_downloads.shutil, "disk_usage", lambda _: type("usage", (), {"free": 10}))
    with pytest.raises(DataFileError, match="no room for ml-25m.zip in"):
        load_movielens("ml-25m", download=True)


def test_two_at_once_fetch_once(server):
    found = []
    threads = [threading.Thread(target=lambda: found.append(_downloads.fetch_release("ml-25m"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(server.asked) == 1


def test_without_download_a_name_says_how_to_get_it(private_home):
    with pytest.raises(DataFileError, match=r"'ml-25m' is not on this machine.*download=True.*put ml-25m.zip"):
        load_movielens("ml-25m")
    with pytest.raises(DataFileError, match=r"no file or folder 'ml-25'.*Did you mean 'ml-25m'\?"):
        load_movielens("ml-25", download=True)
    with pytest.raises(ValueError, match="download=True needs the name of a release: ml-100k"):
        load_movielens(download=True)


def test_a_zip_or_folder_put_there_by_hand_is_found(private_home, write):
    folder = write("ml-25m")
    _downloads.shelf().parent.mkdir(parents=True)
    folder.parent.joinpath("ml-25m").rename(folder.parent / "moved")
    _downloads.shelf().mkdir()
    (folder.parent / "moved").rename(_downloads.shelf() / "ml-25m")
    assert load_movielens("ml-25m").n_items == 3
