"""Markup that cannot be injected into: whatever is not Html already is cleaned and escaped when it is put in."""

from __future__ import annotations

import html
import math
import re
from typing import Any, TypeGuard

# Control characters, lone surrogates and the marks that turn the direction of the text around them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset({"br", "col", "hr", "img", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def clean(text: object) -> str:
    """Write anything as one line of characters that can be shown and stored as UTF-8.

    >>> clean("a\\tb\\x00")
    'a b\ufffd'
    """
    return _UNSEEN.sub("\ufffd", re.sub(r"[\t\r\n]+", " ", str(text)))


def shorten(text: object, most: int) -> str:
    """Cut a long text, with a mark where it was cut."""
    whole = clean(text)
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def escaped(part: object) -> str:
    """Escape what is not markup."""
    return str(part) if isinstance(part, Html) else html.escape(clean(part))


def join(*parts: object) -> Html:
    """Put parts behind each other; texts among them are escaped."""
    return Html("".join(escaped(part) for part in parts))


def element(name: str, /, *inside: object, **attributes: object) -> Html:
    """Make an element; texts inside and the values of attributes are escaped.

    >>> element("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'

    Arguments:
        name: The element's name.
        inside: Texts and markup, in order.
        attributes: Attributes; `class_` is written `class`, and one that is None is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(clean(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{join(*inside)}</{name}>")


def is_number(value: Any) -> TypeGuard[float]:
    """Tell whether a value read from JSON is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def number(value: Any) -> str:
    """Write a number for a reader: three significant digits, thousands grouped; nothing for None.

    >>> [number(x) for x in (0.98765, 12345.6, 3, 2e-7, float("nan"), None)]
    ['0.988', '12,346', '3', '2e-07', 'undefined', '']
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    whole = 1000 <= abs(value) < 1e6 or (abs(value) < 1e6 and value == int(value))
    return f"{value + 0.0:,.0f}" if whole else f"{value:.3g}"
