"""Asking the provider about licences: once for equal questions, seldom, and never taking its silence for a no."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from api.licences.records import CheckedLicence, LicenceRecords, masked
from providers.licensing import LicenceClient
from providers.outgoing import CallFailed
from runtime.allowances import Allowances
from runtime.logs import get_logger
from schemas.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

T = TypeVar("T")

WAIT_SECONDS = 5.0  # what a caller is told to wait when the provider named no time
ALL = "all"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KnownLicence:
    """What is known: `checked` from the provider or its last word, None when only our records know. `problem`: why it was not asked now."""

    source: Literal["provider", "cache", "records"]
    checked: CheckedLicence | None
    problem: str | None = None


class LicenceCounter:
    """Over one provider's client. One per process."""

    def __init__(
        self,
        records: LicenceRecords,
        client: LicenceClient | None,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records, self._client = records, client
        self._fresh = timedelta(seconds=settings.licence_cache_seconds)
        self._fresh_unknown = timedelta(seconds=settings.licence_unknown_cache_seconds)
        self._stale = timedelta(hours=settings.licence_stale_hours)
        asked = settings.licence_calls_per_minute
        self._allowed = Allowances(asked, 60 / asked, 1, clock)
        self._running: dict[tuple[object, ...], asyncio.Task[Any]] = {}

    async def verify(
        self, code: str, provider: str, products: Sequence[str], record: asyncpg.Record
    ) -> KnownLicence:
        """Raises Problem when neither the provider nor anything we have tells."""
        told = best_of(await self._records.checked(code, provider, products), products)
        if told is not None and self._is_fresh(told, record):
            return KnownLicence("cache", told)
        try:
            # Our own record is part of the question: one who asks because a webhook came is not answered with what was asked before it.
            question = ("verify", code, tuple(products), record["records_at"])
            checked = await self._together(question, lambda: self._ask(code, provider, products, record))
        except CallFailed as failed:
            return self._without(told, record, failed, code, provider)
        return KnownLicence("provider", checked)

    async def switch(
        self, code: str, provider: str, products: Sequence[str], *, active: bool
    ) -> tuple[str, bool]:
        """The product whose licence is active now, or not any more, and whether that changed anything. Raises Problem."""
        question = ("switch", code, tuple(products), active)
        try:
            return await self._together(
                question, lambda: self._switch(code, provider, products, active=active)
            )
        except CallFailed as failed:
            raise _refusal(failed, provider) from None

    def _is_fresh(self, told: CheckedLicence, record: asyncpg.Record) -> bool:
        kept = self._fresh_unknown if told.word.status == "not_found" else self._fresh
        ends = told.word.expires_at
        # At its end a renewal may have come that nobody told us of.
        ended_since = ends is not None and told.checked_at < ends <= record["now"]
        newer = record["records_at"] > told.records_at
        return record["now"] - told.checked_at < kept and not newer and not ended_since

    def _still_told(self, told: CheckedLicence, record: asyncpg.Record) -> bool:
        """That a code was unknown once says nothing later; nor does a word that our own record is newer than."""
        young = record["now"] - told.checked_at < self._stale
        return young and told.word.status != "not_found" and record["records_at"] <= told.records_at

    def _without(
        self,
        told: CheckedLicence | None,
        record: asyncpg.Record,
        failed: CallFailed,
        code: str,
        provider: str,
    ) -> KnownLicence:
        """The newest of what we have. Raises Problem for nothing: not to know is no answer about the licence."""
        log.warning(
            "licence could not be asked about",
            action="licence.unasked",
            licence=masked(code),
            code=failed.code,
        )
        if told is not None and self._still_told(told, record):
            return KnownLicence("cache", told, failed.code)
        if record["subscription_id"] is not None:
            return KnownLicence("records", None, failed.code)
        if failed.code == "provider_not_configured":
            raise Problem(failed.code, provider=provider)
        raise Problem("licence_unverified", headers=_later(failed), problem=failed.code)

    async def _ask(
        self, code: str, provider: str, products: Sequence[str], record: asyncpg.Record
    ) -> CheckedLicence:
        """Product by product until one knows the code."""
        client = self._ready(provider)
        checked = None
        for product in products:
            self._take_turn()
            word = await client.verify(code, product)
            checked = await self._records.keep(code, provider, product, record["records_at"], word)
            log.info("licence verified", action="licence.verified", licence=masked(code), status=word.status)
            if word.status != "not_found":
                break
        if checked is None:
            raise CallFailed("refused", "licence_not_found")
        return checked

    async def _switch(
        self, code: str, provider: str, products: Sequence[str], *, active: bool
    ) -> tuple[str, bool]:
        client = self._ready(provider)
        missing: CallFailed | None = None
        for product in products:
            self._take_turn()
            # What was known before is old whatever comes of the call: it may be done although nobody says so.
            await self._records.forget(code, provider)
            try:
                changed = await client.switch(code, product, active=active)
            except CallFailed as failed:
                if failed.code != "licence_not_found":
                    raise
                missing = failed
                continue
            log.info(
                "licence switched",
                action="licence.activated" if active else "licence.deactivated",
                licence=masked(code),
                changed=changed,
            )
            return product, changed
        raise missing or CallFailed("refused", "licence_not_found")

    def _ready(self, provider: str) -> LicenceClient:
        if self._client is None:
            raise CallFailed("refused", "provider_not_configured")
        return self._client

    def _take_turn(self) -> None:
        """Licences never use up what a provider takes of calls: payments need it."""
        wait = self._allowed.waits(ALL)
        if wait:
            raise CallFailed("not_sent", "provider_busy", retry_after=wait)
        self._allowed.count(ALL)

    async def _together(self, question: tuple[object, ...], ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """One call for all who ask the same at the same time. A caller who leaves stops nothing."""
        task = self._running.get(question)
        if task is None:
            task = asyncio.create_task(ask(), name=f"licence {question[0]}")
            self._running[question] = task
            task.add_done_callback(lambda done: self._done(question, done))
        answered: T = await asyncio.shield(task)
        return answered

    def _done(self, question: tuple[object, ...], task: asyncio.Task[Any]) -> None:
        del self._running[question]
        if not task.cancelled():
            task.exception()  # whoever waited was told; nobody may be left


def best_of(told: Sequence[CheckedLicence], products: Sequence[str]) -> CheckedLicence | None:
    """The word on the product that knows the code; that none does only when all were asked, and then the oldest of their words."""
    known = next((one for one in told if one.word.status != "not_found"), None)
    if known is not None or len(told) < len(products):
        return known
    return min(told, key=lambda one: one.checked_at, default=None)


def is_valid(checked: CheckedLicence, now: datetime) -> bool:
    """By the provider's word and our own clock."""
    word = checked.word
    return word.status == "active" and (word.expires_at is None or now < word.expires_at)


def _refusal(failed: CallFailed, provider: str) -> Problem:
    if failed.outcome == "unknown":
        return Problem("licence_outcome_unknown", headers=_later(failed))
    code = failed.code if failed.code in PROBLEMS else "provider_refused"
    headers = _later(failed) if PROBLEMS[code].status == 503 else {}
    return Problem(code, headers=headers, provider=provider)


def _later(failed: CallFailed) -> dict[str, str]:
    return {"Retry-After": str(max(round(failed.retry_after or WAIT_SECONDS), 1))}
