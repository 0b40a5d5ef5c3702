"""Pieces of HTML. What comes in as a sentence is escaped here; cells of a table are markup already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import orjson

_CODE = re.compile(r"`([^`]+)`")


def prose(sentence: str) -> str:
    """Escaped, with what stands in backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(sentence))


def listing(code: str, label: str) -> str:
    """Code in a box of its own. It can be scrolled, so the keyboard must reach it, and it needs a name."""
    return (
        f'<div class="code"><span class="what" aria-hidden="true">{escape(label)}</span>'
        f'<pre tabindex="0" role="group" aria-label="{escape(label)}">{escape(code)}</pre></div>'
    )


def badge(method: str) -> str:
    """How a call is made, in its colour."""
    return f'<span class="badge {escape(method.lower())}">{escape(method.upper())}</span>'


def pretty(document: Any) -> str:
    """JSON over several lines."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def table(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], anchors: Sequence[str] = ()
) -> str:
    """A table whose first column names its rows; nothing when there are none. `anchors` are the rows' ids."""
    if not rows:
        return ""
    caption = f"<h3>{escape(title)}</h3>" if title else ""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = []
    for index, (name, *cells) in enumerate(rows):
        anchor = f' id="{escape(anchors[index])}"' if anchors else ""
        filled = "".join(f"<td>{cell}</td>" for cell in cells)
        body.append(f'<tr{anchor}><th scope="row">{name}</th>{filled}</tr>')
    return f"{caption}<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
