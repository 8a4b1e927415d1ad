"""The mended multimodal program with switches, and the wrong answers that they make; see `mend_multimodal.py`."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["MUTANTS", "vectors"]


def vectors(
    items,
    models,
    *,
    evaluate: bool = True,
    inference: bool = True,
    prepare: Callable | None = None,
    pool: Callable = lambda seen: seen.mean(dim=0),
    batch: Callable | None = None,
    device: str | None = None,
):
    """Three tables of vectors, but for what a mutant changes."""
    import torch

    if evaluate:
        models.network.eval()
    prepare, batch = prepare or models.prepare, batch or torch.stack

    with torch.inference_mode(inference):

        def see(pictures):
            return models.network(batch([prepare(one) for one in pictures]).to(device or models.network.device)).cpu()

        covers = see([models.open(cover) for _, cover, _ in items])
        films = torch.stack([pool(see(models.frames(film))) for _, _, film in items])
    return models.text([text for text, _, _ in items]), covers, films


def _standard(table, warm):
    import torch

    return torch.nn.functional.normalize(table - table[warm].mean(dim=0), dim=1)


def _mended(
    items,
    models,
    histories,
    warm,
    *,
    standard: Callable = _standard,
    unit: bool = True,
    seen: float | None = None,
    blocks: Callable = lambda parts: parts,
    total: Callable = lambda fused, history: fused[history].sum(dim=0),
    profile: bool = True,
    **changed,
):
    """The right answer, but for what a mutant changes."""
    import torch
    from torch.nn.functional import normalize

    parts = [standard(table, warm) for table in blocks(vectors(items, models, **changed))]
    fused = torch.cat(parts, dim=1)
    fused = normalize(fused, dim=1) if unit else fused
    profiles = torch.stack([total(fused, history) for history in histories])
    scores = (normalize(profiles, dim=1) if profile else profiles) @ fused.T
    for row, history in zip(scores, histories, strict=True):
        row[history] = -torch.inf if seen is None else seen
    return scores


def _with(**changed):
    return lambda *arguments: _mended(*arguments, **changed)


def _as_published(items, models, histories, warm):
    """One item, one picture at a time on a device that is not the network's, and an SVD multiplied back."""
    import torch

    text, cover, film = items[0]
    look = models.network(torch.tensor(models.open(cover)).unsqueeze(0).cuda())
    seen = torch.cat([models.network(torch.tensor(frame).unsqueeze(0).cuda()) for frame in models.frames(film)])
    return _multiplied_back(torch.cat([models.text([text]), look, seen.mean(dim=0)], dim=1))


def _multiplied_back(features):
    import torch

    u, s, v = torch.linalg.svd(features, full_matrices=False)
    return u @ torch.diag(s) @ v


def _svd_of_the_features(items, models, histories, warm):
    import torch

    return _multiplied_back(torch.cat(vectors(items, models), dim=1))


def _side_by_side(parts):
    import torch

    return [torch.cat(list(parts), dim=1)]


def _by_columns(table, warm):
    centred = table - table[warm].mean(dim=0)
    return centred / centred.norm(dim=0, keepdim=True).clamp(min=1e-9)


def _unit_first(table, warm):
    import torch

    return _standard(torch.nn.functional.normalize(table, dim=1), warm)


def _raw_pixels(picture):
    import torch

    return torch.tensor(picture).permute(2, 0, 1).float()


def _squeezed(prepared):
    import torch

    return prepared[0] if len(prepared) == 1 else torch.stack(prepared)


MUTANTS = {
    "runs the program as it circulates": _as_published,
    "returns the features, factored and multiplied back": _svd_of_the_features,
    "leaves the network in training mode": _with(evaluate=False),
    "keeps the gradients": _with(inference=False),
    "hands over raw pixels": _with(prepare=_raw_pixels),
    "hands over a single picture without a batch dimension": _with(batch=_squeezed),
    "sends the pictures to a device of its own choice": _with(device="meta"),
    "takes the first frame": _with(pool=lambda seen: seen[0]),
    "adds the frames up": _with(pool=lambda seen: seen.sum(dim=0)),
    "takes the largest value over the frames": _with(pool=lambda seen: seen.amax(dim=0)),
    "leaves the film out": _with(blocks=lambda parts: parts[:2]),
    "leaves the picture out": _with(blocks=lambda parts: (parts[0], parts[2])),
    "recommends by the text alone": _with(blocks=lambda parts: parts[:1]),
    "takes the vectors as they are": _with(standard=lambda table, warm: table),
    "centres, and does not scale": _with(standard=lambda table, warm: table - table[warm].mean(dim=0)),
    "scales, and does not centre": _with(standard=lambda table, warm: table / table.norm(dim=1, keepdim=True)),
    "scales before it centres, and again after": _with(standard=_unit_first),
    "scales the columns": _with(standard=_by_columns),
    "takes the mean over all items": lambda items, models, histories, warm: _mended(
        items, models, histories, list(range(len(items)))
    ),
    "scales the whole vector at once": _with(blocks=_side_by_side),
    "lists the pictures in the order of their names": lambda items, *others: _mended(
        [(one, cover, film) for (one, _, film), cover in zip(items, sorted(c for _, c, _ in items), strict=True)],
        *others,
    ),
    "makes one film of all films": _with(
        blocks=lambda parts: (*parts[:2], parts[2].mean(dim=0).expand(parts[2].shape))
    ),
    "shows what was seen": _with(seen=1.0),
    "hides with 0, below which scores lie": _with(seen=0.0),
    "lets a long history score higher": _with(profile=False),
    "takes the last item of the history alone": _with(total=lambda fused, history: fused[history[-1]]),
    "gives everybody the first user's scores": lambda items, models, histories, warm: _mended(
        items, models, [histories[0]] * len(histories), warm
    ),
}
