"""Reports of a small model, as training and evaluation write them: one of each task."""

from __future__ import annotations

from typing import Any

from tests.cards.made_reports import hexes, split_report

NAMES = ["dumplings", "grill", "menu"]
REVISION = "model@sha256:0123456789ab"


def figure(value: float | None, low: float | None = None, high: float | None = None, n: int = 179) -> dict[str, Any]:
    return {"value": value, "interval": None if low is None else [low, high], "n": n}


def train_report(task: str = "single_label") -> dict[str, Any]:
    split = split_report()
    counts = {
        side: {key: told[key] for key in ("pictures", "rows", "classes")} for side, told in split["counts"].items()
    }
    # Rows, as training counts them: the split repeats pictures of train.
    counts["train"]["classes"] = split["balance"]["after"]
    for told in counts.values():
        told["skipped"] = 0
    single = task == "single_label"
    return {
        "stage": "train",
        "vitrina": "0.1.0",
        "name": "market-head",
        "task": task,
        "mode": "head",
        "labels": NAMES,
        "input": {"name": "market", "fingerprint": hexes("c"), "hashes": split["hashes"], "counts": counts},
        "recipe": {
            "augment": {"flip": True, "rotate": 12.5},
            "data": "/home/ana/market",
            "l2": [1.0, 10.0, 100.0],
            "learning_rate": 5e-05,
            "mode": "head",
            "model": "bundled/efficientnet-lite0",
            "name": "market-head",
        },
        "command": "python -m training train /home/ana/recipes/market.yaml --data=/home/ana/market --seed 0",
        "model": {
            "reference": "bundled/efficientnet-lite0",
            "revision": "bundled/efficientnet-lite0@0.1.0",
            "architecture": "TimmWrapperForImageClassification",
            "parameters": 3374851,
            "trained_parameters": 3843,
        },
        "preprocessing": {
            "size": 224,
            "fit": None,
            "grey": False,
            "augment": {"flip": True, "rotate": 12.5},
            "mixup": 0.0,
            "progressive": [],
        },
        "chosen": {"metric": "log_loss", "on": "validation", "value": 0.2612345, "epoch": None, "l2": 10.0},
        "validation": {"n": 180, "accuracy": 0.9222222222222223, "log_loss": 0.2612345},
        "calibration": {"temperature": 1.1834, "on": "validation", "n": 180} if task != "regression" else None,
        "abstention": {
            "target_precision": 0.95,
            "abstain_below": 0.7134,
            "on": "validation",
            "coverage": 0.9055,
            "precision": 0.9509,
        }
        if single
        else None,
        "reproduced": {
            "metric": "accuracy",
            "trained": 0.9222222222222223,
            "loaded": 0.9222222222222223,
            "n": 180,
            "largest_difference": 1.19e-07,
        },
        "seed": 0,
        "processes": 1,
        "precision": "float32",
        "epochs": None,
        "steps": None,
        "minutes": 1.3,
        "images_per_second": 50.1,
        "hardware": {"machine": "x86_64", "cpu": "AMD EPYC", "cores": 2, "ram_gib": 23.4, "gpu": None},
        "versions": {"python": "3.11.7", "torch": "2.15.0", "transformers": "5.23.0"},
        "history": [],
        "revision": REVISION,
        "class_weights": None,
    }


def eval_results(task: str = "single_label") -> dict[str, Any]:
    made = {"single_label": _single, "multi_label": _multi, "regression": _regression}[task]()
    return {
        "stage": "evaluate",
        "vitrina": "0.1.0",
        "task": task,
        "name": "market-head",
        "class_names": NAMES,
        "model": {"revision": REVISION},
        "data": {"name": "market", "fingerprint": hexes("c"), "sha256": hexes("7"), "n": 179},
        "bootstrap": {"resamples": 1000, "level": 0.95, "seed": 0},
        "test_time_augmentation": None,
        "explained": None,
        "refused": [],
        "not_measured": [],
        "minutes": 0.5,
        **made,
    }


def _means() -> dict[str, Any]:
    return {
        "macro": {
            "precision": figure(0.93128, 0.86, 0.961),
            "recall": figure(0.818127, 0.71, 0.95),
            "f1": figure(0.863477, 0.78, 0.95),
        },
        "weighted": {
            "precision": figure(0.905085, 0.861, 0.945),
            "recall": figure(0.905028, 0.86, 0.944),
            "f1": figure(0.904318, 0.859, 0.944),
        },
    }


def _thresholds() -> dict[str, Any]:
    told = {"target_precision": 0.95, "chosen_on": "validation"}
    return {
        name: {**told, "threshold": threshold, "precision": precision, "recall": recall}
        for name, threshold, precision, recall in [
            ("dumplings", 0.8123, figure(0.961, 0.91, 1.0), figure(0.84, 0.77, 0.9)),
            ("grill", 0.7405, figure(0.912, 0.83, 0.98), figure(0.71, 0.6, 0.83)),
            ("menu", None, figure(None), figure(None)),
        ]
    }


def _single() -> dict[str, Any]:
    test = {
        "accuracy": figure(0.9050279329608939, 0.8603351955307262, 0.9441340782122905),
        "top_k": {"k": 2, **figure(0.9888268156424581, 0.9720670391061452, 1.0)},
        **_means(),
        "per_class": {
            "dumplings": {
                "precision": figure(0.916667, 0.86, 0.96, 120),
                "recall": figure(0.940171, 0.89, 0.98, 117),
                "f1": figure(0.92827, 0.89, 0.96),
                "support": 117,
            },
            "grill": {
                "precision": figure(0.877193, 0.78, 0.95, 57),
                "recall": figure(0.847458, 0.75, 0.93, 59),
                "f1": figure(0.862069, 0.79, 0.92),
                "support": 59,
            },
            "menu": {
                "precision": figure(1.0, 1.0, 1.0, 2),
                "recall": figure(0.666667, 0.0, 1.0, 3),
                "f1": figure(0.8, 0.0, 1.0),
                "support": 3,
            },
        },
        "confusion": {
            "dumplings": {"dumplings": 110, "grill": 7},
            "grill": {"dumplings": 9, "grill": 50},
            "menu": {"dumplings": 1, "menu": 2},
        },
        "calibration_error": {**figure(0.0312, 0.021, 0.068), "bins": 15},
        "auroc": figure(0.9712, 0.951, 0.987),
        "log_loss": figure(0.2745, 0.19, 0.371),
    }
    validation = {**test, "accuracy": figure(0.9222222222222223, 0.8833, 0.9611, 180), "log_loss": figure(0.2612345)}
    return {
        "test": test,
        "validation": validation,
        "calibration": {
            "temperature": 1.1834,
            "chosen_on": "validation",
            "n": 180,
            "error_before": figure(0.0456, 0.03, 0.08),
            "error_after": figure(0.0312, 0.021, 0.068),
            "bins": [
                {"from": k / 15, "to": (k + 1) / 15, "n": 0, "confidence": None, "accuracy": None} for k in range(15)
            ],
        },
        "abstention": {
            "target_precision": 0.95,
            "chosen_on": "validation",
            "abstain_below": 0.7134,
            "coverage": figure(0.8882681564245811, 0.84, 0.933),
            "precision": figure(0.9433962264150944, 0.905, 0.975, 159),
            "curve": [{"threshold": 0.0, "coverage": 1.0, "accuracy": 0.905}],
        },
        "class_thresholds": _thresholds(),
        "explained": {
            "method": "grad_cam",
            "deletion": {"n": 16, "area": 0.312, "area_random": 0.5178, "better_share": 0.9375},
        },
    }


def _multi() -> dict[str, Any]:
    test = {
        "mean_average_precision": figure(0.8123, 0.76, 0.86),
        "per_class": {
            name: {
                "average_precision": figure(value, value - 0.05, value + 0.04),
                "precision": figure(0.8, 0.7, 0.9),
                "recall": figure(0.75, 0.65, 0.85),
                "f1": figure(0.774, 0.7, 0.83),
                "support": support,
            }
            for name, value, support in [("dumplings", 0.91, 117), ("grill", 0.85, 59), ("menu", 0.6769, 12)]
        },
        **_means(),
        "exact_match": figure(0.6927, 0.62, 0.76),
        "auroc": figure(0.951, 0.92, 0.97),
    }
    return {
        "test": test,
        "validation": {**test, "mean_average_precision": figure(0.91, 0.87, 0.94, 180)},
        "calibration": None,
        "abstention": None,
        "class_thresholds": _thresholds(),
    }


def _regression() -> dict[str, Any]:
    each = [("dumplings", 0.61), ("grill", 0.42), ("menu", -0.0512)]
    test = {
        "mae": figure(0.0812, 0.075, 0.088),
        "rmse": figure(0.1134, 0.101, 0.126),
        "r2": figure(0.3263, 0.25, 0.4),
        "per_target": {
            name: {
                "mae": figure(0.08, 0.07, 0.09),
                "rmse": figure(0.11, 0.1, 0.12),
                "r2": figure(r2, r2 - 0.1, r2 + 0.1),
            }
            for name, r2 in each
        },
    }
    return {
        "test": test,
        "validation": {**test, "mae": figure(0.07, 0.065, 0.076, 180)},
        "calibration": None,
        "abstention": None,
        "class_thresholds": None,
    }
