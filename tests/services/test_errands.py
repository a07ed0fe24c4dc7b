"""Work that one does not wait for goes on, once."""

from __future__ import annotations

import threading

import pytest

from vitrina.services.errands import Errands


def test_what_takes_too_long_goes_on_and_is_not_begun_twice() -> None:
    errands, go_on, begun = Errands[int](), threading.Event(), list[int]()

    def work() -> int:
        begun.append(1)
        go_on.wait(30)
        return 7

    for _ in range(2):
        with pytest.raises(TimeoutError):
            errands.result("seven", work, seconds=0.01)
    go_on.set()
    assert errands.result("seven", work, seconds=30) == 7
    assert begun == [1]
    # Once it was fetched it is done with: the next one begins anew.
    assert errands.result("seven", work, seconds=30) == 7
    assert begun == [1, 1]


def test_a_problem_is_raised_where_one_waits() -> None:
    errands = Errands[int]()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            errands.result("none", lambda: 1 // 0, seconds=30)


def test_what_nobody_came_back_for_is_forgotten() -> None:
    errands, done = Errands[object](), threading.Event()

    def work() -> object:
        done.wait(30)
        return object()

    with pytest.raises(TimeoutError):
        errands.result("left", work, seconds=0.01)
    done.set()
    (left,) = errands._under_way.values()
    left.result(timeout=30)
    assert errands.result("other", lambda: 1, seconds=30) == 1
    assert errands._under_way == {}
