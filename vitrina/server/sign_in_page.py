"""The sign-in page, plain HTML that needs no script."""

from __future__ import annotations

from html import escape

WORDS = {
    "en": {
        "title": "Staff sign-in",
        "name": "Name",
        "password": "Password",
        "enter": "Sign in",
        "wrong": "That name and password do not go together.",
        "wait": "Too many attempts. Wait {seconds} seconds, then try again.",
        "closed": "The backend is closed: there is no account yet. Whoever runs this server opens it with",
        "back": "Back to the gallery",
    },
    "es": {
        "title": "Acceso del equipo",
        "name": "Nombre",
        "password": "Contraseña",
        "enter": "Entrar",
        "wrong": "Ese nombre y esa contraseña no van juntos.",
        "wait": "Demasiados intentos. Espere {seconds} segundos y vuelva a probar.",
        "closed": (
            "El área del equipo está cerrada: aún no hay ninguna cuenta. "
            "Quien administra el servidor la abre con"
        ),
        "back": "Volver a la galería",
    },
}

COMMAND = "python -m vitrina account add NAME"

_STYLE = """
:root{color-scheme:light dark;
--ground:#faf6ee;--ink:#26221b;--quiet:#6a6152;--accent:#8a5300;--line:#d9cfbd;--on:#fff}
@media(prefers-color-scheme:dark){:root{
--ground:#14120f;--ink:#efe9dd;--quiet:#b3a892;--accent:#f0b04a;--line:#453d31;--on:#14120f}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);
color:var(--ink);font:16px/1.5 system-ui,sans-serif}main{width:min(360px,100% - 48px);padding:32px 0}
h1{font:400 32px/1.2 Georgia,"Times New Roman",serif;margin:0 0 32px}
label{display:block;margin:0 0 16px;color:var(--quiet)}
input{display:block;width:100%;margin-top:4px;
padding:10px 0;border:0;border-bottom:1px solid var(--line);background:none;
color:var(--ink);font:inherit}
input:focus-visible,button:focus-visible,a:focus-visible{
outline:2px solid var(--accent);outline-offset:4px}
button{margin-top:16px;padding:12px 24px;border:0;border-radius:4px;
background:var(--accent);color:var(--on);font:inherit;cursor:pointer}
a{color:var(--accent)}[role=alert]{border-left:3px solid var(--accent);padding-left:12px}
code{display:block;margin:16px 0;
padding:12px;background:color-mix(in srgb,var(--line) 35%,transparent);overflow-wrap:anywhere}footer{margin-top:48px}
"""


def sign_in_page(
    language: str, *, next_page: str, open_for_staff: bool, problem: str | None = None, name: str = ""
) -> str:
    """The page as HTML. `problem` is None, "wrong" or "wait:SECONDS"; everything from outside is escaped."""
    words = WORDS["es" if language == "es" else "en"]
    inside = _form(words, next_page, problem, name) if open_for_staff else _closed(words)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{words['title']} · Vitrina</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{words['title']}</h1>{inside}"
        f'<footer><a href="/">{words["back"]}</a></footer></main></body></html>'
    )


def _closed(words: dict[str, str]) -> str:
    return f"<p>{words['closed']}</p><code>{COMMAND}</code>"


def _form(words: dict[str, str], next_page: str, problem: str | None, name: str) -> str:
    alert = ""
    if problem is not None:
        text = words["wait"].format(seconds=problem[5:]) if problem.startswith("wait:") else words["wrong"]
        alert = f'<p role="alert">{escape(text)}</p>'
    return (
        f'{alert}<form method="post" action="/backend/sign-in">'
        f'<input type="hidden" name="next" value="{escape(next_page)}">'
        f'<label>{words["name"]}<input name="name" autocomplete="username" required maxlength="40" '
        f'autocapitalize="none" value="{escape(name[:40])}"></label>'
        f'<label>{words["password"]}<input name="password" type="password" autocomplete="current-password" '
        f'required maxlength="1000"></label><button type="submit">{words["enter"]}</button></form>'
    )
