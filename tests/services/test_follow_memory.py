"""What is remembered of checks that failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vitrina.services.follow_memory import FollowMemory

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_a_failing_version_rests_longer_each_time_up_to_two_hours() -> None:
    memory, rests = FollowMemory(), []
    for _ in range(10):
        memory.failed("another model.safetensors", NOW, pinned="org/name@1")
        rests.append(
            next(m for m in range(0, 400, 5) if not memory.rests("org/name@1", NOW + timedelta(minutes=m)))
        )
    assert rests == [5, 10, 20, 40, 80, 120, 120, 120, 120, 120]
    assert not memory.rests("org/name@2", NOW)
    memory.succeeded(NOW)
    assert (memory.problem, memory.last_checked) == (None, NOW)
    assert not memory.rests("org/name@1", NOW)


def test_only_news_is_told() -> None:
    memory = FollowMemory()
    told = [memory.failed(what, NOW, pinned=None) for what in ("503", "503", "404", "503")]
    assert told == [True, False, True, True]
    memory.succeeded(NOW)
    assert memory.failed("503", NOW, pinned=None)


def test_while_it_rests_its_own_failure_is_told() -> None:
    memory = FollowMemory()
    memory.failed("another model.safetensors", NOW, pinned="org/name@1")
    memory.failed("the Hub cannot be reached", NOW + timedelta(minutes=1), pinned=None)
    assert memory.problem == "the Hub cannot be reached"
    assert memory.rests("org/name@1", NOW + timedelta(minutes=2))
    assert memory.problem == "another model.safetensors"
