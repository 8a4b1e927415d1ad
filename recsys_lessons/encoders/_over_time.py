"""From the vectors of a video's frames to one vector: means, maxima, deviations, and a mean that learns its weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recsys_lessons.encoders.base import digest

__all__ = ["POOLINGS", "AttentionPooling", "pool_over_time", "pooling_key"]

POOLINGS = ("mean", "max", "mean+std")
_ROWS = 512  # videos in a step of training


def pool_over_time(frames: Tensor, pooling: str = "mean", mask: Tensor | None = None) -> Tensor:
    """One vector a video, out of one vector a frame.

    The mean says what a video shows, in whatever order; the maximum, what it shows at least once. A mean need
    not tell a ball that jumps from one that rests halfway up; the standard deviation over time does, and "mean+std"
    puts it behind the mean.

    Args:
        frames: (n, t, dim).
        pooling: "mean", "max" or "mean+std".
        mask: (n, t), True for a frame that counts; None: all do.

    Returns:
        (n, dim), or (n, 2 dim) for "mean+std". NaN where a video has no frame that counts.

    Raises:
        ValueError: another pooling, or shapes that do not fit.
    """
    mask = _checked(frames, mask)
    if pooling not in POOLINGS:
        raise ValueError(f"pooling is {pooling!r}; use {', '.join(map(repr, POOLINGS))}, or an AttentionPooling.")
    inside = mask.unsqueeze(-1)
    count = inside.sum(dim=1)  # 0 gives 0 / 0, NaN: there is no mean of nothing
    if pooling == "max":
        return frames.masked_fill(~inside, -torch.inf).amax(dim=1).masked_fill(count == 0, torch.nan)
    mean = frames.masked_fill(~inside, 0).sum(dim=1) / count
    if pooling == "mean":
        return mean
    variance = (frames - mean.unsqueeze(1)).masked_fill(~inside, 0).square().sum(dim=1) / count
    return torch.cat([mean, variance.sqrt()], dim=1)


class AttentionPooling(nn.Module):
    """A mean over time whose weights are learned: frames that tell more about the target count more.

    With h_t the vector of frame t, z_t the same, standardised, and q a learned query,

        w_t = exp(q . z_t) / sum_s exp(q . z_s),    v = sum_t w_t h_t

    (Bahdanau et al. 2015; as pooling of a bag of vectors, Ilse et al. 2018). Untrained, q is zero and v the plain mean.

    Args:
        dim: length of a frame's vector.

    Attributes:
        query: (dim,), q.
        loss_: after `fit`, the share of the targets' variance that the regression leaves on the half it has not seen,
            mean of the last ten steps; 1 or more: nothing was learned.
    """

    def __init__(self, dim: int):
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim is {dim}; pass the length of a frame's vector, e.g. encoder.frame_dim.")
        self.query = nn.Parameter(torch.zeros(dim))
        self.register_buffer("center", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))
        self.loss_: float | None = None

    @property
    def dim(self) -> int:
        return len(self.query)

    def weights(self, frames: Tensor, mask: Tensor | None = None) -> Tensor:
        """(n, t, dim) to (n, t): what each frame counts, summing to 1. A video without frames has NaN."""
        mask = _checked(frames, mask)
        if frames.shape[2] != self.dim:
            raise ValueError(
                f"the frames have {frames.shape[2]} numbers each, and this pooling was made for {self.dim}."
            )
        scores = ((frames - self.center) / self.scale) @ self.query
        return scores.masked_fill(~mask, -torch.inf).softmax(dim=1)

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> Tensor:
        """(n, t, dim) to (n, dim)."""
        mask = _checked(frames, mask)
        inside = frames.masked_fill(~mask.unsqueeze(-1), 0)
        return (self.weights(frames, mask).unsqueeze(-1) * inside).sum(dim=1)

    def fit(
        self,
        frames: Tensor,
        targets: Tensor,
        mask: Tensor | None = None,
        *,
        steps: int = 100,
        lr: float = 0.01,
        ridge: float = 0.1,
        seed: int = 0,
    ) -> AttentionPooling:
        """Learn the query, so that a ridge regression from pooled vectors predicts videos that it has not seen.

        In every step the ridge is solved on one half of the videos and judged on the other. A linear map that is
        learned together with the query, on the same videos, would fit them with any weights: there are often more
        numbers in a vector than videos.

        Args:
            frames: (n, t, dim), rows that training may see, and no others. A row of NaN, a missing video, is left out.
            targets: (n,) or (n, k): a rating, a label as 0 and 1, an item's factors. Standardised here.
            mask: (n, t), True for a frame that counts; None: all do.
            steps: of Adam (Kingma and Ba 2015), each with at most 512 videos.
            lr: length of a step.
            ridge: penalty of the regression, as a multiple of a vector's mean squared length.
            seed: of the halves.

        Returns:
            itself.

        Raises:
            ValueError: shapes that do not fit, or fewer than two videos.
        """
        mask = _checked(frames, mask)
        targets = torch.as_tensor(targets, dtype=torch.float32)
        targets = targets.unsqueeze(1) if targets.ndim == 1 else targets
        if targets.ndim != 2 or len(targets) != len(frames):
            raise ValueError(f"targets are {tuple(targets.shape)} for {len(frames)} videos; pass (n,) or (n, k).")
        mask = mask & torch.isfinite(frames).all(dim=2)
        used = mask.any(dim=1) & torch.isfinite(targets).all(dim=1)
        frames, targets, mask = frames[used].float(), targets[used], mask[used]
        if len(frames) < 2:
            raise ValueError(
                f"only {len(frames)} of {len(used)} videos have frames and targets; at least 2 are needed."
            )
        seen = frames[mask]
        self.center.copy_(seen.mean(dim=0))
        self.scale.copy_(seen.std(dim=0, correction=0).clamp(min=1e-6))
        frames = (frames - self.center) / self.scale
        wanted = (targets - targets.mean(dim=0)) / targets.std(dim=0, correction=0).clamp(min=1e-6)
        self._descend(frames.masked_fill(~mask.unsqueeze(-1), 0), wanted, mask, steps, lr, ridge, seed)
        return self

    @torch.enable_grad()
    def _descend(self, frames: Tensor, wanted: Tensor, mask: Tensor, steps: int, lr: float, ridge: float, seed: int):
        draw = torch.Generator().manual_seed(seed)
        query = torch.zeros(self.dim, requires_grad=True)
        optimiser = torch.optim.Adam([query], lr=lr)
        losses = []
        for _ in range(steps):
            rows = torch.randperm(len(frames), generator=draw)[:_ROWS]
            half = len(rows) // 2
            scores = (frames[rows] @ query).masked_fill(~mask[rows], -torch.inf)
            pooled = torch.einsum("nt,ntd->nd", scores.softmax(dim=1), frames[rows])
            known, new = pooled[:half] - pooled[:half].mean(dim=0), pooled[half:] - pooled[:half].mean(dim=0)
            level = wanted[rows[:half]].mean(dim=0)
            # Ridge regression in its dual form: as many equations as videos, however long the vectors.
            products = known @ known.T
            penalty = ridge * products.diagonal().mean() * torch.eye(half)
            predicted = (new @ known.T) @ torch.linalg.solve(products + penalty, wanted[rows[:half]] - level) + level
            loss = (predicted - wanted[rows[half:]]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        self.query.data.copy_(query.detach())
        self.loss_ = sum(losses[-10:]) / len(losses[-10:])


def pooling_key(pooling: str | AttentionPooling, dim: int) -> str:
    """What tells a pooling from every other that gives other vectors; of a learned one, its numbers.

    Raises:
        ValueError: a learned one that was made for frames of another length than `dim`.
    """
    if isinstance(pooling, str):
        return pooling
    if pooling.dim != dim:
        raise ValueError(f"the AttentionPooling takes {pooling.dim} numbers a frame; the network gives {dim}.")
    learned = digest(*(tensor.detach().cpu().numpy().tobytes() for tensor in pooling.state_dict().values()))
    return f"attention {learned.hex()}"


def _checked(frames: Tensor, mask: Tensor | None) -> Tensor:
    """The mask as (n, t) bool; all True where there is none."""
    if frames.ndim != 3 or (mask is not None and mask.shape != frames.shape[:2]):
        raise ValueError(
            f"frames are {tuple(frames.shape)} and mask is {None if mask is None else tuple(mask.shape)}; "
            "pass frames as (n, t, dim) and mask as (n, t)."
        )
    return torch.ones(frames.shape[:2], dtype=torch.bool, device=frames.device) if mask is None else mask.bool()
