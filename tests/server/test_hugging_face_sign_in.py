"""Sign-in by Hugging Face account: the whole way with a real provider, and every way that is none."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.hub.standin import HubStandIn
from vitrina.gallery.accounts import FAILURES_PER_ADDRESS
from vitrina.server.app import build_server, open_services
from vitrina.server.hugging_face import OAuthApp
from vitrina.server.hugging_face_sign_in import ASKED_COOKIE, hugging_face_routes
from vitrina.server.problems import register_problems
from vitrina.server.proxy import ProxyHops
from vitrina.server.settings import Settings
from vitrina.server.sign_in import StaffGate, own_page, sign_in_routes
from vitrina.server.staff_routes import staff_routes
from vitrina.services import Services
from vitrina.services.principal import SESSION_COOKIE

HOST = "https://testserver"
BEGIN = "/backend/sign-in/hugging-face"
DESK = "/backend/api/collections"


@dataclass
class House:
    """The sign-in, the gate and the staff's routes, in front of a real store; the pages would take seconds."""

    app: FastAPI
    services: Services
    hub: HubStandIn

    def browser(self, host: str = HOST) -> TestClient:
        return TestClient(self.app, base_url=host, follow_redirects=False)

    def there(self, browser: TestClient, next_page: str = "") -> str:
        """Sends the browser away, to the provider; the address that the provider sends it back to."""
        away = browser.get(BEGIN, params={"next": next_page} if next_page else {})
        assert away.status_code == 303, away.text
        return httpx.get(away.headers["location"]).headers["location"]

    def sign_in(self, browser: TestClient, next_page: str = "") -> httpx.Response:
        return browser.get(self.there(browser, next_page))


def provider(hub: HubStandIn, **changes: str) -> OAuthApp:
    known = {
        "client_id": hub.sign_in.client_id,
        "client_secret": hub.sign_in.client_secret,
        "provider": hub.endpoint,
    }
    return OAuthApp(**(known | changes))


def house_of(settings: Settings, hub: HubStandIn, *, seconds: float = 8) -> House:
    services = open_services(settings)
    app = FastAPI()
    register_problems(app, language_of=services.language_of)
    app.include_router(sign_in_routes(services, settings))
    app.include_router(hugging_face_routes(services, settings, seconds=seconds))
    app.include_router(staff_routes(services, max_upload_bytes=1000))
    app.add_middleware(StaffGate, services=services)
    app.add_middleware(ProxyHops, hops=1)
    return House(app, services, hub)


@pytest.fixture
def hub() -> Iterator[HubStandIn]:
    with HubStandIn() as standin:
        yield standin
    assert standin.errors == []


@pytest.fixture
def settings(tmp_path: Path, hub: HubStandIn) -> Settings:
    return Settings(
        data=tmp_path, minimum_free_bytes=0, hugging_face=provider(hub), hugging_face_staff=("Ana", "Ben")
    )


@pytest.fixture
def house(settings: Settings, hub: HubStandIn) -> Iterator[House]:
    made = house_of(settings, hub)
    yield made
    made.services.close()


def test_the_whole_way_of_the_whole_server(settings: Settings, hub: HubStandIn) -> None:
    # Its lifespan, which loads models, is not run: nothing here needs one.
    app = build_server(replace(settings, first_start=False))
    browser = TestClient(app, base_url=HOST, follow_redirects=False)
    turned_away = browser.get("/backend/collections?a=1", headers={"accept": "text/html"})
    page = browser.get(turned_away.headers["location"])
    assert "Sign in with Hugging Face" in page.text
    assert "<form" not in page.text  # Nobody has a password here.
    away = browser.get(f"{BEGIN}?next=/backend/collections%3Fa%3D1")
    back = httpx.get(away.headers["location"]).headers["location"]
    entered = browser.get(back)
    assert (entered.status_code, entered.headers["location"]) == (303, "/backend/collections?a=1")
    assert browser.get("/backend/", headers={"accept": "text/html"}).status_code == 200
    assert browser.get("/backend/api/collections").json()["account"] == "ana@hf"
    who = SimpleNamespace(client=None, cookies=dict(browser.cookies))
    assert app.state.services.principal_of(who).actor == "staff:ana@hf"
    app.state.services.close()


def test_both_cookies_are_out_of_reach(house: House) -> None:
    browser = house.browser()
    away = browser.get(BEGIN)
    asked = away.headers["set-cookie"]
    assert asked.startswith(f"{ASKED_COOKIE}=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert part in asked
    entered = browser.get(httpx.get(away.headers["location"]).headers["location"])
    gone, session = sorted(
        entered.headers.get_list("set-cookie"), key=lambda text: SESSION_COOKIE + "=" in text
    )
    assert gone.startswith(f'{ASKED_COOKIE}="";')
    assert "Max-Age=0" in gone
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in session
    for header in (asked, gone, session):
        assert "Domain" not in header


def test_an_account_is_made_once_without_a_password(house: House) -> None:
    for _ in range(2):
        assert house.sign_in(house.browser()).status_code == 303
    accounts = house.services.store.accounts
    assert not accounts.any()
    for password in ("", "huggingface:ana-0001", "correct horse battery"):
        assert accounts.verify("ana@hf", password, address="192.0.2.1") is None
    wrong = house.browser().post(
        "/backend/sign-in", data={"name": "ana@hf", "password": "huggingface:ana-0001"}
    )
    assert wrong.status_code == 401


def test_the_case_of_a_name_does_not_matter(house: House) -> None:
    house.hub.sign_in.user["preferred_username"] = "ANA"
    assert house.sign_in(house.browser()).status_code == 303


def test_who_is_not_on_the_list_is_told_so(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.hub.sign_in.user |= {"sub": "eve-1", "preferred_username": "eve"}
    browser = house.browser()
    answer = house.sign_in(browser)
    assert answer.status_code == 403
    assert "eve is not on the list of this collection" in answer.text
    assert SESSION_COOKIE not in browser.cookies
    assert browser.get(DESK).status_code == 401
    assert "eve is not among the staff" in caplog.text


def test_another_who_has_the_name_now_does_not_get_the_account(house: House) -> None:
    assert house.sign_in(house.browser()).status_code == 303
    house.hub.sign_in.user["sub"] = "somebody-else"
    answer = house.sign_in(house.browser())
    assert answer.status_code == 403
    assert "That name was somebody else's when it first signed in here." in answer.text.replace("&#x27;", "'")


def test_taken_off_the_list_the_session_ends_at_the_next_request(settings: Settings, hub: HubStandIn) -> None:
    first = house_of(settings, hub)
    browser = first.browser()
    first.sign_in(browser)
    assert browser.get(DESK).status_code == 200
    token = {"cookie": f"{SESSION_COOKIE}={browser.cookies[SESSION_COOKIE]}"}
    first.services.close()
    # A restart with another list, then with none and no app, then with the first again.
    for changes, status in (
        ({"hugging_face_staff": ("ben",)}, 401),
        ({"hugging_face_staff": (), "hugging_face": None}, 401),
        ({}, 401),
    ):
        later = house_of(replace(settings, **changes), hub)
        assert later.browser().get(DESK, headers=token).status_code == status
        later.services.close()


def test_a_list_read_again_counts_at_once(house: House) -> None:
    browser = house.browser()
    house.sign_in(browser)
    assert browser.get(DESK).status_code == 200
    house.services.store.accounts.admit_outside(["ben"])
    assert browser.get(DESK).status_code == 401
    assert house.sign_in(browser).status_code == 403


@pytest.mark.parametrize("state", ["", "wrong", "é", "x" * 5000])
def test_a_wrong_state_is_refused_before_anybody_is_asked(house: House, state: str) -> None:
    browser = house.browser()
    house.there(browser)
    asked = len(house.hub.requests)
    answer = browser.get(f"{BEGIN}/callback", params={"state": state, "code": "c"})
    assert answer.status_code == 400
    assert "That sign-in was not begun in this browser" in answer.text
    # The policy of every page holds: "no-referrer" would make the next try come from the origin "null".
    assert "referrer-policy" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert len(house.hub.requests) == asked


def test_the_state_of_another_browser_is_none_of_ours(house: House) -> None:
    mine, theirs = house.browser(), house.browser()
    back_of_theirs = house.there(theirs)
    house.there(mine)
    assert mine.get(back_of_theirs).status_code == 400
    assert house.browser().get(back_of_theirs).status_code == 400
    assert theirs.get(back_of_theirs).status_code == 303  # Still theirs.


def test_a_code_of_another_browser_is_refused_by_the_provider(house: House) -> None:
    """Even one who knows the state cannot slip a code of their own in: it was made for another verifier."""
    mine, theirs = house.browser(), house.browser()
    state = parse_qs(urlsplit(house.there(mine)).query)["state"][0]
    code = parse_qs(urlsplit(house.there(theirs)).query)["code"][0]
    answer = mine.get(f"{BEGIN}/callback", params={"state": state, "code": code})
    assert (answer.status_code, SESSION_COOKIE in mine.cookies) == (400, False)


def test_a_code_is_good_once(house: House) -> None:
    browser = house.browser()
    back = house.there(browser)
    kept = browser.cookies[ASKED_COOKIE]
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400  # The cookie is gone.
    again = house.browser()
    answer = again.get(back, headers={"cookie": f"{ASKED_COOKIE}={kept}"})  # As if it were not.
    assert answer.status_code == 400
    assert "That sign-in was not begun in this browser, or too long ago." in answer.text


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "%%%",
        base64.urlsafe_b64encode(b"[" * 2900).decode(),
        base64.urlsafe_b64encode(json.dumps(["", "", ""]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps(["a", "b"]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps({"state": ""}).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps(["s", 1, None]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps(["\ud800", "v", "/backend/"]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps(["s", "\ud800", "/backend/"]).encode()).decode(),
    ],
)
def test_a_forged_cookie_begins_nothing(house: House, cookie: str) -> None:
    answer = house.browser().get(
        f"{BEGIN}/callback?state=&code=c", headers={"cookie": f"{ASKED_COOKIE}={cookie}"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/backendevil",
        "/backend.evil.example",
        "/backend/\r\nX: y",
        "/backend/\u202e",
        "javascript:alert(1)",
        "/backend/sign-in?next=/backend/sign-in",
        "/backend/" + "x" * 2000,
        "/",
        "",
    ],
)
def test_only_staff_pages_are_gone_on_to(target: str) -> None:
    assert own_page(target) == "/backend/"


@pytest.mark.parametrize("target", ["/backend", "/backend/?a=1", "/backend?a=1", "/backend/collections#x"])
def test_staff_pages_are_gone_on_to(target: str) -> None:
    assert own_page(target) == target


def test_no_open_redirect(house: House) -> None:
    target = "//evil.example"
    browser = house.browser()
    assert house.sign_in(browser, target).headers["location"] == "/backend/"
    # Nor by a cookie that somebody wrote by hand.
    state, verifier, _ = json.loads(base64.urlsafe_b64decode(_asked(house, browser) + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([state, verifier, target]).encode()).decode().rstrip("=")
    answer = house.browser().get(
        f"{BEGIN}/callback",
        params={"state": state, "code": list(house.hub.sign_in.codes)[-1]},
        headers={"cookie": f"{ASKED_COOKIE}={forged}"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/backend/")


def _asked(house: House, browser: TestClient) -> str:
    house.there(browser)
    return str(browser.cookies[ASKED_COOKIE])


def test_who_declines_there_is_let_back(house: House) -> None:
    house.hub.sign_in.consent = False
    answer = house.sign_in(house.browser())
    assert answer.status_code == 403
    assert "because that was declined there" in answer.text
    assert "The user denied the request" not in answer.text  # What an address says is not repeated.


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("openid-configuration", {"status": 500}),
        ("openid-configuration", {"cut": True}),
        ("oauth/token", {"status": 500}),
        ("oauth/token", {"hang": 5.0}),
        ("oauth/userinfo", {"status": 500}),
    ],
    ids=str,
)
def test_a_provider_that_fails_gives_a_plain_page(
    settings: Settings,
    hub: HubStandIn,
    caplog: pytest.LogCaptureFixture,
    path: str,
    how: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    house = house_of(settings, hub, seconds=0.5)
    hub.fault(path, **how)
    browser = house.browser()
    answer = browser.get(BEGIN) if "configuration" in path else browser.get(house.there(browser))
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert "Hugging Face does not answer as it should just now." in answer.text
    assert "Traceback" not in answer.text
    assert SESSION_COOKIE not in browser.cookies
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("vitrina"))
    assert "expected an answer of Hugging Face that says who you are; found " in ours
    for secret in (hub.sign_in.client_secret, *hub.sign_in.codes, *hub.sign_in.access):
        assert secret not in ours + answer.text
    assert house.sign_in(browser).status_code == 303  # Once it answers again.
    house.services.close()


def test_a_wrong_secret_is_told_to_the_log_not_to_the_page(
    settings: Settings, hub: HubStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    house = house_of(replace(settings, hugging_face=provider(hub, client_secret="hush")), hub)
    answer = house.sign_in(house.browser())
    assert answer.status_code == 502
    assert "found status 401" in caplog.text
    assert "hush" not in caplog.text + answer.text
    house.services.close()


def test_nothing_secret_is_logged_or_stored(
    house: House, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = house.browser()
    back = house.there(browser)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert browser.get(back).status_code == 303
    lines = [r.getMessage() for r in caplog.records if r.name.startswith(("vitrina", "httpx2"))]
    # The browser of this test speaks through httpx2, too.
    said = "\n".join(line for line in lines if HOST not in line)
    assert f"POST {house.hub.endpoint}/oauth/token" in said
    stored = (tmp_path / "vitrina.sqlite3").read_bytes().decode("latin-1")
    for secret in (code, house.hub.sign_in.client_secret, *house.hub.sign_in.access):
        assert secret not in said + stored


def test_it_is_throttled_like_passwords(house: House) -> None:
    house.hub.sign_in.user |= {"sub": "eve-1", "preferred_username": "eve"}
    browser = house.browser()
    for _ in range(FAILURES_PER_ADDRESS - 1):
        house.services.store.accounts.begin_outside(address="testclient")
    assert [house.sign_in(browser).status_code for _ in range(2)] == [403, 429]
    asked = house.hub.counts["sign in"]
    waiting = browser.get(house.there(browser))
    assert "Too many attempts. Wait" in waiting.text
    assert house.hub.counts["sign in"] == asked + 1  # The authorisation alone: no code was sent on.
    # Others, from elsewhere, still come in.
    house.hub.sign_in.user |= {"sub": "ana-0001", "preferred_username": "ana"}
    other = house.browser()
    other.headers["x-forwarded-for"] = "192.0.2.9"
    assert house.sign_in(other).status_code == 303


def test_where_it_is_not_set_up_it_leads_to_the_page_that_says_so(tmp_path: Path, hub: HubStandIn) -> None:
    plain = Settings(data=tmp_path, minimum_free_bytes=0)
    for changes, named in (({}, False), ({"hugging_face": provider(hub)}, True)):
        house = house_of(replace(plain, **changes), hub)
        browser = house.browser()
        for path in (BEGIN, f"{BEGIN}/callback?code=c&state=s"):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/backend/sign-in")
        page = browser.get("/backend/sign-in").text
        assert "python -m vitrina account add NAME" in page
        assert ("VITRINA_HUGGING_FACE_STAFF=" in page) is named
        assert BEGIN not in page
        assert hub.requests == []
        house.services.close()


def test_a_space_comes_back_to_its_own_host(settings: Settings, hub: HubStandIn) -> None:
    space = replace(settings, hugging_face=provider(hub, host="org-app.hf.space"))
    house = house_of(space, hub)
    hub.sign_in.redirects = [f"https://org-app.hf.space{BEGIN}/callback"]
    # By its own domain: first to where the cookie must be.
    moved = house.browser("https://food.example").get(f"{BEGIN}?next=/backend/collections")
    assert moved.status_code == 303
    assert moved.headers["location"] == (
        f"https://org-app.hf.space{BEGIN}?next=%2Fbackend%2Fcollections&here=1"
    )
    # The proxy of a Space speaks plain http to the app and says so.
    browser = house.browser("https://org-app.hf.space")
    assert house.sign_in(browser, "/backend/collections").headers["location"] == "/backend/collections"
    # A proxy that writes its own name into the Host header does not send anybody round in circles.
    assert (
        house.browser("https://10.0.0.1").get(f"{BEGIN}?here=1").headers["location"].startswith(hub.endpoint)
    )
    house.services.close()


def test_passwords_still_work_beside_it(house: House) -> None:
    house.services.store.accounts.add("ana", "correct horse battery")
    browser = house.browser()
    page = browser.get("/backend/sign-in").text
    assert "Sign in with Hugging Face" in page
    assert "or with a password" in page
    assert '<input name="password"' in page
    entered = browser.post(
        "/backend/sign-in",
        data={"name": "ana", "password": "correct horse battery"},
        headers={"origin": HOST},
    )
    assert entered.status_code == 303
    assert browser.get(DESK).status_code == 200
