"""Files of video and sound, opened by PyAV (FFmpeg's libraries) without trusting them."""

from __future__ import annotations

import io
from pathlib import Path

from recsys_lessons.errors import MediaError

__all__ = ["has_sound", "open_media", "reason"]

# What is opened: containers that hold video, and sounds, to say of them that they hold none. FFmpeg would also take
# playlists that lead to the network, and text files, which it "plays".
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,gif,h264,hevc,m4v,ivf,nut,mxf,rm,dv,"
    "wav,w64,mp3,flac,aac,aiff,caf,ape,wv,au,amr,ac3,eac3"
)
_HEAD = 16_384  # bytes; two frames of DTS and more
# How a frame of DTS begins, in 16 or 14 bits and either order of bytes, and one packed for a cable (IEC 61937).
_DISGUISED = (b"\x7f\xfe\x80\x01", b"\xfe\x7f\x01\x80", b"\x1f\xff\xe8\x00", b"\xff\x1f\x00\xe8", b"\x72\xf8\x1f\x4e")


def open_media(item: str | Path | bytes):
    """The container in a file, for reading: a context manager of PyAV.

    Raises:
        MediaError: no such file, an empty one, or none that FFmpeg knows as video or sound.
    """
    import av

    if isinstance(item, (str, Path)):
        path = Path(item).absolute()  # begins with / or a drive, so that no name is taken for an address
        try:
            if not path.is_file():  # a folder; or a pipe, whose end may never come
                raise MediaError("it is no file." if path.exists() else "there is no such file; check the path.")
            size, source = path.stat().st_size, str(path)
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except (OSError, ValueError) as error:  # no permission; a name too long, or with a zero byte
            if isinstance(error, MediaError):
                raise
            raise MediaError(f"it cannot be opened: {reason(error)}.") from error
    else:
        size, source, head = len(item), io.BytesIO(item), bytes(item[:_HEAD])
    if not size:
        raise MediaError("it is empty (0 bytes); fetch the file again.")
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    if _plain_wave(head):
        options["max_probe_packets"] = "1"
    try:
        return av.open(source, options=options, metadata_errors="ignore")
    except Exception as error:  # noqa: BLE001 - damage shows as any of FFmpeg's errors, or as one of Python's
        raise MediaError(
            f"it is no sound or video file that FFmpeg can read ({reason(error)}); is it damaged? WAV, FLAC, "
            "MP3, OGG, M4A, MP4, WebM and MKV work."
        ) from error


def _plain_wave(head: bytes) -> bool:
    """Whether a file is WAV or Wave64 and its samples are samples.

    Discs hold DTS that claims to be 16-bit samples. FFmpeg looks for it with every format's test over ever more of the
    file, which takes ten times as long as all the rest; it is asked only where there is a sign of it.
    """
    wave = (head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE") or head[:4] == b"riff"
    return wave and not any(sign in head for sign in _DISGUISED)


def has_sound(item: str | Path | bytes) -> bool:
    """Whether a file holds a sound stream; raises MediaError as `open_media` does."""
    with open_media(item) as container:
        return bool(container.streams.audio)


def reason(error: Exception) -> str:
    """FFmpeg's words without its numbers and addresses."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
