"""What a run was made on, and what it uses of it."""

from __future__ import annotations

import json
import os
import platform

import psutil
import pytest
import torch

from vitrina.learning import machine
from vitrina.learning.machine import hardware, trains_in_bf16, versions
from vitrina.learning.usage import usage
from vitrina.models import precision


def test_the_machine_is_named() -> None:
    told = hardware()
    assert json.loads(json.dumps(told)) == told
    assert told["machine"] == platform.machine()
    assert 1 <= told["cores"] <= (os.cpu_count() or 1)
    assert told["ram_gib"] == round(psutil.virtual_memory().total / 2**30, 1)
    assert (told["gpu"] is None) is not torch.cuda.is_available()
    assert told["cpu"]


def test_a_machine_that_says_little_is_described_as_far_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(machine, "Path", lambda path: _Unreadable())
    monkeypatch.setattr(platform, "processor", lambda: "")
    told = hardware()
    assert (told["cpu"], told["cores"]) == ("unknown", os.cpu_count())


class _Unreadable:
    def read_text(self, encoding: str) -> str:
        raise FileNotFoundError


def test_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = versions()
    assert told["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert told["python"] == platform.python_version()
    assert set(machine.PACKAGES) <= set(told)
    monkeypatch.setattr(machine, "PACKAGES", ("torch", "no-such-package"))
    assert set(versions()) == {"python", "torch"}


def test_bf16_is_taken_as_asked_or_where_it_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    model = torch.nn.Linear(2, 2)
    assert trains_in_bf16("bf16", model)
    assert not trains_in_bf16("float32", model)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for fast in (True, False):
        instructions = dict.fromkeys(precision._INSTRUCTIONS, fast)
        monkeypatch.setattr(torch.cpu, "get_capabilities", instructions.copy)
        assert trains_in_bf16("auto", model) is fast
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for fast in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True, fast=fast: fast)
        assert trains_in_bf16("auto", model) is fast


def test_usage_is_of_this_process() -> None:
    usage()
    sum(i * i for i in range(200_000))
    told = usage()
    assert told["cpu_percent"] >= 0
    assert told["ram_mib"] == pytest.approx(psutil.Process().memory_info().rss / 2**20, rel=0.2)
    assert ("gpu_mib" in told) is torch.cuda.is_available()
