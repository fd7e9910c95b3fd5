"""What the sign-in page says, in English and Japanese, and its HTML: no script, no style within it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    language: str
    title: str
    token: str
    submit: str
    hint: str
    wrong: str
    for_programs: str
    too_many: str
    not_needed: str
    signed_in_as: str
    all_experiments: str
    experiments: str
    to_traces: str
    sign_out: str


ENGLISH = Words(
    language="en",
    title="Sign in",
    token="Token",  # noqa: S106 - a label
    submit="Sign in",
    hint="Whoever runs this server makes one for you:",
    wrong="This token opens nothing here: it is unknown, expired or revoked.",
    for_programs="This token is for programs that send traces. Sign in with one of role read or admin.",
    too_many="Too many wrong tokens came from your address. Wait a minute, then try again.",
    not_needed="This server asks nobody to sign in.",
    signed_in_as="Signed in as",
    all_experiments="all experiments",
    experiments="Experiments:",
    to_traces="Go to the traces",
    sign_out="Sign out",
)
JAPANESE = Words(
    language="ja",
    title="サインイン",
    token="トークン",  # noqa: S106 - a label
    submit="サインイン",
    hint="トークンはサーバーの管理者が発行します:",
    wrong="このトークンは使えません。未登録か、期限切れか、取り消されています。",
    for_programs="このトークンはトレースを送るプログラム用です。read か admin のトークンでサインインしてください。",
    too_many="このアドレスから誤ったトークンが続けて送られました。1 分ほど待ってからやり直してください。",
    not_needed="このサーバーではサインインは不要です。",
    signed_in_as="サインイン中:",
    all_experiments="すべての実験",
    experiments="実験:",
    to_traces="トレース一覧へ",
    sign_out="サインアウト",
)

_COMMAND = "outcrop tokens create --name me --role read"
_MARK = (
    '<svg class="mark" viewBox="0 0 16 16" aria-hidden="true">'
    '<path class="rock" d="M1.5 13 5.4 5.4l2.5 3.4L10.4 3l4.1 10z"/>'
    '<path class="ground" d="M.8 13.6h14.4"/></svg>'
)


def form_page(words: Words, onward: str, *, fault: str = "", is_needed: bool = True) -> str:
    """The form.

    Args:
        words: the language.
        onward: path to go to afterwards.
        fault: why the last try failed.
        is_needed: whether the server asks for tokens at all.
    """
    note = "" if is_needed else f'<p>{words.not_needed} <a href="{escape(onward)}">{words.to_traces}</a></p>'
    told = f'<p class="fault" id="fault" role="alert">{fault}</p>' if fault else ""
    described = ' aria-invalid="true" aria-describedby="fault"' if fault else ""
    return _document(
        words,
        words.title,
        f"""{note}<form method="post" action="/sign-in">
<input type="hidden" name="next" value="{escape(onward)}">
<label for="token">{words.token}</label>
<input id="token" name="token" type="password" autocomplete="current-password" spellcheck="false"
 autocapitalize="none" maxlength="1000" required autofocus{described}>
{told}<button type="submit">{words.submit}</button>
</form>
<p class="hint">{words.hint}<code>{_COMMAND}</code></p>""",
    )


def signed_in_page(words: Words, onward: str, caller: Caller) -> str:
    """Who one is, and the way out."""
    names = words.all_experiments
    if caller.experiments is not None:
        names = f"{words.experiments} {escape(', '.join(sorted(caller.experiments)))}"
    return _document(
        words,
        f"{words.signed_in_as} {escape(caller.name)}",
        f"""<p class="about">{caller.role} · {names}</p>
<p><a class="onward" href="{escape(onward)}">{words.to_traces}</a></p>
<form method="post" action="/sign-out"><button type="submit" class="quiet">{words.sign_out}</button></form>""",
    )


def _document(words: Words, heading: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="{words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{words.title} · Outcrop</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/sign-in.css">
</head>
<body>
<main>
<p class="brand">{_MARK}Outcrop</p>
<h1>{heading}</h1>
{content}
</main>
</body>
</html>
"""
