"""Features of pictures kept on the disk, so that a backbone sees no picture twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, overload

import numpy as np

from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.models.backbone import LoadedModel
from vitrina.models.feature_shards import DESCRIPTION, Shards, write_whole
from vitrina.models.features import feature_batches, final_linear
from vitrina.models.inputs import PictureLike
from vitrina.models.precision import FLOAT32
from vitrina.models.preprocessing import preprocessing_digest

if TYPE_CHECKING:
    from PIL import Image

# A kill loses at most this many pictures: some seconds of work, and files of about a megabyte.
SHARD = 256
# The picture as it is, decoded by `vitrina.models.inputs.as_rgb`.
PLAIN = "plain"


class Pictures(Protocol):
    """n pictures that decode when they are asked for. `keys`: `pixel_sha256` of each."""

    @property
    def keys(self) -> Sequence[str]: ...

    def picture(self, row: int, /) -> Image.Image:
        """RGB; the same for rows with the same key."""
        ...


class FeatureCache:
    """Features under (picture's hash, backbone's revision, preprocessing, number type, view).

    `computed` and `found` count the different pictures that were computed by, or were there before, the calls
    so far. Several processes may use one folder; what two compute at once is written twice, and equal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.computed = 0
        self.found = 0

    def features_of(
        self,
        loaded: LoadedModel,
        rows: Pictures,
        *,
        precision: str = FLOAT32,
        view: str = PLAIN,
        progress: Callable[[int, int], None] | None = None,
        batch_size: int = 16,
    ) -> np.ndarray:
        """float32 (n, d): the input of the final linear layer for each of `rows`, in their order.

        `view` names how `rows.picture` differs from the plain picture; two views of the same name must be the
        same. `progress(done, n)` counts different pictures, those that were there before included. Raises
        ModelUnavailable where the model gives no finite numbers, OutOfSpace, and what `feature_batches` raises.
        """
        shards = self._shards(loaded, precision, view)
        shards.sweep()
        known = shards.read()
        missing, different = _missing(rows.keys, known)
        self.found += different - len(missing)
        tell = progress if progress is not None else _nobody
        tell(different - len(missing), different)
        pending: list[np.ndarray] = []
        done = 0
        batches = feature_batches(loaded, _Lazy(rows, missing), batch_size=batch_size, precision=precision)
        with closing(batches):
            for values in batches:
                _refuse_not_finite(values, loaded)
                pending.append(values)
                done += len(values)
                if len(pending) * batch_size >= SHARD or done == len(missing):
                    block = np.concatenate(pending)
                    names = [rows.keys[row] for row in missing[done - len(block) : done]]
                    shards.add(names, block)
                    known |= zip(names, block, strict=True)
                    self.computed += len(block)
                    pending = []
                tell(different - len(missing) + done, different)
        return _in_order(rows.keys, known, final_linear(loaded)[2].in_features)

    def seed(self, loaded: LoadedModel, keys: Sequence[str], features: np.ndarray, *, revision: str) -> int:
        """Take over features (n, d), computed elsewhere in float32 from plain pictures; how many were new.

        Only for a model with the preprocessing it came with: under another one they lie where nobody looks.
        `revision` names the model that computed them. Raises BadRequest where it is not `loaded`, or where
        shapes or numbers do not fit.
        """
        expected = (len(keys), final_linear(loaded)[2].in_features)
        if revision != loaded.revision or features.shape != expected or not np.isfinite(features).all():
            raise BadRequest(
                f"finite features {expected} of {loaded.revision}",
                f"{features.shape} of {revision}",
                "Compute them again.",
            )
        shards = self._shards(loaded, FLOAT32, PLAIN)
        new, _ = _missing(keys, shards.read())
        for start in range(0, len(new), SHARD):
            chosen = new[start : start + SHARD]
            shards.add([keys[row] for row in chosen], features[chosen])
        return len(new)

    def _shards(self, loaded: LoadedModel, precision: str, view: str) -> Shards:
        """Where features of this kind lie: a folder that says in words what it holds."""
        kind = {
            "revision": loaded.revision,
            "preprocessing": preprocessing_digest(loaded),
            "precision": precision,
            "view": view,
        }
        text = json.dumps(kind, indent=2, sort_keys=True)
        folder = self.folder / hashlib.sha256(text.encode()).hexdigest()[:16]
        if not (folder / DESCRIPTION).is_file():
            write_whole(folder / DESCRIPTION, text.encode())
        return Shards(folder, final_linear(loaded)[2].in_features)


class _Lazy(Sequence[PictureLike]):
    """Some of the rows, decoded when a slice is taken."""

    def __init__(self, rows: Pictures, chosen: Sequence[int]) -> None:
        self._rows = rows
        self._chosen = chosen

    def __len__(self) -> int:
        return len(self._chosen)

    @overload
    def __getitem__(self, index: int) -> PictureLike: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[PictureLike]: ...

    def __getitem__(self, index: int | slice) -> PictureLike | Sequence[PictureLike]:
        if isinstance(index, slice):
            return [self._rows.picture(row) for row in self._chosen[index]]
        return self._rows.picture(self._chosen[index])


def _missing(keys: Sequence[str], known: Mapping[str, np.ndarray]) -> tuple[list[int], int]:
    """(the first row of each key that is not known, the number of different keys)."""
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    return sorted(row for key, row in first.items() if key not in known), len(first)


def _in_order(keys: Sequence[str], known: Mapping[str, np.ndarray], dimension: int) -> np.ndarray:
    features = np.empty((len(keys), dimension), dtype=np.float32)
    for row, key in enumerate(keys):
        features[row] = known[key]
    return features


def _refuse_not_finite(values: np.ndarray, loaded: LoadedModel) -> None:
    wrong = int((~np.isfinite(values).all(axis=1)).sum())
    if wrong:
        raise ModelUnavailable(
            f"finite features from {loaded.revision}",
            f"others for {wrong} of {len(values)} pictures",
            "Copy the model again: its weights are damaged. If it is whole, set precision to float32.",
        )


def _nobody(_done: int, _of: int) -> None:
    """Is told nothing."""
