"""What the model sees of a side: pictures varied by (seed, epoch, place), targets, weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from vitrina.augment import Augmentation, generator_for, smooth
from vitrina.learning.framing import Framing
from vitrina.learning.sides import Side

if TYPE_CHECKING:
    from PIL import Image

# One place in training: (epoch, row of the side, weight). A weight of 0 fills up the last batch.
Place = tuple[int, int, float]
# Keeps the numbers of mixup apart from those of the picture's own variation.
_MIXUP = 7919


@dataclass(frozen=True)
class Seeing:
    """How pictures of train are shown. `prepare(picture, epoch)` gives float32 (3, height, width).

    With `framings`, one for each epoch (the last for all that follow), varied pictures become what the network sees in
    one step, as levels, and `values` makes float32 of a batch of them. Pictures that nothing varies are always those of
    `prepare`, as evaluation sees them.
    """

    prepare: Callable[[Image.Image, int], torch.Tensor]
    augmentation: Augmentation
    seed: int
    mixup: float = 0.0
    smoothing: float = 0.0
    framings: Sequence[Framing] = ()

    def framing(self, epoch: int) -> Framing | None:
        """How pictures of that epoch are framed; None where `prepare` gives values."""
        if not self.framings or not self.augmentation:
            return None
        return self.framings[min(epoch, len(self.framings) - 1)]

    def values(self, pixels: torch.Tensor) -> torch.Tensor:
        """float32 (b, 3, h, w), what the network takes: of levels (uint8), else as they are."""
        return self.framings[0].values(pixels) if pixels.dtype == torch.uint8 else pixels


class TrainingPictures(Dataset[dict[str, Any]]):
    """Rows of a side, asked for by Place, so that neither a worker nor a resumed run changes what is seen."""

    def __init__(self, side: Side, seeing: Seeing, *, weights: np.ndarray | None = None) -> None:
        """`weights` float32 (k,): of each class in the loss, None for ones."""
        self.side = side
        self.seeing = seeing
        self.weights = weights

    def __len__(self) -> int:
        return len(self.side)

    def __getitem__(self, place: Place) -> dict[str, Any]:
        epoch, row, weight = place
        pixels, target = self._seen(epoch, row), torch.from_numpy(self.side.targets[row])
        if self.seeing.mixup > 0:
            pixels, target = self._mixed(pixels, target, epoch=epoch, row=row)
        if self.weights is not None:
            # Of a mixture, the weights of its parts in their shares.
            weight *= float((target.numpy() * self.weights).sum())
        if self.seeing.smoothing:
            target = smooth(
                target[None], self.seeing.smoothing, exclusive=self.side.scheme.task == "single_label"
            )[0]
        return {
            "pixel_values": pixels,
            "labels": target,
            "weights": torch.tensor(weight, dtype=torch.float32),
        }

    def _seen(self, epoch: int, row: int) -> torch.Tensor:
        """(3, h, w): uint8 where the epoch has a framing, else float32."""
        seeing, framing = self.seeing, self.seeing.framing(epoch)
        if not seeing.augmentation:
            return seeing.prepare(self.side.picture(row), epoch)
        generator = generator_for(seeing.seed, epoch, row)
        if framing is None:
            return seeing.prepare(seeing.augmentation(self.side.picture(row), generator=generator), epoch)
        frame = framing.frame
        # What was drawn depends on no picture, so it tells in what size one has to be decoded.
        drawn = seeing.augmentation.draw(generator)
        picture = self.side.picture(row, at_least=frame.at_least(seeing.augmentation.window(drawn)))
        varied = seeing.augmentation.within(frame).apply(picture, drawn)
        return torch.from_numpy(frame.levels(varied)).permute(2, 0, 1)

    def _mixed(
        self, pixels: torch.Tensor, target: torch.Tensor, *, epoch: int, row: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """With another picture of train, in a share from Beta(alpha, alpha) (Zhang et al. 2018).

        The partner comes from (seed, epoch, row) rather than from the batch: with several processes a batch is cut
        up, and the same pictures would meet others.
        """
        generator = generator_for(self.seeing.seed + _MIXUP, epoch, row)
        share = float(generator.beta(self.seeing.mixup, self.seeing.mixup))
        other = int(generator.integers(len(self.side)))
        values = self.seeing.values
        mixed = share * values(pixels) + (1 - share) * values(self._seen(epoch, other))
        return mixed, share * target + (1 - share) * torch.from_numpy(self.side.targets[other])


class StandingPictures(Dataset[dict[str, Any]]):
    """Rows of a side as they are, for evaluation while training."""

    def __init__(self, side: Side, prepare: Callable[[Image.Image], torch.Tensor]) -> None:
        self.side = side
        self.prepare = prepare

    def __len__(self) -> int:
        return len(self.side)

    def __getitem__(self, row: int) -> dict[str, Any]:
        return {
            "pixel_values": self.prepare(self.side.picture(row)),
            "labels": torch.from_numpy(self.side.targets[row]),
            "weights": torch.tensor(1.0),
        }


class DealtBatches(Sampler[list[Place]]):
    """Batches of one process out of several, which together hold what one process alone would have in one batch.

    Batch s of an epoch is places s*B to (s+1)*B of the epoch's permutation, B the sum over the processes; process p
    takes each `processes`-th of them. The last one is filled up with weight 0, so that every process has as many.
    """

    def __init__(
        self, rows: int, *, batch_size: int, seed: int, process: int = 0, processes: int = 1
    ) -> None:
        """`batch_size`: pictures of one process."""
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.process, self.processes = process, processes
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.rows // (self.batch_size * self.processes))

    def __iter__(self) -> Iterator[list[Place]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.rows)
        together = self.batch_size * self.processes
        for start in range(0, self.rows, together):
            batch = order[start : start + together]
            own = [(self.epoch, int(row), 1.0) for row in batch[self.process :: self.processes]]
            # One process alone has a shorter last batch; with several, all must have one.
            short = -(-len(batch) // self.processes) - len(own)
            yield own + [(self.epoch, int(order[0]), 0.0)] * short


class DealtLoader(DataLoader[dict[str, Any]]):
    """A DataLoader whose batches follow the epoch that the Trainer announces."""

    def set_epoch(self, epoch: int) -> None:
        """Hand it on to the batches."""
        self.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]


def collated(rows: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """One batch: pixel_values uint8 or float32 (b, 3, h, w), as `Seeing.values` takes them, labels float32 (b, k),
    weights float32 (b,)."""
    return {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
