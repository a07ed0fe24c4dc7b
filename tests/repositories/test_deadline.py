"""A Hub that says nothing is given up."""

from __future__ import annotations

import httpx2
import pytest
from huggingface_hub import close_session, get_session

from tests.hub.standin import HubStandIn
from vitrina.repositories.deadline import bound_the_client
from vitrina.repositories.hub import HubRepository
from vitrina.repositories.repository import RepositoryUnreachable


def test_a_far_end_that_says_nothing_is_given_up(hub: HubStandIn, on_hub: HubRepository) -> None:
    on_hub.create(private=False)
    close_session()
    try:
        bound_the_client(silence=0.3)
        fault = hub.fault("/refs", hang=30, times=None)
        with pytest.raises(RepositoryUnreachable, match=r"found none \(ReadTimeout\). Check the network"):
            on_hub.references()
        assert fault.struck == 5
    finally:
        close_session()


def test_a_deadline_that_others_set_stays() -> None:
    close_session()
    try:
        bound_the_client()
        assert get_session().timeout == httpx2.Timeout(120, connect=15)
        get_session().timeout = httpx2.Timeout(7)
        bound_the_client()
        assert get_session().timeout == httpx2.Timeout(7)
    finally:
        close_session()
