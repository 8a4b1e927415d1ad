"""Exercise: from a waveform to the picture that a network reads, a log-mel spectrogram."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._kind import must_be_of_kind
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float32 tensor (n_mels, frames): bands down, time across",
    "zh": "返回形状 (n_mels, frames) 的 float32 张量：行是频带，列是时间",
}
FRAMES: Text = {
    "en": "there are 1 + samples // hop frames, the first centred on sample 0, each `hop` later than the one before",
    "zh": "共有 1 + samples // hop 帧：第一帧以第 0 个采样点为中心，之后每帧相隔 `hop`",
}
SILENCE: Text = {
    "en": "silence is -100 dB, the floor, and not minus infinity: the log of 0 never gets into a network",
    "zh": "静音是 -100 dB(下限)，而不是负无穷：0 的对数不能进入网络",
}
POWER: Text = {
    "en": "decibels are 10 log10 of the POWER, the square of the amplitude: ten times the amplitude is 20 dB more",
    "zh": "分贝是功率(幅度的平方)的 10 log10：幅度变成十倍，就多 20 dB",
}
WINDOW: Text = {
    "en": "each frame is faded in and out by torch.hann_window: a click one sample off the middle of four counts half",
    "zh": "每一帧都用 torch.hann_window 淡入淡出：窗长为 4 时，偏离中心一个采样点的脉冲只算一半",
}
BEYOND: Text = {
    "en": "beyond both ends there is silence, no mirror image of the sound (torch.stft mirrors unless it is told)",
    "zh": "两端之外是静音，而不是声音的镜像(torch.stft 默认会镜像)",
}
SCALE: Text = {
    "en": "the waveform is multiplied by 2 / (sum of the window), so that a full-scale sine has 0 dB at its frequency",
    "zh": "波形要乘以 2 / 窗的总和，这样无论窗多长，满幅正弦在它的频率处都是 0 dB",
}
FILTERS: Text = {
    "en": "a band is its row of `filters` times the powers, summed BEFORE the logarithm",
    "zh": "一个频带是 `filters` 的一行乘以各频率的功率再求和，求和在取对数之前",
}
LENGTH: Text = {
    "en": "the transform may be longer than the window: its n_fft is 2 (filters.shape[1] - 1)",
    "zh": "变换可以比窗长：n_fft 等于 2 (filters.shape[1] - 1)",
}
LARGE: Text = {"en": "it is right for longer sounds and more bands", "zh": "声音更长、频带更多时也正确"}


def check(spectrogram: Subject, rng) -> None:
    """See `Exercise.check`. A window of two is [0, 1]: a frame sees one sample, and both frequencies have its power."""
    import numpy as np
    import torch

    def right(waveform, filters, window, hop):
        n_fft = 2 * (filters.shape[1] - 1)
        hann = np.zeros(n_fft)
        first = (n_fft - window) // 2
        hann[first : first + window] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        padded = np.pad(waveform.double().numpy(), n_fft // 2)
        pieces = [padded[start : start + n_fft] * hann for start in range(0, len(waveform) + 1, hop)]
        power = np.abs(np.fft.rfft(pieces, axis=1) * 2 / hann.sum()) ** 2
        bands = filters.double().numpy() @ power.T
        return torch.from_numpy(10 * np.log10(np.maximum(bands, 1e-10))).float()

    def sound(*values: float):
        return torch.tensor(values, dtype=torch.float32)

    def bands(*rows: list[float]):
        return torch.tensor(rows, dtype=torch.float32)

    def larger() -> Iterator[tuple]:
        for samples, n_mels, half, window, hop in ((9, 2, 4, 8, 3), (50, 3, 8, 10, 5), (1600, 16, 64, 100, 40)):
            filters = torch.from_numpy(rng.uniform(0.1, 1, (n_mels, half + 1))).float()
            yield torch.from_numpy(rng.normal(size=samples)).float(), filters, window, hop

    one = bands([1, 0])
    loud = float(rng.choice([0.5, 2.0, 4.0]))
    must_be_of_kind(spectrogram, KIND, [(sound(0, 0), one, 2, 1)], right)
    counted = [(sound(*[0] * n), one, 2, hop) for n, hop in ((2, 1), (2, 2), (3, 2), (5, 2))]
    must_be_of_kind(spectrogram, FRAMES, counted, right)
    silent = (sound(0, 0), one, 2, 1)
    quiet, tenfold = ((sound(value, 0), one, 2, 1) for value in (0.125, 1.25))
    _must_be_finite(spectrogram, silent, right)
    _must_differ_by(spectrogram, POWER, (quiet, 0), (tenfold, 0), 20.0, right)
    click = (sound(loud, 0, 0), bands([1, 0, 0]), 4, 1)
    _must_differ_by(spectrogram, WINDOW, (click, 1), (click, 0), 6.0206, right)
    _must_differ_by(spectrogram, BEYOND, (quiet, 1), (quiet, 2), 0.0, right)
    must_return(spectrogram, SILENCE, [silent], right)
    must_return(spectrogram, SCALE, [(sound(loud, 0), one, 2, 1), click], right)
    shared = [bands([1, 2]), bands([1, 2], [0, 1])]
    must_return(spectrogram, FILTERS, [(sound(loud, 0), filters, 2, 1) for filters in shared], right)
    must_return(spectrogram, LENGTH, [(sound(loud, 0, 0), bands([1, 0, 0]), 2, 1)], right)
    must_return(spectrogram, LARGE, larger(), right)


def _must_be_finite(spectrogram: Subject, case: tuple, right: Callable) -> None:
    """How loud silence is comes later."""
    (got,) = must_be_of_kind(spectrogram, KIND, [case], right)
    if not got.isfinite().all():
        raise Failed(SILENCE, spectrogram.written(case), describe(right(*case)), describe(got))


def _must_differ_by(
    spectrogram: Subject, rule: Text, one: tuple[tuple, int], other: tuple[tuple, int], by: float, right: Callable
) -> None:
    """The band of `other`, a case and a frame, is louder than that of `one` by so many decibels."""
    first, second = (must_be_of_kind(spectrogram, KIND, [case], right)[0][0, frame] for case, frame in (one, other))
    if not abs(second - first - by) < 1e-2:
        case = other[0]
        raise Failed(rule, spectrogram.written(case), describe(right(*case)), describe(spectrogram(*case)))


def by_the_course(waveform, filters, window, hop):
    """The same as in `encoders.audio.log_mel`, with the filters handed in."""
    import torch

    hann = torch.hann_window(window)
    scaled, n_fft = waveform * (2 / hann.sum()), 2 * (filters.shape[1] - 1)
    spectrum = torch.stft(scaled, n_fft, hop, window, hann, pad_mode="constant", return_complex=True)
    return 10 * torch.log10((filters @ torch.view_as_real(spectrum).square().sum(dim=-1)).clamp(min=1e-10))


def _hann(window: int):
    import torch

    return torch.hann_window(window)


def _symmetric(window: int):
    import torch

    return torch.hann_window(window, periodic=False) + 1e-6  # of two samples it is zero


def _flat(window: int):
    import torch

    return torch.ones(window)


def _decibels(bands):
    import torch

    return 10 * torch.log10(bands.clamp(min=1e-10))


def _below_the_loudest(bands):
    return _decibels(bands) - _decibels(bands).amax()


def _spectrogram(
    waveform,
    filters,
    window,
    hop,
    *,
    hann: Callable = _hann,
    scale: Callable = lambda hann: 2 / hann.sum(),
    n_fft: Callable = lambda filters, window: 2 * (filters.shape[1] - 1),
    mode: dict | None = None,
    strength: Callable = lambda spectrum: spectrum.abs() ** 2,
    sum_up: Callable = lambda filters, power: filters @ power,
    log: Callable = _decibels,
):
    """The right answer, but for what a mutant changes."""
    import torch

    shape = hann(window)
    spectrum = torch.stft(
        waveform * scale(shape),
        n_fft(filters, window),
        hop,
        window,
        shape,
        return_complex=True,
        **({"pad_mode": "constant"} if mode is None else mode),
    )
    return log(sum_up(filters, strength(spectrum)))


def _with(**changed):
    return lambda *arguments: _spectrogram(*arguments, **changed)


def _after_the_log(filters, power):
    return 10 ** (filters @ _decibels(power) / 10)


MUTANTS = {
    "takes the amplitude, not the power": _with(strength=lambda spectrum: spectrum.abs()),
    "takes the real part": _with(strength=lambda spectrum: spectrum.real),
    "has no floor": _with(log=lambda bands: 10 * bands.log10()),
    "takes the natural logarithm": _with(log=lambda bands: 10 * bands.clamp(min=1e-10).log()),
    "forgets the 10 of decibels": _with(log=lambda bands: bands.clamp(min=1e-10).log10()),
    "takes log(1 + x)": _with(log=lambda bands: 10 * (1 + bands).log10()),
    "counts from the loudest band down": _with(log=_below_the_loudest),
    "sums up the filters after the logarithm": _with(sum_up=_after_the_log),
    "sums up amplitudes, then squares": _with(
        strength=lambda spectrum: spectrum.abs(), sum_up=lambda filters, amplitude: (filters @ amplitude) ** 2
    ),
    "turns the filters round": _with(sum_up=lambda filters, power: filters.T @ power),
    "has no window": _with(hann=_flat),
    "takes the symmetric window": _with(hann=_symmetric),
    "mirrors the sound at its ends, as torch.stft does": _with(mode={}),
    "begins with the first whole frame": _with(mode={"center": False}),
    "forgets the scale": _with(scale=lambda hann: 1.0),
    "divides by the window's length": _with(scale=lambda hann: 2 / len(hann)),
    "takes the window's length for the transform's": _with(n_fft=lambda filters, window: window),
    "ignores the hop": lambda waveform, filters, window, hop: _spectrogram(waveform, filters, window, window // 2),
    "returns time down, bands across": lambda *arguments: _spectrogram(*arguments).T,
}

EXERCISE = Exercise(
    name="log_mel",
    lesson="09_sound_and_video",
    title={"en": "A waveform to a log-mel spectrogram", "zh": "从波形到对数梅尔频谱"},
    question={
        "en": "How do you hand a sound to a network that was trained on pictures? Say what each step is for: window, "
        "power, mel filters, logarithm, floor.",
        "zh": "怎样把一段声音交给在图片上训练的网络？说说每一步的用处：加窗、功率、梅尔滤波器、取对数、下限。",
    },
    difficulty="medium",
    minutes=15,
    signature="def log_mel(waveform, filters, window, hop):",
    hints=(
        {
            "en": "Three lines: torch.stft gives complex numbers (frequencies, frames), the filters turn frequencies "
            "into bands, the logarithm turns powers into what an ear calls louder. What is the log of silence?",
            "zh": "三步：torch.stft 得到复数 (频率, 帧)，滤波器把频率变成频带，对数把功率变成耳朵感受的响度。"
            "静音的对数是多少？",
        },
        {
            "en": "torch.stft(x, n_fft, hop, window, torch.hann_window(window), pad_mode=..., return_complex=True), "
            "with x scaled by 2 / (sum of the window). Its default at the ends is a mirror; what you want is constant. "
            "The power of a complex number is .abs() ** 2, and (n_mels, f) @ (f, frames) sums it up.",
            "zh": "torch.stft(x, n_fft, hop, window, torch.hann_window(window), pad_mode=..., return_complex=True)，"
            "x 先乘以 2 / 窗的总和。两端默认是镜像，这里要的是 constant。"
            "复数的功率是 .abs() ** 2，(n_mels, f) @ (f, frames) 完成求和。",
        },
        {
            "en": "hann = torch.hann_window(window); x = waveform * 2 / hann.sum(); n_fft = 2 * (filters.shape[1] - "
            '1); spectrum = torch.stft(x, n_fft, hop, window, hann, pad_mode="constant", return_complex=True); '
            "10 * torch.log10((filters @ spectrum.abs() ** 2).clamp(min=1e-10)).",
            "zh": "依次写：hann = torch.hann_window(window)；x = waveform * 2 / hann.sum()；"
            "n_fft = 2 * (filters.shape[1] - 1)；"
            'spectrum = torch.stft(x, n_fft, hop, window, hann, pad_mode="constant", return_complex=True)；'
            "10 * torch.log10((filters @ spectrum.abs() ** 2).clamp(min=1e-10))。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.log_mel:by_the_course",
    mutants=MUTANTS,
)
