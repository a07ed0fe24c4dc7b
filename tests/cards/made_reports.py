"""Reports of a small collection, as the three stages write them."""

from __future__ import annotations

from typing import Any


def hexes(digit: str) -> str:
    return digit * 64


def collect_report() -> dict[str, Any]:
    return {
        "stage": "collect",
        "vitrina": "0.1.0",
        "source": {
            "name": "folder:night_market",
            "reader": "folder",
            "inferred": "3 classes from folders: dumplings, grill, menu; metadata adds 1 column; 3 files unreadable.",
        },
        "settings": {"subset": None, "group_by": "stall"},
        "counts": {"found": 1260, "taken": 1257, "quarantined": 3, "skipped": 2, "unlabelled": 4},
        "class_names": ["dumplings", "grill", "menu"],
        "classes": {"dumplings": 820, "grill": 405, "menu": 28},
        "official_splits": {},
        "columns": ["stall"],
        "quarantined": [],
        "quarantine_reasons": {"truncated": 2, "not_a_picture": 1},
        "skipped": [
            {"file_name": "notes.txt", "reason": "no picture by its name"},
            {"file_name": ".cache/", "reason": "hidden"},
        ],
        "formats": {"JPEG": 1257},
        "modes": {"RGB": 1257},
        "features": None,
        "fingerprint": hexes("a"),
        "decode_passes": 1,
        "seconds": 12.5,
    }


def clean_report() -> dict[str, Any]:
    return {
        "stage": "clean",
        "vitrina": "0.1.0",
        "input": {"fingerprint": hexes("a"), "pictures": 1257},
        "settings": {"remove": "near", "label_errors": True, "decisions": "decisions.jsonl", "seed": 0},
        "counts": {
            "original": 1260,
            "quarantined": 3,
            "pictures": 1257,
            "exact_duplicates": 31,
            "near_duplicates": 18,
            "relabelled": 5,
            "irrelevant": 8,
            "final": 1200,
        },
        "classes": {
            "before": {"dumplings": 820, "grill": 405, "menu": 28},
            "after": {"dumplings": 780, "grill": 390, "menu": 26},
        },
        "clusters": [],
        "removed": [],
        "decided": [],
        "related": {"pairs": 44, "groups": 12, "pictures": 39},
        "review": {
            "total": 57,
            "kinds": {"label_error": 40, "label_conflict": 0, "blurred": 19},
            "file": "review_queue.jsonl",
        },
        "fingerprint": hexes("b"),
    }


def split_report() -> dict[str, Any]:
    return {
        "stage": "split",
        "vitrina": "0.1.0",
        "input": {"fingerprint": hexes("b"), "pictures": 1200, "digest": hexes("d")},
        "settings": {
            "shares": {"train": 0.7, "validation": 0.15, "test": 0.15},
            "seed": 0,
            "group_by": ["duplicate_group", "pixel_sha256", "picture_id", "stall"],
            "official": "keep",
            "balance": "oversample",
            "balance_to": None,
        },
        "said": "New splits: train, validation, test.",
        "counts": {
            "train": {
                "pictures": 837,
                "rows": 1638,
                "groups": 800,
                "classes": {"dumplings": 546, "grill": 273, "menu": 18},
            },
            "validation": {
                "pictures": 180,
                "rows": 180,
                "groups": 171,
                "classes": {"dumplings": 117, "grill": 58, "menu": 5},
            },
            "test": {
                "pictures": 179,
                "rows": 179,
                "groups": 170,
                "classes": {"dumplings": 117, "grill": 59, "menu": 3},
            },
        },
        "totals": {"pictures": 1196, "classes": {"dumplings": 780, "grill": 390, "menu": 26}},
        "small_classes": {"fewer_than": 30, "classes": {"menu": 26}},
        "left_out": [
            {
                "picture_id": hexes(d),
                "file_name": f"pile/{d}.jpg",
                "label": None,
                "side": None,
                "reason": "no label",
            }
            for d in "1234"
        ],
        "left_out_reasons": {"no label": 4},
        "leaks": {
            "before": {
                "what": "a random split by picture, before copies were taken out",
                "groups": 41,
                "pictures": 96,
                "examples": [],
            },
            "after": {"what": "the splits as written", "groups": 0, "pictures": 0, "examples": []},
        },
        "class_weights": None,
        "balance": {
            "kind": "oversample",
            "to": 546,
            "before": {"dumplings": 546, "grill": 273, "menu": 18},
            "after": {"dumplings": 546, "grill": 546, "menu": 546},
            "copies": 801,
            "left_out": 0,
        },
        "features": [
            {"name": "image", "type": "image"},
            {"name": "label", "type": "class_label", "names": ["dumplings", "grill", "menu"]},
            {"name": "picture_id", "type": "string"},
            {"name": "stall", "type": "string"},
            {"name": "duplicate_group", "type": "int64"},
            {"name": "pixel_sha256", "type": "string"},
            {"name": "balance_copy", "type": "bool"},
        ],
        "hashes": {"train": hexes("5"), "validation": hexes("6"), "test": hexes("7")},
        "fingerprint": hexes("c"),
    }
