"""A small causal transformer, by hand: attention, its mask, and the blocks made of them (Vaswani et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["CausalTransformer", "attention", "causal_mask"]


def causal_mask(length: int) -> Tensor:
    """Who may look at whom: (length, length) bool, True where place i (row) may look at place j (column).

    A place looks at itself and at what came before it. Without the mask, the model that is trained to name the next
    item would simply read it.

    Raises:
        ValueError: a length below 1.
    """
    if length < 1:
        raise ValueError(f"length is {length}; a sequence has at least 1 place.")
    place = torch.arange(length)
    return place[:, None] >= place[None, :]


def attention(queries: Tensor, keys: Tensor, values: Tensor, allowed: Tensor, bias: Tensor | float = 0.0) -> Tensor:
    """Every place's mean of the values, weighted by how well its query meets the keys.

    Args:
        queries, keys, values: (..., length, size).
        allowed: bool, broadcast to (..., length, length); every row allows at least one place.
        bias: added to the scores before the softmax, broadcast likewise.

    Returns:
        (..., length, size).
    """
    scores = queries @ keys.transpose(-2, -1) / queries.shape[-1] ** 0.5 + bias
    return scores.masked_fill(~allowed, float("-inf")).softmax(dim=-1) @ values


class Block(nn.Module):
    """Attention over the places, then two layers at each place; each added to what came in (He et al. 2016).

    The layer norm stands before each part, which trains without a warm-up (Xiong et al. 2020).
    """

    def __init__(self, dim: int, heads: int, max_length: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(dim)
        self.to_queries_keys_values = nn.Linear(dim, 3 * dim)
        self.from_heads = nn.Linear(dim, dim)
        self.by_distance = nn.Parameter(torch.zeros(heads, max_length))
        self.before_layers = nn.LayerNorm(dim)
        self.layers = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, allowed: Tensor) -> Tensor:
        """x: (n, length, dim); allowed: (n, 1, length, length) bool. Returns (n, length, dim)."""
        n, length, dim = x.shape
        parts = self.to_queries_keys_values(self.before_attention(x)).view(n, length, 3, self.heads, dim // self.heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)  # each (n, heads, length, dim / heads)
        seen = attention(queries, keys, values, allowed, self._position_bias(length))
        x = x + self.dropout(self.from_heads(seen.transpose(1, 2).reshape(n, length, dim)))
        return x + self.dropout(self.layers(self.before_layers(x)))

    def _position_bias(self, length: int) -> Tensor:
        """(heads, length, length): a learned number for each distance backwards, from 0, the place itself."""
        place = torch.arange(length, device=self.by_distance.device)
        return self.by_distance[:, (place[:, None] - place[None, :]).clamp(min=0)]


class CausalTransformer(nn.Module):
    """From a sequence of vectors to one vector for each place, made of that place and those before it.

    Places are counted backwards from the one that looks: "the latest", "the one before it". SASRec gives every place
    of the window a vector instead. A distance means the same at every place of the window, so that each place of a
    training sequence practises what the last one is asked when lists are made.

    Args:
        dim: size of the vectors, a multiple of `heads`. layers: blocks. heads: attentions side by side in a block.
        max_length: places at most. dropout: share of numbers set to zero in training.
    """

    def __init__(self, dim: int, layers: int, heads: int, max_length: int, dropout: float):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(dim, heads, max_length, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """x: (n, length, dim); real: (n, length) bool, False at padding. Returns (n, length, dim)."""
        length = x.shape[1]
        # Padding is seen by nobody but itself: a row that allowed nothing would have no softmax.
        itself = torch.eye(length, dtype=torch.bool, device=x.device)
        allowed = causal_mask(length).to(x.device) & (real[:, None, :] | itself)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, allowed[:, None])
        return self.norm(x)
