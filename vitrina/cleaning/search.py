"""The search for duplicates in a collected pile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import vitrina

if TYPE_CHECKING:
    from vitrina.duplicates.found import Duplicates
    from vitrina.duplicates.pictures import Pictures
    from vitrina.duplicates.settings import DuplicateSettings
    from vitrina.pile import Pile


def pictures_of(pile: Pile) -> Pictures:
    """What the search looks at: hashes, sizes, contrast, views, features of every row."""
    from vitrina.duplicates.perceptual import as_integers
    from vitrina.duplicates.pictures import Pictures

    survey = pile.survey
    return Pictures(
        byte_hashes=survey["picture_id"].tolist(),
        pixel_hashes=survey["pixel_sha256"].tolist(),
        perceptual=as_integers(survey["perceptual_hash"].tolist()),
        sizes=survey[["width", "height"]].to_numpy(np.int64),
        contrast=survey["contrast"].to_numpy(np.float64),
        sharpness=survey["sharpness"].to_numpy(np.float64),
        view=pile.view,
        features=pile.features,
    )


def duplicates_of(
    pile: Pile, folder: Path, *, settings: DuplicateSettings, progress: Callable[[str, int, int], None]
) -> Duplicates:
    """Search `pile`; comparisons are remembered in `folder`, so that a search which was stopped goes on."""
    from vitrina.cleaning.remembered import RememberedComparisons
    from vitrina.duplicates.search import find_duplicates

    told = json.dumps(
        [vitrina.__version__, pile.fingerprint, pile.feature_revision, asdict(settings)], sort_keys=True
    )
    # Rows are what is remembered, so their order counts as well.
    order = hashlib.sha256("\n".join([told, *pile.survey["picture_id"]]).encode()).hexdigest()
    with RememberedComparisons(folder / f"comparisons-{order[:16]}.jsonl") as memory:
        return find_duplicates(pictures_of(pile), settings=settings, progress=progress, memory=memory)
