"""The code of a request as a picture of its own, for applications that show it in their own pages, and for paper."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Literal

import segno
from aiohttp import web

from api.pay.page import QR_BORDER

Kind = Literal["svg", "png"]

TYPES: dict[Kind, str] = {"svg": "image/svg+xml", "png": "image/png"}
SCALE = 10
"""Pixels per module of PNG: read from another phone's screen and from paper."""


def qr_picture(code: str, kind: Kind, reference: str, known: str | None) -> web.Response:
    """The picture; 304 when the asker has it (`known`: its If-None-Match).

    Only the payer's own browser may keep it, and it asks each time: once the request has ended, nobody is to be shown its code.
    """
    drawn = _drawn(code, kind)
    tag = f'"{hashlib.sha256(drawn).hexdigest()[:24]}"'
    headers = {
        "Cache-Control": "private, no-cache",
        "ETag": tag,
        "Content-Disposition": f'inline; filename="qris-{reference}.{kind}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    if known is not None and tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return web.Response(status=304, headers=headers)
    return web.Response(body=drawn, content_type=TYPES[kind], headers=headers)


def _drawn(code: str, kind: Kind) -> bytes:
    """Correction M survives a scratched screen; dark on white, whatever is around it."""
    written = BytesIO()
    qr = segno.make(code, error="m", micro=False)
    if kind == "png":
        qr.save(written, kind="png", scale=SCALE, border=QR_BORDER, dark="#000", light="#fff")
    else:
        qr.save(written, kind="svg", border=QR_BORDER, dark="#000", light="#fff", omitsize=True)
    return written.getvalue()
