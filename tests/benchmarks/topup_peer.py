"""What a top-up costs at least: a bare aiohttp handler that asks the same provider for a payment and hands its answer on. Prints its port.

It keeps nothing: after a silence it would not know whether there is a payment.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from itertools import count

import aiohttp
import orjson
import uvloop
from aiohttp import web

KEY = "xnd_production_benchmark"
_numbers = count()


def application(provider: str) -> web.Application:
    app = web.Application()
    session = web.AppKey("session", aiohttp.ClientSession)

    async def lifespan(app: web.Application) -> AsyncIterator[None]:
        headers = {"Authorization": aiohttp.BasicAuth(KEY, "").encode(), "api-version": "2024-11-11"}
        async with aiohttp.ClientSession(headers=headers) as app[session]:
            yield

    async def top_up(request: web.Request) -> web.Response:
        wish = orjson.loads(await request.read())
        body = {
            "reference_id": f"bare-{next(_numbers)}",
            "type": "PAY",
            "country": "ID",
            "currency": "IDR",
            "request_amount": wish["amount"],
            "channel_code": "QRIS",
            "channel_properties": {},
        }
        async with request.app[session].post(f"{provider}/v3/payment_requests", json=body) as answer:
            return web.Response(
                status=answer.status, body=await answer.read(), content_type="application/json"
            )

    app.cleanup_ctx.append(lifespan)
    app.router.add_post("/v1/topups", top_up)
    return app


async def main(provider: str) -> None:
    runner = web.AppRunner(application(provider))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
