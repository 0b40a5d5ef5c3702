"""The console's one script, at an address that names its content. Every page works without it."""

from __future__ import annotations

import hashlib
from importlib import resources

from aiohttp import web

from runtime.look import served

SCRIPT = resources.files("console.web").joinpath("static/console.js").read_bytes()
ADDRESS = f"/look/console-{hashlib.sha256(SCRIPT).hexdigest()[:12]}.js"


async def serve(_request: web.Request) -> web.Response:
    headers = {"Cache-Control": served.FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return web.Response(body=SCRIPT, content_type="text/javascript", charset="utf-8", headers=headers)


def routes() -> list[web.RouteDef]:
    return [web.get(ADDRESS, serve), *served.routes()]
