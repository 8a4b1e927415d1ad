"""TMDB's API, version 3: a movie by its number, and its poster. The key is in no message, log or file."""

from __future__ import annotations

import http.client
import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from recsys_lessons.data._media_checks import picture_fault
from recsys_lessons.data._posters._pace import LONGEST, Pace, asked_to_wait, back_off
from recsys_lessons.errors import RecsysLessonsError

__all__ = ["API", "IMAGES", "Key", "NotFound", "PosterError", "TMDB", "Unanswered"]

API, IMAGES = "https://api.themoviedb.org", "https://image.tmdb.org"
ENVIRONMENT = "TMDB_API_KEY"
WHERE = "https://www.themoviedb.org/settings/api"
TRIES = 5
DEADLINE = 20.0  # seconds without a byte
MAX_BYTES = 20_000_000  # of one answer; a poster at its original size has about 1 MB


class PosterError(RecsysLessonsError):
    """The whole work cannot go on: no key or a refused one, TMDB out of reach, a folder that is not ours."""


class NotFound(Exception):
    """TMDB does not have it."""


class Unanswered(Exception):
    """No good answer after several tries; another day may bring one. `network` where nothing was heard at all."""

    def __init__(self, why: str, *, network: bool = False):
        super().__init__(why)
        self.network = network


@dataclass(frozen=True)
class Key:
    """A v3 key (32 hexadecimal digits) or a v4 read access token; `repr` shows neither.

    Raises:
        PosterError: nothing, or what cannot be either of them.
    """

    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        secret = self.secret.strip()
        if not secret:
            raise PosterError(
                f"{ENVIRONMENT} is not set, and nothing was asked. TMDB gives a key for free at {WHERE}: put it into "
                "that environment variable and call again."
            )
        if not re.fullmatch(r"[A-Za-z0-9._~+/=-]{20,2000}", secret):
            raise PosterError(
                f"{ENVIRONMENT} holds {len(secret)} characters that are no key of TMDB's, and nothing was asked. Copy "
                f"the API key (v3) or the read access token (v4) from {WHERE}."
            )
        object.__setattr__(self, "secret", secret)

    @property
    def bearer(self) -> bool:
        return not re.fullmatch(r"[0-9a-fA-F]{32}", self.secret)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Whoever is told to ask elsewhere would take the key there."""

    def redirect_request(self, *args, **kwargs):
        return None


class TMDB:
    """Questions to TMDB, one at a time, at its pace.

    Args:
        key: sent to `api` alone, never to `images`. language: of plots and posters, such as "en-US".
    """

    def __init__(self, key: Key, *, language: str, pace: Pace, api: str = API, images: str = IMAGES):
        self._key, self._language, self._pace = key, language, pace
        self._api, self._images = api.rstrip("/"), images.rstrip("/")
        self._opener = urllib.request.build_opener(_NoRedirect())

    def movie(self, tmdb_id: int) -> dict:
        """A movie: `title`, `overview`, `poster_path`, ...

        Raises:
            NotFound, Unanswered. PosterError: the key is refused, or TMDB asks for a long wait.
        """
        return self._json(f"/3/movie/{tmdb_id}", {"language": self._language})

    def by_imdb(self, imdb_id: int) -> dict:
        """The same, of a movie that MovieLens knows only IMDb's number of."""
        found = self._json(f"/3/find/tt{imdb_id:07d}", {"language": self._language, "external_source": "imdb_id"})
        movies = found.get("movie_results")
        if not isinstance(movies, list) or not movies or not isinstance(movies[0], dict):
            raise NotFound
        return movies[0]

    def poster(self, path: str, size: str) -> bytes:
        """A whole JPEG, decoded once to be sure."""

        def checked(data: bytes) -> str:
            return picture_fault(io.BytesIO(data)) if data else "is empty"

        data = self._get(f"{self._images}/t/p/{size}{urllib.parse.quote(path)}", {}, f"the poster {path}", checked)
        return data if data.startswith(b"\xff\xd8\xff") else _as_jpeg(data)

    def _json(self, path: str, asked: dict[str, str]) -> dict:
        headers = {"Accept": "application/json"}
        if self._key.bearer:
            headers["Authorization"] = f"Bearer {self._key.secret}"
        else:
            asked = {**asked, "api_key": self._key.secret}

        def checked(data: bytes) -> str:
            try:
                return "" if isinstance(json.loads(data), dict) else "is no object"
            except ValueError:
                return "is no JSON"

        url = f"{self._api}{path}?{urllib.parse.urlencode(asked)}"
        return json.loads(self._get(url, headers, path, checked, secret=True))

    def _get(self, url: str, headers: dict, name: str, check, *, secret: bool = False) -> bytes:
        """The answer, once `check` has no fault to find with it. `name` stands for the address, which holds the key."""
        why, network = "", False
        for attempt in range(TRIES):
            wait = back_off(attempt)
            self._pace.wait()
            try:
                data = self._once(url, headers)
                why = check(data)
                if not why:
                    return data
                network = False
            except urllib.error.HTTPError as error:
                code, later = error.code, asked_to_wait(error.headers.get("Retry-After"))
                error.close()
                if code in (401, 403) and secret:
                    raise PosterError(
                        f"TMDB refuses the key in {ENVIRONMENT} ({code}). Compare it with {WHERE}, and call again; "
                        "what has arrived is kept."
                    ) from None
                if code == 404:
                    raise NotFound from None
                if code != 429 and code < 500:
                    raise Unanswered(f"{name}: TMDB says {code}") from None
                if later is not None and later > LONGEST:
                    raise PosterError(
                        f"TMDB asks to wait {later:,.0f} seconds ({code}). Call again then; what has arrived is kept."
                    ) from None
                wait = max(wait, later or 0.0)
                why, network = f"TMDB says {code}", False
            except (OSError, http.client.HTTPException) as error:
                why, network = f"the connection failed ({_without_address(error)})", True
            if attempt + 1 < TRIES:
                self._pace.sleep(wait)
        raise Unanswered(f"{name}: {why}, {TRIES} times", network=network)

    def _once(self, url: str, headers: dict) -> bytes:
        request = urllib.request.Request(url, headers={"User-Agent": "recsys-lessons", **headers})
        with self._opener.open(request, timeout=DEADLINE) as answer:
            data = answer.read(MAX_BYTES + 1)
            said = answer.headers.get("Content-Length", "")
        if len(data) > MAX_BYTES:
            raise http.client.HTTPException(f"more than {MAX_BYTES:,} bytes")
        if said.isdigit() and len(data) < int(said):  # a bounded read says nothing of a connection that broke off
            raise http.client.HTTPException(f"{len(data):,} of {int(said):,} bytes arrived")
        return data


def _without_address(error: Exception) -> str:
    """What went wrong, without anything that the error may quote of the address: it holds the key."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    plain = type(error) is http.client.HTTPException  # one of ours
    return str(error) if plain else type(reason).__name__


def _as_jpeg(data: bytes) -> bytes:
    from PIL import Image

    made = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(made, "JPEG", quality=90)
    return made.getvalue()
