"""Batch normalisation folded into the convolution before it: the same function in about two thirds of the time.

In evaluation a batch norm multiplies each channel by a constant and adds another (Ioffe and Szegedy 2015), which the
convolution's own weights can do.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["folded"]

_CLOSE = 1e-4  # of the features' length


@torch.no_grad()  # and not inference_mode, whose tensors no other mode may use
def folded(network: nn.Module, size: int) -> nn.Module:
    """A network that computes the same with its batch norms folded, or the network itself where that cannot be done.

    Args:
        network: in evaluation mode, on the CPU, in fp32; left as it is.
        size: side of the picture on which both are compared.
    """
    result = copy.deepcopy(network)
    found = False
    for module in list(result.modules()):
        children = list(module.named_children())
        for (name, conv), (next_name, norm) in zip(children, children[1:], strict=False):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d) and _fits(conv, norm):
                setattr(module, name, fuse_conv_bn_eval(conv, norm))
                setattr(
                    module, next_name, getattr(norm, "act", None) or nn.Identity()
                )  # timm's norm has its activation
                found = True
    if not found:
        return network
    # Neighbours by name need not be neighbours in the computation: the two are compared, and not trusted.
    noise = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    before, after = network(noise), result(noise)
    return result if (before - after).norm() <= _CLOSE * before.norm() else network


def _fits(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> bool:
    return conv.out_channels == norm.num_features and norm.track_running_stats and not norm.training
