"""HTTP doors built with aiohttp's application: they name neither their versions nor what a stranger sent.

aiohttp on its own tells everybody which Python and which aiohttp answer, quotes a malformed header in its answer, and writes it into the
log with a traceback, the bearer key in it included. Ingress has connections of its own (`ingress.connection`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from runtime.logs import get_logger

SERVER = "lunas"

log = get_logger(__name__)


class PublicRunner(web.AppRunner):
    """An `AppRunner` that behaves at a public address. `options` are those of aiohttp's server."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        app.on_response_prepare.append(_sign)
        # Access logs would hold query strings, and these hold e-mail addresses.
        super().__init__(app, access_log=None, **options)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Connections(
            made.request_handler, request_factory=made.request_factory, loop=made._loop, **made._kwargs
        )


class _Connections(web.Server):
    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP, or went wrong where no handler could answer it: the status, and nothing else."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request failed", action="door.failed", error=type(exc).__name__)
        else:
            log.info("malformed request", action="door.malformed", error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun and cannot be taken back")
        answer = web.Response(status=status, text=HTTPStatus(status).phrase, headers={"Server": SERVER})
        answer.force_close()
        return answer


async def _sign(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER
