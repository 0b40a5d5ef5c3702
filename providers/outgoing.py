"""Calls to a provider's API: every one ends in time, is limited, and says for sure whether it may have done anything.

A call that failed is one of three: `refused` (the provider said no), `not_sent` (it did nothing: no connection, over the rate limit, left
alone by the breaker), or `unknown` (it was sent, and nobody knows). Only `not_sent` is tried again here.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

import aiohttp
import orjson
from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from providers.call_record import CallMade, CallMetrics, collect
from runtime.breaker import Breaker
from runtime.ids import utc_now
from runtime.logs import get_logger
from runtime.tracing import Tracer, tracer
from schemas.errors import Transient

LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
SAID_MAX = 500  # characters of a provider's error text that operators are shown
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 4.0

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
Ended = Literal["refused", "not_sent", "unknown"]

log = get_logger(__name__)


class CallFailed(Transient):
    """A call that did not do what was asked. `code` is ours and stable; `said` is the provider's own text, for operators only."""

    def __init__(
        self,
        outcome: Ended,
        code: str,
        *,
        status: int | None = None,
        said_code: str | None = None,
        said: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{outcome}: {code} {said_code or ''}")
        self.outcome, self.code, self.status = outcome, code, status
        self.said_code, self.said, self.retry_after = said_code, said[:SAID_MAX], retry_after


class Reply(NamedTuple):
    """An answer of 2xx."""

    status: int
    document: Any


Judge = Callable[[int, Any], CallFailed | None]
"""What an answer means to its provider's client: a failure, or None for an answer that is one."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Of calls to one provider, in seconds; `calls` in `period`."""

    connect: float
    call: float
    budget: float
    attempts: int
    calls: int
    period: float


class ProviderApi:
    """One provider's API. `headers` hold the key and are shown to nobody."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        headers: Mapping[str, str],
        limits: CallLimits,
        breaker: Breaker,
        judge: Judge,
        metrics: CallMetrics | None = None,
    ) -> None:
        self.provider = provider
        self._base, self._headers, self._limits = base_url.rstrip("/"), dict(headers), limits
        self.breaker, self._judge, self._metrics = breaker, judge, metrics
        if metrics is not None:
            metrics.watch(provider, lambda: breaker.state)
        self._limiter = AsyncLimiter(limits.calls, limits.period)
        self._paused_until = 0.0
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        harmless: bool = False,
        judge: Judge | None = None,
    ) -> Reply:
        """Raises CallFailed. `harmless`: doing it twice is like doing it once, so it is tried again after any failure but a refusal.

        `judge`: of this call, where its answers mean something else than those of others.
        """
        until = time.monotonic() + self._limits.budget
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._limits.attempts),
            wait=_pause,
            retry=retry_if_exception(lambda error: _again(error, harmless, until)),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await self._once(
                    operation, method, path, until, body, query, headers, judge or self._judge
                )
        raise AssertionError("tenacity returns or raises")

    def at_leisure(self) -> bool:
        """Whether calls that can wait may be made: half of what the provider takes is left for those that cannot."""
        half = self._limits.calls / 2
        return self._paused_until <= time.monotonic() and self._limiter.has_capacity(half)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _once(
        self,
        operation: str,
        method: str,
        path: str,
        until: float,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        judge: Judge,
    ) -> Reply:
        began_at, began = utc_now(), time.monotonic()
        try:
            await self._turn(until)
        except CallFailed as failed:
            self._tell(operation, failed.outcome, None, _short(failed), began_at, began)
            raise
        began_at, began = utc_now(), time.monotonic()
        try:
            reply = await self._send(method, path, body, query, headers, judge)
        except CallFailed as failed:
            self._tell(operation, failed.outcome, failed.status, _short(failed), began_at, began)
            self._count(failed)
            raise
        except BaseException:
            self.breaker.undecided()
            raise
        self._tell(operation, "answered", reply.status, None, began_at, began)
        if self.breaker.succeeded():
            log.info("provider is back", action="provider.back", provider=self.provider)
        return reply

    async def _turn(self, until: float) -> None:
        """Wait for the limiter and for what the provider asked us to wait. Raises CallFailed when that takes too long."""
        left = until - time.monotonic()
        pause = max(self._paused_until - time.monotonic(), 0.0)
        if pause > left:
            raise CallFailed("not_sent", "provider_busy", retry_after=pause)
        closed_for = self.breaker.wait()
        if closed_for:
            raise CallFailed("not_sent", "provider_unavailable", said_code="breaker", retry_after=closed_for)
        try:
            async with asyncio.timeout(max(left, 0.0)):
                await asyncio.sleep(pause)
                await self._limiter.acquire()
        except TimeoutError:
            self.breaker.undecided()
            raise CallFailed("not_sent", "provider_busy", retry_after=self._limits.period) from None
        except BaseException:
            # Whoever gives up while waiting takes nobody's turn along: the one that tries may be this one.
            self.breaker.undecided()
            raise

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        judge: Judge,
    ) -> Reply:
        sent = None if body is None else orjson.dumps(body)
        own = {"Accept": "application/json", **self._headers, **(headers or {})}
        if sent is not None:
            own["Content-Type"] = "application/json"
        try:
            async with self._connected().request(
                method, self._base + path, data=sent, params=query, headers=own, allow_redirects=False
            ) as response:
                raw = await _body(response)
                status, given = response.status, response.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise CallFailed("not_sent", "provider_unavailable", said=type(error).__name__) from error
        except aiohttp.InvalidURL as error:
            raise CallFailed("not_sent", "provider_misconfigured", said=type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CallFailed("unknown", "provider_silent", said=type(error).__name__) from error
        return self._judged(status, given, raw, judge)

    def _judged(self, status: int, headers: Mapping[str, str], raw: bytes, judge: Judge) -> Reply:
        pause = _asked_pause(headers, status)
        if pause:
            self._paused_until = max(self._paused_until, time.monotonic() + pause)
        document = _parsed(raw)
        if status == 429:
            raise CallFailed(
                "not_sent", "provider_busy", status=status, said=_text(raw), retry_after=pause or None
            )
        failed = judge(status, document)
        if failed is not None:
            failed.status = status
            failed.said = failed.said or _text(raw)
            raise failed
        if document is None:
            raise CallFailed("unknown", "provider_unreadable", status=status, said=_text(raw))
        return Reply(status, document)

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(
                total=self._limits.call, connect=self._limits.connect, sock_connect=self._limits.connect
            )
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _count(self, failed: CallFailed) -> None:
        """Refusals about one request say that the provider works; a key it does not take is not tried again and again."""
        if failed.code == "provider_credentials":
            opened = self.breaker.failed(at_once=True)
            if self._metrics is not None:
                self._metrics.key_refused(self.provider)
        elif failed.code in (
            "provider_unavailable",
            "provider_silent",
            "provider_failing",
            "provider_unreadable",
        ):
            opened = self.breaker.failed()
        else:
            self.breaker.undecided()
            return
        if opened:
            log.error(
                "provider is left alone",
                action="provider.left_alone",
                provider=self.provider,
                code=failed.code,
            )

    def _tell(
        self,
        operation: str,
        outcome: str,
        status: int | None,
        code: str | None,
        began_at: datetime,
        began: float,
    ) -> None:
        made = CallMade(
            self.provider,
            operation,
            began_at,
            outcome,
            status,
            code,
            round((time.monotonic() - began) * 1000),
        )
        collect(made)
        if self._metrics is not None:
            self._metrics.made(made)
        if (by := tracer()) is not None:
            _tell_trace(by, made)
        log.info(
            "provider called",
            action="provider.called",
            provider=self.provider,
            operation=operation,
            outcome=outcome,
            status=status,
            code=code,
            milliseconds=made.milliseconds,
        )


def _tell_trace(by: Tracer, made: CallMade) -> None:
    """A try of a call, in the trace of what is under way. Providers are not told of it: they get no header of ours."""
    span = by.begin(
        f"{made.provider} {made.operation}",
        "client",
        attributes={
            "lunas.provider": made.provider,
            "lunas.operation": made.operation,
            "lunas.outcome": made.outcome,
            **({} if made.status is None else {"http.response.status_code": made.status}),
        },
        began=int(made.began_at.timestamp() * 1_000_000_000),
    )
    span.end(error=None if made.outcome == "answered" else made.code or made.outcome)


def _short(failed: CallFailed) -> str:
    """The provider's code where it is one: a text in its place may say anything, and is for nobody's log."""
    said = failed.said_code or ""
    return said if _CODE.fullmatch(said) else failed.code


def _again(error: BaseException, harmless: bool, until: float) -> bool:
    if not isinstance(error, CallFailed):
        return False
    if error.said_code == "breaker" or error.code in ("provider_misconfigured", "provider_credentials"):
        return False
    if error.retry_after is not None and time.monotonic() + error.retry_after >= until:
        return False
    tried = error.outcome == "not_sent" or (harmless and error.outcome == "unknown")
    return tried and time.monotonic() < until


def _pause(state: RetryCallState) -> float:
    """What the provider asked for; else a little longer each time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, CallFailed) and error.retry_after is not None:
        return error.retry_after
    pause: float = FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1)
    return min(pause, LONGEST_PAUSE_SECONDS)


def _asked_pause(headers: Mapping[str, str], status: int) -> float:
    """How long the provider wants to be left alone: `Retry-After`, or the reset of a limit that is used up."""
    if status == 429 and (after := _seconds(headers.get("Retry-After"))) is not None:
        return after
    for prefix in ("Rate-Limit", "X-RateLimit"):
        if status == 429 or headers.get(f"{prefix}-Remaining") == "0":
            reset = _seconds(headers.get(f"{prefix}-Reset"))
            if reset is not None:
                return reset
    return 0.0


def _seconds(text: str | None) -> float | None:
    """Seconds from now; a moment in Unix time is one too. None for anything else."""
    if text is None or not text.strip().isascii() or not text.strip().isdigit() or len(text) > 12:
        return None
    value = float(text)
    return max(value - time.time(), 0.0) if value > 1_000_000_000 else value


async def _body(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65536):
        size += len(part)
        if size > LARGEST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too large")
        parts.append(part)
    return b"".join(parts)


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _text(raw: bytes) -> str:
    return raw[: SAID_MAX * 4].decode("utf-8", "replace")[:SAID_MAX]
