"""Only staff pass to /backend, by our own sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import HOST, NAME, PASSWORD, Running
from vitrina.server.app import build_server
from vitrina.server.settings import Settings
from vitrina.server.sign_in_page import WORDS, Doors, Wishes, problem_in_words, sign_in_page
from vitrina.services.principal import SESSION_COOKIE


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[TestClient]:
    """A server nobody has an account on."""
    app = build_server(Settings(data=tmp_path, first_start=False, minimum_free_bytes=0))
    with TestClient(app, base_url=HOST, follow_redirects=False) as client:
        yield client


def sign_in(client: TestClient, name: str, password: str, **headers: str) -> object:
    return client.post(
        "/backend/sign-in", data={"name": name, "password": password}, headers={"origin": HOST, **headers}
    )


def test_without_an_account_the_backend_is_closed_and_says_how_to_open_it(fresh: TestClient) -> None:
    turned_away = fresh.get("/backend/", headers={"accept": "text/html"})
    assert turned_away.status_code == 303
    assert turned_away.headers["location"] == "/backend/sign-in?next=/backend/"
    page = fresh.get("/backend/sign-in")
    assert "python -m vitrina account add NAME" in page.text
    assert "<form" not in page.text
    assert (
        "El área del equipo está cerrada"
        in fresh.get("/backend/sign-in", headers={"accept-language": "es"}).text
    )


def test_the_cookie_is_out_of_reach(running: Running) -> None:
    client = running.somebody()
    answer = sign_in(client, NAME, PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    database = (running.settings.data / "vitrina.sqlite3").read_bytes()
    assert token.encode() not in database  # Only its hash is kept.
    assert PASSWORD.encode() not in database


@pytest.mark.parametrize("name", [NAME, "nobody", "", "x" * 500, "=cmd()", "ana\x00"])
def test_a_wrong_password_says_no_more_than_that(running: Running, name: str) -> None:
    answer = running.visitor.post(
        "/backend/sign-in", data={"name": name, "password": "wrong"}, headers={"origin": HOST}
    )
    assert answer.status_code == 401
    assert "That name and password do not go together." in answer.text
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")
    # With "no-referrer" a browser would send the next try from the origin "null", which is refused.
    assert answer.headers["referrer-policy"] == "same-origin"


def test_names_are_escaped(running: Running) -> None:
    answer = running.visitor.post(
        "/backend/sign-in",
        data={"name": '"><script>x</script>', "password": "wrong"},
        headers={"origin": HOST},
    )
    assert "<script>" not in answer.text


def test_guessing_is_throttled(tmp_path: Path) -> None:
    app = build_server(Settings(data=tmp_path, first_start=False, minimum_free_bytes=0))
    app.state.services.store.accounts.add(NAME, PASSWORD)
    with TestClient(app, base_url=HOST, follow_redirects=False) as client:
        answers = [sign_in(client, NAME, f"guess {n}").status_code for n in range(6)]
        assert answers == [401] * 5 + [429]
        waiting = sign_in(client, NAME, PASSWORD)
        assert (
            waiting.status_code == 429
        )  # Also with the right one: a throttle that a hit ends is no throttle.
        assert "Too many attempts. Wait" in waiting.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/backend\r\nX: y",
        "/",
    ],
)
def test_no_open_redirect(running: Running, target: str) -> None:
    client = running.somebody()
    answer = client.post(
        "/backend/sign-in",
        data={"name": NAME, "password": PASSWORD, "next": target},
        headers={"origin": HOST},
    )
    assert answer.headers["location"] == "/backend/"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://testserver.evil.example"])
def test_another_origin_cannot_act(running: Running, flowers: str, origin: str) -> None:
    headers = {"origin": origin}
    for path in (f"/backend/api/collections/{flowers}/publish", "/backend/gradio_api/queue/join"):
        answer = running.staff.post(path, json={}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["expected"] == "a request from a page of this server"
    reset = running.staff.delete("/predictions/reset?confirm=all", headers=headers)
    assert reset.status_code == 403
    cross_site = running.staff.post(
        f"/backend/api/collections/{flowers}/publish", headers={"sec-fetch-site": "cross-site"}
    )
    assert cross_site.status_code == 403
    assert sign_in(running.visitor, NAME, PASSWORD, origin=origin).status_code == 403


@pytest.mark.parametrize("cookie", ["", "forged", "x" * 5000, "../../etc/passwd", "%00"])
def test_forged_cookies_are_visitors(running: Running, cookie: str) -> None:
    client = running.somebody(**{SESSION_COOKIE: cookie})
    assert client.get("/backend/api/collections").status_code == 401
    assert client.get("/predictions").status_code == 403


def test_signing_out_ends_the_session(running: Running) -> None:
    client = running.somebody()
    sign_in(client, NAME, PASSWORD)
    token = client.cookies[SESSION_COOKIE]
    assert client.get("/backend/api/collections").status_code == 200
    assert client.post("/backend/sign-out", headers={"origin": HOST}).status_code == 303
    assert SESSION_COOKIE not in client.cookies
    stolen = client.get("/backend/api/collections", headers={"cookie": f"{SESSION_COOKIE}={token}"})
    assert stolen.status_code == 401


def test_the_page_speaks_both_languages_and_keeps_the_choice(running: Running) -> None:
    client = running.somebody()
    page = client.get("/backend/sign-in?next=/backend/collections")
    assert '<html lang="en"' in page.text
    assert "set-cookie" not in page.headers
    other = 'href="/backend/sign-in?language=es&amp;next=%2Fbackend%2Fcollections" lang="es"'
    assert other in page.text
    spanish = client.get("/backend/sign-in?language=es&next=%2Fbackend%2Fcollections")
    assert '<html lang="es"' in spanish.text
    assert 'lang="es" aria-current="true"' in spanish.text
    assert 'name="next" value="/backend/collections"' in spanish.text
    cookie = spanish.headers["set-cookie"]
    assert cookie.startswith("vitrina_language=es; ")
    assert "HttpOnly" not in cookie  # The other pages read it, too.
    wrong = sign_in(client, NAME, "wrong")
    assert "Ese nombre y esa contraseña no van juntos." in wrong.text
    assert client.get("/backend/sign-in?language=xx").headers.get("set-cookie") is None


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["es"].keys()
    for key, text in WORDS["en"].items():
        assert ("{part}" in text) == ("{part}" in WORDS["es"][key]), key


@pytest.mark.parametrize(
    ("theme", "shown"), [("dark", ' class="dark"'), ("light", ' class="light"'), ("x", "")]
)
def test_the_page_is_as_light_as_the_others(running: Running, theme: str, shown: str) -> None:
    page = running.somebody(vitrina_theme=theme).get("/backend/sign-in")
    assert f'<html lang="en"{shown}>' in page.text


@pytest.mark.parametrize("place", ["iframe", "frame"])
def test_inside_another_page_it_offers_a_tab_of_its_own(running: Running, place: str) -> None:
    page = running.visitor.get("/backend/sign-in?next=/backend/", headers={"sec-fetch-dest": place})
    assert "Inside another page, browsers keep no sign-in." in page.text
    assert 'href="/backend/sign-in?next=%2Fbackend%2F" target="_blank" rel="noopener"' in page.text
    assert "<form" not in page.text


def test_a_name_from_outside_is_escaped() -> None:
    said = problem_in_words("en", "not_listed", "<b>eve</b>")
    page = sign_in_page(Doors(password=False, hugging_face=True), Wishes("en"), next_page="/", problem=said)
    assert "&lt;b&gt;eve&lt;/b&gt; is not on the list" in page


@pytest.mark.parametrize(
    ("seconds", "said"), [("1", "Wait a minute,"), ("60", "Wait a minute,"), ("61", "Wait 2 minutes,")]
)
def test_waiting_is_told_in_minutes(seconds: str, said: str) -> None:
    assert said in problem_in_words("en", "wait", seconds)
