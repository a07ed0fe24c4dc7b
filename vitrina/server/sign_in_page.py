"""The sign-in page, plain HTML that needs no script."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

WORDS = {
    "en": {
        "title": "Staff sign-in",
        "name": "Name",
        "password": "Password",
        "enter": "Sign in",
        "by_hugging_face": "Sign in with Hugging Face",
        "or": "or with a password",
        "wrong": "That name and password do not go together.",
        "wait": "Too many attempts. Wait {part} minutes, then try again.",
        "wait_one": "Too many attempts. Wait a minute, then try again.",
        "begin_again": "That sign-in was not begun in this browser, or too long ago. Begin it again.",
        "declined": "Hugging Face did not say who you are, because that was declined there.",
        "not_listed": "{part} is not on the list of this collection's staff. Whoever runs this server can add you.",
        "somebody_else": "That name was somebody else's when it first signed in here. Ask whoever runs this server.",
        "silent": "Hugging Face does not answer as it should just now. Try again in a minute.",
        "closed": "The backend is closed: there is no account yet. Whoever runs this server opens it with",
        "list": "or, for users of Hugging Face, with the variable",
        "framed": "Inside another page, browsers keep no sign-in. Open this one in a tab of its own.",
        "open": "Open in a tab",
        "languages": "Language",
        "back": "Back to the gallery",
    },
    "es": {
        "title": "Acceso del equipo",
        "name": "Nombre",
        "password": "Contraseña",
        "enter": "Entrar",
        "by_hugging_face": "Entrar con Hugging Face",
        "or": "o con una contraseña",
        "wrong": "Ese nombre y esa contraseña no van juntos.",
        "wait": "Demasiados intentos. Espere {part} minutos y vuelva a probar.",
        "wait_one": "Demasiados intentos. Espere un minuto y vuelva a probar.",
        "begin_again": "Ese acceso no empezó en este navegador, o empezó hace demasiado. Empiece de nuevo.",
        "declined": "Hugging Face no dijo quién es usted, porque allí se rechazó.",
        "not_listed": (
            "{part} no está en la lista del equipo de esta colección. Quien administra el servidor puede añadirle."
        ),
        "somebody_else": (
            "Ese nombre era de otra persona cuando entró aquí por primera vez. Pregunte a quien administra el servidor."
        ),
        "silent": "Hugging Face no responde como debe en este momento. Vuelva a probar en un minuto.",
        "closed": (
            "El área del equipo está cerrada: aún no hay ninguna cuenta. "
            "Quien administra el servidor la abre con"
        ),
        "list": "o, para usuarios de Hugging Face, con la variable",
        "framed": "Dentro de otra página, los navegadores no guardan el acceso. Abra esta en una pestaña propia.",
        "open": "Abrir en una pestaña",
        "languages": "Idioma",
        "back": "Volver a la galería",
    },
}

COMMAND = "python -m vitrina account add NAME"
VARIABLE = "VITRINA_HUGGING_FACE_STAFF=user,user"

# The colours of the other pages, which take them from a theme that this one does without.
_DAY = "--ground:#faf6ee;--ink:#211c15;--quiet:#665c4e;--accent:#8f4a05;--amber:#f2ab3c;--line:#e3d9c7;--edge:#968a76"
_NIGHT = "--ground:#141210;--ink:#efe8dc;--quiet:#aca08f;--accent:#f0b355;--amber:#eda739;--line:#332e27;--edge:#7d7262"
_STYLE = (
    f":root{{color-scheme:light dark;--on-amber:#221803;{_DAY}}}"
    f"@media(prefers-color-scheme:dark){{:root{{{_NIGHT}}}}}"
    f":root.light{{color-scheme:light;{_DAY}}}:root.dark{{color-scheme:dark;{_NIGHT}}}"
    """
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;grid-template-rows:auto 1fr;
background:var(--ground);color:var(--ink);
font:16px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header{display:flex;justify-content:flex-end;gap:16px;padding:16px 24px}
header a{padding:8px;color:var(--quiet);text-decoration:none}
header a[aria-current]{color:var(--ink);border-bottom:2px solid var(--amber)}
main{width:min(360px,100% - 48px);margin:auto;padding:16px 0 96px}
h1{font:400 32px/1.2 Georgia,"Times New Roman",serif;margin:0 0 32px}
label{display:block;margin:0 0 16px;color:var(--quiet)}
input{display:block;width:100%;margin-top:4px;padding:10px 0;border:0;border-radius:0;
border-bottom:1px solid var(--edge);background:none;color:var(--ink);font:inherit}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:4px}
button,.button{display:block;width:100%;padding:12px 24px;border:1px solid var(--amber);border-radius:4px;
background:var(--amber);color:var(--on-amber);font:inherit;text-align:center;text-decoration:none;cursor:pointer}
form button{margin-top:24px}.after button{background:none;border-color:var(--edge);color:var(--ink)}
.or{display:flex;align-items:center;gap:16px;margin:32px 0 24px;color:var(--quiet)}
.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
a{color:var(--accent)}[role=alert]{margin:0 0 24px;border-left:3px solid var(--amber);padding-left:12px;
overflow-wrap:anywhere}
code{display:block;margin:16px 0;padding:12px;border-radius:4px;font-size:14px;overflow-wrap:anywhere;
background:color-mix(in srgb,var(--line) 45%,transparent)}footer{margin-top:48px}
"""
)


@dataclass(frozen=True)
class Doors:
    """The ways in that are open. `list_is_empty`: users of Hugging Face could be let in, but none is named."""

    password: bool
    hugging_face: bool
    list_is_empty: bool = False


@dataclass(frozen=True)
class Wishes:
    """How one wants the page: en or es; light, dark or as the system; `framed` inside a page of another host."""

    language: str
    theme: str = ""
    framed: bool = False


def problem_in_words(language: str, key: str, part: str = "") -> str:
    """What did not work, as a sentence with `part` in it; of "wait" that is the seconds, told in minutes."""
    if key == "wait":
        minutes = math.ceil(int(part) / 60)
        key, part = ("wait" if minutes > 1 else "wait_one"), str(minutes)
    return _words(language)[key].format(part=part)


def sign_in_page(
    doors: Doors, wishes: Wishes, *, next_page: str, problem: str | None = None, name: str = ""
) -> str:
    """The page as HTML, `problem` above everything else; what comes from outside is escaped."""
    words = _words(wishes.language)
    language = wishes.language if wishes.language in WORDS else "en"
    theme = f' class="{wishes.theme}"' if wishes.theme in ("light", "dark") else ""
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    if wishes.framed:
        inside = _framed(words, next_page)
    elif doors.password or doors.hugging_face:
        inside = _ways_in(words, doors, next_page=next_page, name=name)
    else:
        inside = _closed(words, doors)
    return (
        f'<!doctype html><html lang="{language}"{theme}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{words['title']} · Vitrina</title><style>{_STYLE}</style></head><body>"
        f"{_languages(words, language, next_page)}<main><h1>{words['title']}</h1>{alert}{inside}"
        f'<footer><a href="/">{words["back"]}</a></footer></main></body></html>'
    )


def _words(language: str) -> dict[str, str]:
    return WORDS.get(language, WORDS["en"])


def _languages(words: dict[str, str], language: str, next_page: str) -> str:
    links = ""
    for code, title in (("en", "English"), ("es", "Español")):
        address = escape(f"/backend/sign-in?{urlencode({'language': code, 'next': next_page})}")
        current = ' aria-current="true"' if code == language else ""
        links += f'<a href="{address}" lang="{code}"{current}>{title}</a>'
    return f'<header><nav aria-label="{words["languages"]}">{links}</nav></header>'


def _framed(words: dict[str, str], next_page: str) -> str:
    address = escape(f"/backend/sign-in?{urlencode({'next': next_page})}")
    return (
        f"<p>{words['framed']}</p>"
        f'<a class="button" href="{address}" target="_blank" rel="noopener">{words["open"]}</a>'
    )


def _closed(words: dict[str, str], doors: Doors) -> str:
    listed = f"<p>{words['list']}</p><code>{VARIABLE}</code>" if doors.list_is_empty else ""
    return f"<p>{words['closed']}</p><code>{COMMAND}</code>{listed}"


def _ways_in(words: dict[str, str], doors: Doors, *, next_page: str, name: str) -> str:
    ways = []
    if doors.hugging_face:
        address = escape(f"/backend/sign-in/hugging-face?{urlencode({'next': next_page})}")
        ways.append(f'<a class="button" href="{address}">{words["by_hugging_face"]}</a>')
    if doors.password:
        ways.append(_form(words, next_page=next_page, name=name, after=doors.hugging_face))
    return f'<p class="or">{words["or"]}</p>'.join(ways)


def _form(words: dict[str, str], *, next_page: str, name: str, after: bool) -> str:
    return (
        f'<form method="post" action="/backend/sign-in"{" class=after" if after else ""}>'
        f'<input type="hidden" name="next" value="{escape(next_page)}">'
        f'<label>{words["name"]}<input name="name" autocomplete="username" required maxlength="40" '
        f'autocapitalize="none" value="{escape(name[:40])}"></label>'
        f'<label>{words["password"]}<input name="password" type="password" autocomplete="current-password" '
        f'required maxlength="1000"></label><button type="submit">{words["enter"]}</button></form>'
    )
