"""What training sees: the same at the same place, whoever asks, and each picture once an epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.models.made import tiny
from vitrina.augment import Augmentation
from vitrina.learning.framing import Framing, framing_of
from vitrina.learning.seen import (
    DealtBatches,
    DealtLoader,
    Seeing,
    StandingPictures,
    TrainingPictures,
    collated,
)
from vitrina.learning.sides import Side, open_sides
from vitrina.models.inputs import pixel_values


def tensor(picture: Image.Image, epoch: int = 0) -> torch.Tensor:
    pixels = np.array(picture.resize((8, 8)), dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)


VARIED = Augmentation.from_recipe({"flip": "both", "rotate": 30, "noise": 0.1, "brightness": 0.3})


@pytest.fixture(scope="module")
def train(work: Path) -> Side:
    return open_sides(work)["train"]


def seeing(**more: Any) -> Seeing:
    return Seeing(**{"prepare": tensor, "augmentation": VARIED, "seed": 3, **more})


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@given(
    rows=st.integers(1, 60),
    batch_size=st.integers(1, 9),
    processes=st.integers(1, 5),
    epoch=st.integers(0, 3),
)
def test_processes_together_have_the_batches_of_one(
    rows: int, batch_size: int, processes: int, epoch: int
) -> None:
    shares = [
        DealtBatches(rows, batch_size=batch_size, seed=1, process=process, processes=processes)
        for process in range(processes)
    ]
    alone = DealtBatches(rows, batch_size=batch_size * processes, seed=1)
    for each in (*shares, alone):
        each.set_epoch(epoch)
    dealt = [list(share) for share in shares]
    whole = list(alone)
    assert {len(each) for each in dealt} == {len(shares[0])} == {len(whole)} == {len(alone)}
    for step, batch in enumerate(whole):
        together = [place for each in dealt for place in each[step]]
        assert len({len(each[step]) for each in dealt}) == 1
        assert all(1 <= len(each[step]) <= batch_size for each in dealt)
        assert sorted(place for place in together if place[2]) == sorted(batch)
        # Those that fill up weigh nothing, and are fewer than there are processes.
        assert {place[2] for place in together} <= {0.0, 1.0}
        assert len(together) - len(batch) < processes
    counted = sorted(row for batch in whole for _, row, _ in batch)
    assert counted == list(range(rows))
    assert {at for batch in whole for at, _, _ in batch} == {epoch}


def test_epochs_and_seeds_deal_in_another_order() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        batches = DealtBatches(40, batch_size=8, seed=seed)
        batches.set_epoch(epoch)
        return [row for batch in batches for _, row, _ in batch]

    assert order(1, 0) == order(1, 0)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4


def test_the_same_place_is_seen_the_same(train: Side) -> None:
    one, other = TrainingPictures(train, seeing(mixup=0.4)), TrainingPictures(train, seeing(mixup=0.4))
    places = [(epoch, row, 1.0) for epoch in (0, 1) for row in range(6)]
    first = {place: one[place] for place in places}
    again = {place: other[place] for place in reversed(places)}
    assert all(equal(first[place], again[place]) for place in places)
    seen = [first[place]["pixel_values"] for place in places]
    assert all(not torch.equal(seen[i], seen[k]) for i in range(len(seen)) for k in range(i))
    elsewhere = TrainingPictures(train, seeing(mixup=0.4, seed=4))
    assert not torch.equal(elsewhere[places[0]]["pixel_values"], seen[0])


def test_without_augmentation_a_picture_is_seen_as_it_is(train: Side) -> None:
    plain = TrainingPictures(train, seeing(augmentation=Augmentation()))
    assert len(plain) == len(train) == 24
    assert torch.equal(plain[(0, 2, 1.0)]["pixel_values"], tensor(train.picture(2)))
    standing = StandingPictures(train, tensor)
    assert len(standing) == 24
    assert equal(standing[2], plain[(5, 2, 1.0)])


def test_workers_change_nothing(train: Side) -> None:
    pictures = TrainingPictures(train, seeing(mixup=0.3))

    def batches(workers: int) -> list[dict[str, torch.Tensor]]:
        dealt = DealtBatches(len(pictures), batch_size=7, seed=2)
        loader = DealtLoader(pictures, batch_sampler=dealt, collate_fn=collated, num_workers=workers)
        answer = []
        for epoch in (0, 1):
            loader.set_epoch(epoch)
            answer += list(loader)
        return answer

    alone, shared = batches(0), batches(2)
    assert len(alone) == len(shared) == 8
    assert all(equal(one, other) for one, other in zip(alone, shared, strict=True))
    assert alone[3]["pixel_values"].shape == (3, 3, 8, 8)
    assert {key: values.dtype for key, values in alone[0].items()} == dict.fromkeys(
        ("pixel_values", "labels", "weights"), torch.float32
    )


def test_mixtures_are_of_two_pictures_in_their_shares(train: Side) -> None:
    plain = TrainingPictures(train, seeing(augmentation=Augmentation()))
    mixed = TrainingPictures(train, seeing(augmentation=Augmentation(), mixup=0.4))
    own = [plain[(0, row, 1.0)] for row in range(len(train))]
    shares = []
    for row in range(len(train)):
        seen = mixed[(0, row, 1.0)]
        assert float(seen["labels"].sum()) == pytest.approx(1.0, abs=1e-6)
        found = []
        for other in own:
            difference = own[row]["pixel_values"] - other["pixel_values"]
            # pixels = other + share * (own - other)
            share = float(
                ((seen["pixel_values"] - other["pixel_values"]) * difference).sum()
                / difference.square().sum().clamp_min(1e-9)
            )
            mixture = share * own[row]["pixel_values"] + (1 - share) * other["pixel_values"]
            target = share * own[row]["labels"] + (1 - share) * other["labels"]
            if torch.allclose(seen["pixel_values"], mixture, atol=1e-5):
                found.append((share, torch.allclose(seen["labels"], target, atol=1e-4)))
        assert any(right for _, right in found), row
        shares.append(found[0][0])
    assert len({round(share, 6) for share in shares}) > 10


def test_classes_weigh_in_the_loss(train: Side) -> None:
    weights = np.array([1.0, 2.0, 4.0], dtype=np.float32)
    plain = TrainingPictures(train, seeing(), weights=weights)
    assert [float(plain[(0, row, 1.0)]["weights"]) for row in (0, 8, 16)] == [1.0, 2.0, 4.0]
    assert float(plain[(0, 16, 0.0)]["weights"]) == 0.0
    mixed = TrainingPictures(train, seeing(mixup=0.4), weights=weights)
    for row in (0, 8, 16):
        seen = mixed[(0, row, 1.0)]
        assert float(seen["weights"]) == pytest.approx(float((seen["labels"].numpy() * weights).sum()))


def test_labels_are_smoothed_after_they_weigh(train: Side) -> None:
    weights = np.array([1.0, 2.0, 4.0], dtype=np.float32)
    smoothed = TrainingPictures(train, seeing(smoothing=0.3), weights=weights)
    seen = smoothed[(0, 16, 1.0)]
    assert seen["labels"].tolist() == pytest.approx([0.1, 0.1, 0.8])
    assert float(seen["weights"]) == 4.0


def test_several_labels_are_smoothed_towards_one_half(work: Path) -> None:
    side = open_sides(work, task="multi_label", targets=["round"])["train"]
    smoothed = TrainingPictures(side, seeing(smoothing=0.2))
    assert [round(float(smoothed[(0, row, 1.0)]["labels"]), 6) for row in (0, 16)] == [0.9, 0.1]


def test_the_epoch_reaches_what_prepares(train: Side) -> None:
    asked: list[int] = []

    def prepare(picture: Image.Image, epoch: int) -> torch.Tensor:
        asked.append(epoch)
        return tensor(picture)

    pictures = TrainingPictures(train, seeing(prepare=prepare))
    for epoch in (0, 4):
        pictures[(epoch, 1, 1.0)]
    assert asked == [0, 4]


LOADED = tiny("vit-tiny")


def prepared(picture: Image.Image, epoch: int) -> torch.Tensor:
    return pixel_values(LOADED, [picture])[0]


def framed(**more: Any) -> Seeing:
    """As a model's own preprocessing would have it, 32 pixels a side."""
    framing = framing_of(LOADED)
    assert framing is not None
    asked = {"crop": [0.2, 1.0], "flip": "both", "rotate": 30, "noise": 0.1}
    told = {"prepare": prepared, "augmentation": Augmentation.from_recipe(asked), "framings": [framing]}
    return seeing(**{**told, **more})


def test_framed_pictures_are_levels_until_a_batch_is_taken(train: Side) -> None:
    shown = framed()
    pictures = TrainingPictures(train, shown)
    batch = collated([pictures[(0, row, 1.0)] for row in range(4)])["pixel_values"]
    assert (batch.dtype, tuple(batch.shape)) == (torch.uint8, (4, 3, 32, 32))
    values = shown.values(batch)
    # A deviation of 1/2 about a mean of 1/2: levels 0 to 255 as -1 to 1.
    torch.testing.assert_close(values, batch.float() / 127.5 - 1)
    assert shown.values(values) is values


def test_framed_pictures_are_seen_the_same_by_any_worker(train: Side) -> None:
    pictures = TrainingPictures(train, framed(mixup=0.3))

    def batches(workers: int) -> list[dict[str, torch.Tensor]]:
        dealt = DealtBatches(len(pictures), batch_size=7, seed=2)
        return list(DealtLoader(pictures, batch_sampler=dealt, collate_fn=collated, num_workers=workers))

    alone, shared = batches(0), batches(2)
    assert all(equal(one, other) for one, other in zip(alone, shared, strict=True))
    assert alone[0]["pixel_values"].dtype == torch.float32  # A mixture is no whole level.
    again = TrainingPictures(train, framed(mixup=0.3))
    assert equal(pictures[(1, 5, 1.0)], again[(1, 5, 1.0)])
    assert not torch.equal(pictures[(1, 5, 1.0)]["pixel_values"], again[(2, 5, 1.0)]["pixel_values"])


def test_mixtures_of_framed_pictures_are_of_their_values(train: Side) -> None:
    plain, mixed = TrainingPictures(train, framed()), TrainingPictures(train, framed(mixup=0.4))
    own = [framed().values(plain[(0, row, 1.0)]["pixel_values"][None])[0] for row in range(len(train))]
    seen = mixed[(0, 0, 1.0)]
    target = seen["labels"]
    shares = [
        float(((seen["pixel_values"] - other) * (own[0] - other)).sum() / (own[0] - other).square().sum())
        for other in own[1:]
    ]
    mixtures = [share * own[0] + (1 - share) * other for share, other in zip(shares, own[1:], strict=True)]
    close = [torch.allclose(seen["pixel_values"], mixture, atol=1e-4) for mixture in mixtures]
    assert any(close) or torch.allclose(seen["pixel_values"], own[0], atol=1e-4)
    assert float(target.sum()) == pytest.approx(1.0, abs=1e-6)


def test_what_nothing_varies_is_seen_as_evaluation_sees_it(train: Side) -> None:
    pictures = TrainingPictures(train, framed(augmentation=Augmentation()))
    standing = StandingPictures(train, lambda picture: prepared(picture, 0))
    assert equal(pictures[(0, 3, 1.0)], standing[3])


def test_without_a_frame_pictures_are_varied_in_their_own_size(train: Side) -> None:
    sizes: list[tuple[int, int]] = []

    def prepare(picture: Image.Image, epoch: int) -> torch.Tensor:
        sizes.append(picture.size)
        return prepared(picture, epoch)

    pictures = TrainingPictures(train, framed(framings=(), prepare=prepare))
    assert pictures[(0, 0, 1.0)]["pixel_values"].dtype == torch.float32
    assert sizes == [train.picture(0).size]


def test_a_picture_is_decoded_as_small_as_its_crop_allows(
    train: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    real = Side.picture

    def noted(self: Side, row: int, *, at_least: int | None = None) -> Image.Image:
        asked.append(at_least)
        return real(self, row, at_least=at_least)

    monkeypatch.setattr(Side, "picture", noted)
    halves = Augmentation.from_recipe({"crop": [0.25, 0.25]})
    pictures = TrainingPictures(train, framed(augmentation=halves))
    for row in range(6):
        pictures[(0, row, 1.0)]
    # 64 pixels for the whole picture; of a part a quarter as large, its shorter side 0.43 to 0.5 of the whole.
    assert all(size is not None and 128 <= size <= 148 for size in asked)
    assert len(set(asked)) > 1


def test_each_epoch_has_its_frame(train: Side) -> None:
    one = framing_of(LOADED)
    assert one is not None
    sizes = [Framing(replace(one.frame, side=side), one.scale, one.shift) for side in (16, 24)]
    pictures = TrainingPictures(train, framed(framings=sizes))
    shapes = [pictures[(epoch, 0, 1.0)]["pixel_values"].shape[-1] for epoch in (0, 1, 2, 7)]
    assert shapes == [16, 24, 24, 24]
