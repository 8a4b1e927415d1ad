"""What one writes first: open a file, prepare it, put it through timm's network, one by one, in fp32.

The network, its weights and what it is shown are the same as ours, so that the vectors can be compared; batches,
threads, half precision and reduced decoding are what is missing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from recsys_lessons import AudioEncoder, ImageEncoder, VideoEncoder
from recsys_lessons.assets import asset_path
from recsys_lessons.encoders.vision import Vision

ARCHITECTURE = "tf_efficientnet_lite0"


def network() -> nn.Module:
    """timm's own module with the same weights, as timm makes it: fp32, contiguous, batch norms and all."""
    model = timm.create_model(ARCHITECTURE, pretrained=False)
    model.load_state_dict(load_file(asset_path("efficientnet-lite0") / "model.safetensors"))
    model.reset_classifier(0)
    return model.eval()


class Loop:
    """The loops over one modality's files; each returns (n, dim)."""

    def __init__(self, vision: Vision):
        self.model = network()
        settings = {"mean": vision.mean, "std": vision.std, "interpolation": vision.interpolation}
        shape = {"crop_mode": "squash", "crop_pct": 1.0} if vision.crop is None else {"crop_pct": vision.crop}
        self.transform = timm.data.create_transform((3, vision.size, vision.size), **settings, **shape)

    @torch.inference_mode()
    def pictures(self, paths: list[Path], _: ImageEncoder) -> Tensor:
        vectors = []
        for path in paths:
            image = Image.open(path).convert("RGB")
            vectors.append(self.model(self.transform(image).unsqueeze(0))[0])
        return torch.stack(vectors)

    @torch.inference_mode()
    def videos(self, paths: list[Path], encoder: VideoEncoder) -> Tensor:
        import av

        vectors = []
        for path in paths:
            with av.open(str(path)) as container:
                images = [frame.to_image() for frame in container.decode(video=0)]
            places = [int((i + 0.5) / encoder.frames * len(images)) for i in range(encoder.frames)]
            frames = [self.model(self.transform(images[place]).unsqueeze(0))[0] for place in places]
            vectors.append(torch.stack(frames).mean(dim=0))
        return torch.stack(vectors)

    @torch.inference_mode()
    def sounds(self, paths: list[Path], encoder: AudioEncoder) -> Tensor:
        window, hop = round(0.025 * encoder.rate), round(0.010 * encoder.rate)
        n_fft = 1024
        filters = mel_filter_bank(n_fft // 2 + 1, encoder.n_mels, 0, encoder.rate / 2, encoder.rate, mel_scale="htk")
        hann = window_function(window, "hann")
        vectors = []
        for path in paths:
            sound = _decoded(path, encoder.rate)
            length = round(encoder.window * encoder.rate)
            starts = list(range(0, len(sound) - length + 1, length))
            if len(sound) - starts[-1] - length >= 0.1 * length:
                starts.append(len(sound) - length)
            parts = []
            for start in starts:
                mel = spectrogram(
                    sound[start : start + length] * (2 / hann.sum()),
                    hann,
                    window,
                    hop,
                    fft_length=n_fft,
                    power=2.0,
                    pad_mode="constant",
                    mel_filters=filters,
                    mel_floor=1e-10,
                    log_mel="dB",
                    dtype=np.float32,
                )
                grey = np.clip(1 + mel / 100, 0, 1)
                high, wide = (-(-side // 32) * 32 for side in grey.shape)
                picture = np.zeros((3, high, wide), np.float32)
                picture[:, : grey.shape[0], : grey.shape[1]] = grey
                mean, std = (np.array(one)[:, None, None] for one in (encoder.vision.mean, encoder.vision.std))
                parts.append(self.model(torch.from_numpy((picture - mean) / std).float().unsqueeze(0))[0])
            vectors.append(torch.stack(parts).mean(dim=0))
        return torch.stack(vectors)


def _decoded(path: Path, rate: int) -> np.ndarray:
    """(samples,) of a whole file, one channel, resampled."""
    import av

    resampler = av.AudioResampler(format="flt", rate=rate)
    pieces = []
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        for frame in [part for one in [*frames, None] for part in resampler.resample(one)]:
            pieces.append(frame.to_ndarray().reshape(-1, frame.layout.nb_channels).mean(axis=1))
    return np.concatenate(pieces)
