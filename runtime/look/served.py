"""The stylesheet at an address of its own, for pages that are loaded often. The address names the content, so that browsers may keep it for ever."""

from __future__ import annotations

import hashlib

from aiohttp import web

from runtime.look import stylesheet

CONTENT = stylesheet().encode()
ADDRESS = f"/look/lunas-{hashlib.sha256(CONTENT).hexdigest()[:12]}.css"
FOR_EVER = "public, max-age=31536000, immutable"


async def serve(_request: web.Request) -> web.Response:
    return web.Response(
        body=CONTENT,
        content_type="text/css",
        charset="utf-8",
        headers={"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"},
    )


def routes() -> list[web.RouteDef]:
    """To be mounted by every process that shows pages."""
    return [web.get(ADDRESS, serve)]
