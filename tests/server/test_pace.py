"""How often one caller may ask, whom an address counts as."""

from __future__ import annotations

import pytest

from vitrina.errors import TooMany
from vitrina.services.pace import Pace, asker


def test_pace_refills_and_forgets() -> None:
    now = [0.0]
    pace = Pace(per_minute=2, addresses=2, clock=lambda: now[0])
    pace.take("a")
    pace.take("a")
    with pytest.raises(TooMany) as error:
        pace.take("a", what="predictions")
    assert (
        str(error.value)
        == "Expected at most 2 predictions a minute from one address; found more. Wait 30 seconds."
    )
    assert error.value.wait_seconds == 30
    now[0] = 30.0
    pace.take("a")
    pace.take("b")
    pace.take("c")  # The third address: the longest unused is forgotten, memory stays bounded.
    assert len(pace._buckets) == 2


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * 100),
    ],
)
def test_one_ipv6_caller_has_a_whole_network(address: str, counts_as: str) -> None:
    assert asker(address) == counts_as


def test_the_addresses_of_a_network_share_a_pace() -> None:
    pace = Pace(per_minute=2)
    pace.take("2001:db8::1")
    pace.take("2001:db8::2")
    with pytest.raises(TooMany):
        pace.take("2001:db8::3")
    pace.take("2001:db8:0:1::3")
