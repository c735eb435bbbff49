"""The options of connection strings: their names, their values, and a sentence for each mistake (GSP-90)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from conformance.storage import ConnectionStringInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

Options = Mapping[str, Callable[[str], Any]]
"""What reads the value of each option, by its name; it raises ValueError with the end of a sentence."""

_USER = r"//[^/?#@&\s\"]*@"
# a password that was not percent-encoded may hold anything: what follows the colon is then no port
_LOGIN = r"//(?!\[)[^/?#@:]*:([^/?#@&\"]*|(?!\d*([/?#&\"\s,}]|$))[^@]*)@"
_SECRET = re.compile(
    r".*(password|passwd|passphrase|secret|token|credential|connection_string|(account|secret|application|private|customer)_key)"
    r"|.*secret_(access_)?key|access_key_secret|sas_key|encryption_key|temp_url_key"
    r"|(.*_)?(api_?key|pwd|sas|sig|signature)|accountkey|authorization",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"[?&;]([^=&?;#\s]+)=")
OPEN = "a connection string is shown in reports"


def endpoint(text: str) -> str:
    """Read the URL of a service.

    Raises:
        ConnectionStringInvalid: it holds a user or a password, or a query, which may be a token.
        ValueError: it is no URL.

    """
    refuse_userinfo(text)
    if "?" in text:
        raise ConnectionStringInvalid(f"{OPEN}: an endpoint ends before the ?, after which there may be a token")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # the host, or the port
        usable = False
    if not usable:
        raise ValueError("is no URL such as http://127.0.0.1:9000")
    return text


def refuse_userinfo(text: str, instead: str = "", *, user: bool = False) -> None:
    """Refuse URLs in ``text`` that hold a password, without repeating it.

    Args:
        text: a URL, or what holds some.
        instead: the variables of the environment that are for it, if there are any.
        user: whether a user without a password may be there.

    Raises:
        ConnectionStringInvalid: there is one.

    """
    if re.search(_LOGIN if user else f"{_LOGIN}|{_USER}", text):
        advice = f"set {instead} instead" if instead else "leave the user and the password out"
        raise ConnectionStringInvalid(f"{OPEN}: {advice}")


def refuse_tokens(text: str) -> None:
    """Refuse URLs in ``text`` that are signed or hold a token among their parameters, without repeating it.

    Raises:
        ConnectionStringInvalid: there is one.

    """
    for name in _PARAMETER.findall(text):
        if is_secret(name):
            raise ConnectionStringInvalid(f"{OPEN}: leave {name} out of its URL")


def is_secret(name: str) -> bool:
    """Tell whether the option ``name`` of some service is one that nobody but its owner should know."""
    return _SECRET.fullmatch(name) is not None


def flag(text: str) -> bool:
    """Read ``true`` or ``false``."""
    return choice("true", "false")(text) == "true"


def choice(*words: str) -> Callable[[str], str]:
    """Return what reads one of ``words``."""

    def one(text: str) -> str:
        if text not in words:
            raise ValueError(f"is not {' or '.join(words)}")
        return text

    return one


def number(kind: type[int | float], least: float, most: float) -> Callable[[str], Any]:
    """Return what reads a number of that ``kind`` from ``least`` to ``most``."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise ValueError(f"is no {'whole ' if kind is int else ''}number from {least} to {most}")
        return value

    return read


def text(value: str) -> str:
    """Read any text but the empty one."""
    if not value:
        raise ValueError("is empty")
    return value


def lacking(implements: Mapping[str, frozenset[str]], what: str) -> Callable[[str], tuple[str, ...]]:
    """Return what reads the things that a server of a kind lacks, with commas.

    Args:
        implements: the operations of the adapter, each with its optional arguments; what is lacking is one of the
            operations, ``copy``, an argument of all of them, ``if_match``, or of one, ``copy.if_match``.
        what: what the adapter is for, for the message.

    """
    arguments = sorted(frozenset[str]().union(*implements.values()))
    words_known = [*implements, *arguments, *(f"{name}.{pair}" for name in implements for pair in implements[name])]

    def read(text: str) -> tuple[str, ...]:
        words = tuple(text.split(","))
        for word in words:
            op, _, pair = word.rpartition(".")
            offered = implements.items() if not op else [(op, implements.get(op, frozenset[str]()))]
            if not any(pair in pairs or (not op and pair == name) for name, pairs in offered):
                told = f"the option without names {word!r}, which is no operation and no optional argument of {what}"
                raise ConnectionStringInvalid(told + meant(word, words_known))
        return words

    return read


def read_options(query: str, known: Options, instead: str = "") -> dict[str, Any]:
    """Return the options of ``query``, each read as ``known`` says; ``instead`` is as in :func:`refuse_userinfo`.

    Raises:
        ConnectionStringInvalid: one is unknown, given twice, or has a value that it cannot have, or there is a
            password, which is then not repeated.

    """
    refuse_userinfo(unquote_plus(query), instead)
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known and is_secret(name):
            raise ConnectionStringInvalid(f"{OPEN}: {name} comes from the environment{instead and f', set {instead}'}")
        if name not in known:
            raise unknown(name, known)
        if name in values:
            raise ConnectionStringInvalid(f"the option {name} is given twice")
        refuse_tokens(value)
        try:
            values[name] = known[name](value)
        except ValueError as error:
            raise ConnectionStringInvalid(f"the option {name} {error}: {value!r}") from None
    return values


def unknown(name: str, known: Iterable[str], where: str = "") -> ConnectionStringInvalid:
    """Return the refusal of an option, with what may have been meant, or what there is; ``where`` tells of all."""
    offered = [option for option in known if not option.startswith("_")]
    close = difflib.get_close_matches(name, offered, n=3)
    told = f"unknown option {name}" + (f", did you mean {' or '.join(close)}?" if close else "")
    if len(offered) <= SHOWN or not close:
        more = f" and {len(offered) - SHOWN} more" if len(offered) > SHOWN else ""
        told += f"; options are {', '.join(offered[:SHOWN])}{more}"
    return ConnectionStringInvalid(f"{told} ({where})" if where and len(offered) > SHOWN else told)


SHOWN = 8
"""How many options a sentence names at most."""


def meant(word: str, words: Iterable[str]) -> str:
    """Return a question for the one of ``words`` that ``word`` is close to, or nothing."""
    close = difflib.get_close_matches(word, [known for known in words if not known.startswith("_")], n=1)
    return f", did you mean {close[0]}?" if close else ""
