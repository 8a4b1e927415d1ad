"""Sounds: the mood in chords and timbre, the tempo in beats; topic, style and city are not in them.

Made of a polynomial that stands for a sine, of frequencies in simple ratios (just intonation) and of uniform numbers,
so that the same seed gives the same samples on any machine.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from recsys_lessons.data.tinylens._covers import item_draws
from recsys_lessons.data.tinylens._draws import Draws

__all__ = ["BEATS_PER_MINUTE", "RATE", "SECONDS", "beats", "sound_array"]

RATE, SECONDS = 16_000, 2
BEATS_PER_MINUTE = {"slow": (56, 68), "medium": (100, 116), "fast": (168, 188)}
_ROOTS = (196.0, 207.7, 220.0, 233.1, 246.9, 261.6)  # hertz, about G3 to C4


class _Mood(NamedTuple):
    """Chords (ratios to the root, one chord after another), the melody's ratios, and how they sound."""

    chords: tuple[tuple[float, ...], ...]
    scale: tuple[float, ...]
    octave: float


_MOODS = {
    "calm": _Mood(((1, 5 / 4, 15 / 8), (2 / 3, 1, 5 / 4)), (1, 9 / 8, 5 / 4, 3 / 2, 5 / 3), 1.0),
    "cheerful": _Mood(((1, 5 / 4, 3 / 2), (4 / 3, 5 / 3, 2), (3 / 2, 15 / 8, 9 / 4)), (1, 5 / 4, 3 / 2, 5 / 3, 2), 2.0),
    "energetic": _Mood(((1, 3 / 2), (1, 3 / 2), (9 / 10, 27 / 20)), (1, 6 / 5, 4 / 3, 3 / 2, 9 / 5), 0.5),
    "dramatic": _Mood(((1, 6 / 5, 3 / 2), (1, 6 / 5, 64 / 45), (8 / 9, 16 / 15, 4 / 3)), (1, 9 / 8, 6 / 5, 8 / 5), 0.5),
}


def sound_array(item: Any, seed: int) -> np.ndarray:
    """(32000,) int16: two seconds, mono, 16 kHz, the same on any machine.

    Args:
        item: a row of the truth with item_id, mood, tempo. seed: of the world.
    """
    draws = item_draws(seed, item.item_id, "sound")
    root, level = draws.one(_ROOTS), draws.uniform(0.55, 0.8)
    starts = beats(item, seed)
    wave = _PLAYERS[item.mood](_MOODS[item.mood], root, starts, draws)
    wave += 0.004 * (draws.uniforms(len(wave)) * 2 - 1)  # a room's hiss
    ends = np.minimum(np.arange(len(wave)), np.arange(len(wave))[::-1]) / (0.01 * RATE)
    wave *= np.minimum(ends, 1) * (level / max(float(np.abs(wave).max()), 1e-9))
    return np.floor(wave * 32_767 + 0.5).astype(np.int16)


def beats(item: Any, seed: int) -> np.ndarray:
    """Seconds at which the beats fall, in the sound and in the clip's motion alike."""
    draws = item_draws(seed, item.item_id, "beat")
    gap = 60 / draws.uniform(*BEATS_PER_MINUTE[item.tempo])
    first = draws.uniform(0.04, 0.3) * gap
    return np.array([first + gap * place for place in range(int((SECONDS - first) / gap) + 1)])


def _sine(turns: np.ndarray) -> np.ndarray:
    """sin(2 pi turns), to about 1e-4: the Taylor polynomial of a quarter turn."""
    place = turns - np.floor(turns + 0.5)  # -1/2 to 1/2
    place = np.where(place > 0.25, 0.5 - place, np.where(place < -0.25, -0.5 - place, place))
    angle = place * 6.283185307179586
    square = angle * angle
    return angle * (1 + square * (-1 / 6 + square * (1 / 120 - square / 5040)))


def _note(seconds: float, pitch: float, harmonics: tuple[float, ...], attack: float, fall: float) -> np.ndarray:
    """Harmonics with these strengths under an envelope that rises for `attack` seconds and falls off after it.

    Args:
        fall: 0 holds, larger dies sooner: (1 - part of the time)^(2^fall), the higher harmonics sooner.
    """
    time = np.arange(int(seconds * RATE)) / RATE
    left = np.clip(1 - time / seconds, 0, 1)
    envelope = np.minimum(time / attack, 1) * np.minimum(left * 20, 1)
    decay = np.ones_like(time)
    for _ in range(int(fall)):
        left = left * left
    decay = left if fall else decay
    wave = np.zeros_like(time)
    for place, strength in enumerate(harmonics):
        if pitch * (place + 1) < 0.45 * RATE and strength:
            wave += strength * decay * _sine(time * (pitch * (place + 1)))
            decay = decay * decay if fall else decay
    return wave * envelope


def _lay(wave: np.ndarray, start: float, part: np.ndarray, strength: float = 1.0) -> None:
    first = int(start * RATE)
    part = part[: max(0, len(wave) - first)]
    wave[first : first + len(part)] += strength * part


def _silence() -> np.ndarray:
    return np.zeros(RATE * SECONDS)


def _halves(starts: np.ndarray) -> list[float]:
    """The beats, and the moments halfway between them."""
    gap = float(starts[1] - starts[0])
    return [moment for start in starts for moment in (float(start), float(start) + gap / 2) if moment < SECONDS]


def _calm(mood: _Mood, root: float, starts: np.ndarray, draws: Draws) -> np.ndarray:
    """A soft held chord that swells, and a mellow bell on each beat."""
    wave = _silence()
    for pitch in draws.one(mood.chords):
        for detune in (0.998, 1.003):
            _lay(wave, 0, _note(SECONDS, root * pitch * detune, (0.5, 0.1, 0.03), 0.4, 0), 0.1)
    for start in starts:
        _lay(wave, float(start), _note(0.9, 2 * root * draws.one(mood.scale), (0.8, 0.0, 0.12), 0.012, 3), 0.9)
    return wave


def _cheerful(mood: _Mood, root: float, starts: np.ndarray, draws: Draws) -> np.ndarray:
    """A plucked chord on each beat, a bright tune that hops between, a light shaker."""
    wave, gap = _silence(), float(starts[1] - starts[0])
    for place, start in enumerate(starts):
        for pitch in mood.chords[place % len(mood.chords)]:
            _lay(wave, float(start), _note(0.4, root * pitch, (0.7, 0.45, 0.3, 0.2, 0.12), 0.003, 4), 0.5)
    for moment in _halves(starts):
        _lay(
            wave, moment, _note(0.3, 2 * root * mood.octave * draws.one(mood.scale), (0.6, 0, 0.25, 0.2), 0.002, 4), 0.5
        )
        _lay(wave, moment, _noise(draws, 0.05, 4), 0.05)
    if gap > 0.8:  # between slow beats, an echo of the chord
        for start in starts:
            _lay(wave, float(start) + gap / 2, _note(0.25, 2 * root, (0.5, 0.2), 0.003, 4), 0.2)
    return wave


def _energetic(mood: _Mood, root: float, starts: np.ndarray, draws: Draws) -> np.ndarray:
    """A drum on each beat, hissing cymbals between, a growling bass, a stabbing lead."""
    wave, gap = _silence(), float(starts[1] - starts[0])
    buzz = tuple(1 / (place + 1) for place in range(16))
    hollow = tuple((1.0 if place % 2 == 0 else 0.0) / (place + 1) for place in range(12))
    for place, start in enumerate(starts):
        _lay(wave, float(start), _drum(0.16), 1.5)
        chord = mood.chords[place % len(mood.chords)]
        for pitch in chord:
            _lay(wave, float(start), _note(min(gap, 0.5) * 0.8, root * mood.octave * pitch, buzz, 0.004, 1), 0.35)
        _lay(wave, float(start), _note(0.18, 2 * root * draws.one(mood.scale), hollow, 0.002, 2), 0.4)
    for moment in _halves(starts):
        _lay(wave, moment, _noise(draws, 0.08, 3), 0.4)
    return wave


def _dramatic(mood: _Mood, root: float, starts: np.ndarray, draws: Draws) -> np.ndarray:
    """Low trembling strings in a minor chord, and a kettledrum with a dark stroke of the strings on each beat."""
    wave = _silence()
    time = np.arange(len(wave)) / RATE
    strings = (0.6, 0.5, 0.42, 0.3, 0.24, 0.16, 0.12, 0.08, 0.05)
    tremble = 0.6 + 0.4 * _sine(time * draws.uniform(11, 14))
    for pitch in draws.one(mood.chords):
        for detune in (0.994, 1.006):
            _lay(wave, 0, _note(SECONDS, root * mood.octave * pitch * detune, strings, 0.25, 0) * tremble, 0.16)
    for start in starts:
        _lay(wave, float(start), _note(0.7, root * mood.octave / 2, (1.0, 0.5, 0.3, 0.15), 0.006, 2), 1.1)
        _lay(wave, float(start), _note(0.35, root * mood.octave * draws.one(mood.scale), strings, 0.02, 2), 0.5)
        _lay(wave, float(start), _drum(0.1), 0.5)
    return wave


def _drum(seconds: float) -> np.ndarray:
    """A tone that drops from 150 to 50 hertz."""
    time = np.arange(int(seconds * RATE)) / RATE
    left = 1 - time / seconds
    return _sine(time * (50 + 50 * left + 50 * left * left)) * left * left * np.minimum(time / 0.002, 1)


def _noise(draws: Draws, seconds: float, fall: int) -> np.ndarray:
    """A hiss without low tones: each random number less the one before it."""
    numbers = draws.uniforms(int(seconds * RATE) + 1) * 2 - 1
    left = 1 - np.arange(len(numbers) - 1) / (len(numbers) - 1)
    for _ in range(fall - 2):
        left = left * left
    return (numbers[1:] - numbers[:-1]) * left


_PLAYERS = {"calm": _calm, "cheerful": _cheerful, "energetic": _energetic, "dramatic": _dramatic}
