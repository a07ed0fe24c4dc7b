"""A version of a model as it is before it answers: fetched, verified, loaded."""

from __future__ import annotations

from dataclasses import replace

from vitrina.labels import LabelScheme
from vitrina.models.backbone import with_labels
from vitrina.models.classifier import Classifier, classifier_of
from vitrina.models.golden import Verified, verify_model
from vitrina.models.hub import PATIENCE, fetch
from vitrina.models.reference import ModelReference
from vitrina.repositories.patience import Patience


def load_version(
    reference: ModelReference, *, endpoint: str | None = None, patience: Patience = PATIENCE
) -> Verified:
    """Its files compared with the manifest, every tensor accounted for, the golden picture answered.

    The model's revision is "NAME@<commit>". `not_verified` says what could not be looked at where somebody else
    published it. Raises ModelUnavailable.
    """
    folder, commit = fetch(reference, endpoint=endpoint, patience=patience)
    pinned = reference.at(commit)
    verified = verify_model(folder, said=str(pinned))
    loaded = replace(verified.loaded, revision=str(pinned), reference=pinned)
    return replace(verified, loaded=loaded)


def classifier_for(verified: Verified, labels: LabelScheme) -> Classifier:
    """What answers with exactly these labels. Raises ModelUnavailable."""
    return classifier_of(with_labels(verified.loaded, labels), labels=labels)
