"""Webhooks on their way to us: sent, answered or not, sent again on the provider's timetable, kept as history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from providers.fakes.clock import FakeClock
from runtime.logs import get_logger

OWNER = "outbox"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What goes over the wire at one attempt: the body as bytes and the headers that vouch for it."""

    body: bytes
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt. `status` 0: no answer."""

    at: datetime
    status: int
    answer: str = ""


@dataclass(slots=True)
class OutgoingWebhook:
    """One webhook of one provider about one payment (`subject`). `state`: waiting, delivered, given_up, held."""

    number: int
    provider: str
    event: str
    subject: str
    document: dict[str, Any] = field(repr=False)
    created: datetime
    state: str = "waiting"
    source: str = "AUTOMATIC"
    attempts: list[Sending] = field(default_factory=list)
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhookAccount:
    """How one provider delivers: where to, how it vouches for a body, how long it waits and when it tries again."""

    url: Callable[[str], str | None]
    seal: Callable[[dict[str, Any], datetime], Sealed]
    gaps: Sequence[timedelta]
    patience_seconds: float


class Outbox:
    """All webhooks of all fakes. Without a running loop of `FakeWorld.run` they only wait."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._accounts: dict[str, WebhookAccount] = {}
        self._sent: dict[int, OutgoingWebhook] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.session: aiohttp.ClientSession | None = None
        self.held = False
        self.doubled = False

    def open_account(self, provider: str, account: WebhookAccount) -> None:
        self._accounts[provider] = account

    @contextmanager
    def set(self, held: bool, doubled: bool) -> Iterator[None]:
        """What is posted inside is kept back, or sent twice."""
        before = (self.held, self.doubled)
        self.held, self.doubled = self.held or held, self.doubled or doubled
        try:
            yield
        finally:
            self.held, self.doubled = before

    def post(
        self,
        provider: str,
        event: str,
        subject: str,
        document: dict[str, Any],
        *,
        after: timedelta = timedelta(),
    ) -> OutgoingWebhook:
        """Takes one webhook over; it leaves as soon as the loop turns, or `after` a while."""
        now = self._clock.now()
        for _ in range(2 if self.doubled else 1):
            webhook = OutgoingWebhook(len(self._sent) + 1, provider, event, subject, dict(document), now)
            self._sent[webhook.number] = webhook
            if self.held:
                webhook.state = "held"
            else:
                self._due(webhook, now + after)
        return webhook

    def again(self, number: int, *, source: str = "MANUAL") -> OutgoingWebhook:
        """Sends one once more, whatever became of it. Raises KeyError."""
        webhook = self._sent[number]
        webhook.source, webhook.state = source, "waiting"
        self._due(webhook, self._clock.now())
        return webhook

    def of(self, provider: str | None = None, subject: str | None = None) -> list[OutgoingWebhook]:
        """Oldest first."""
        return [
            webhook
            for webhook in self._sent.values()
            if provider in (None, webhook.provider) and subject in (None, webhook.subject)
        ]

    def resume(self, webhooks: list[OutgoingWebhook]) -> None:
        """Goes on with what was sent, and what waits, before a stop."""
        self._sent = {webhook.number: webhook for webhook in webhooks}

    def ring(self, key: str) -> None:
        """One is due: its attempt begins."""
        if self.session is None:
            return
        task = asyncio.get_running_loop().create_task(self._send(self._sent[int(key)], self.session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Waits for the attempts under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _due(self, webhook: OutgoingWebhook, at: datetime) -> None:
        webhook.next_at = at
        self._clock.alarm(at, OWNER, "send", str(webhook.number))

    async def _send(self, webhook: OutgoingWebhook, session: aiohttp.ClientSession) -> None:
        account = self._accounts[webhook.provider]
        url, now = account.url(webhook.event), self._clock.now()
        status, answer = 0, "no address is set"
        if url:
            status, answer = await _post(
                session, url, account.seal(webhook.document, now), account.patience_seconds
            )
        webhook.attempts.append(Sending(now, status, answer))
        webhook.next_at = None
        if 200 <= status < 300:
            webhook.state = "delivered"
        elif len(webhook.attempts) <= len(account.gaps):
            webhook.state = "waiting"
            self._due(webhook, now + account.gaps[len(webhook.attempts) - 1])
        else:
            webhook.state = "given_up"
        log.info(
            "webhook sent", action="fake.webhook", provider=webhook.provider, webhook_event=webhook.event,
            subject=webhook.subject, status=status, state=webhook.state,
        )  # fmt: skip


async def _post(session: aiohttp.ClientSession, url: str, sealed: Sealed, seconds: float) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with session.post(
            url, data=sealed.body, headers=sealed.headers, timeout=timeout, allow_redirects=False
        ) as answer:
            return answer.status, (await answer.text(errors="replace"))[:200]
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return 0, type(error).__name__
