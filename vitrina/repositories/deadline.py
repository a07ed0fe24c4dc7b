"""No request to the Hub waits for ever."""

from __future__ import annotations

# Seconds without a byte from the other side. A commit of many files is written down before it is answered.
SILENCE = 120.0
CONNECT = 15.0


def bound_the_client(*, silence: float = SILENCE, connect: float = CONNECT) -> None:
    """Gives the Hub's client of this process deadlines where it has none; one that was set by others stays.

    huggingface_hub 2.4 makes it with `timeout=None`: a far end that says nothing would hold a commit for ever.
    """
    import httpx2
    from huggingface_hub import get_session

    client = get_session()
    if client.timeout == httpx2.Timeout(None):
        client.timeout = httpx2.Timeout(silence, connect=connect)
