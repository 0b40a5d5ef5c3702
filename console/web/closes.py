"""Daily close: a day's books by provider, held against the ledger, as a page, as rows and on paper; sealed, it is kept as it was."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, timedelta

from aiohttp import web

from console.closing.figures import parse_day
from console.closing.pages import FIGURES, STYLE, as_csv, as_page, with_total
from console.closing.reading import SEAL, SEALS, DailyClose, read_close
from console.closing.sealing import check_seal, seal_day
from console.closing.words import difference_words
from console.exits import NotFound, WrongUse
from console.messages import text
from console.options import PROVIDERS
from console.times import WIB
from console.web.rendering import HEADERS, POLICY
from console.web.visit import Answer, Screen, Visit, Way, done, moved, shown
from runtime.ids import utc_now

DAYS = 31
"""In the list; any other day has its own address."""
STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""The page to print brings its style along, as its file does; this one and no other is let in."""


async def listed(visit: Visit) -> Answer:
    if visit.asked("day") is not None:
        return moved(f"/close/{_date(visit.query['day'])}")
    today = utc_now().astimezone(WIB).date()
    days = [today - timedelta(days=back) for back in range(DAYS)]
    async with visit.connections.one() as connection:
        rows = await connection.fetch(SEALS, SEAL, [day.isoformat() for day in days])
    sealed = {row["target"]: row for row in rows}
    values = {"days": [(day.isoformat(), sealed.get(day.isoformat()), day == today) for day in days]}
    command = f"lunas close {days[1].isoformat()}"
    return Screen("closes.html", text("web.way.close"), command, values)


async def show(visit: Visit) -> Answer:
    day = _date(visit.named("day"))
    seen = await _read(visit, day)
    values = {
        "seen": seen,
        "difference_words": difference_words,
        "day": day.isoformat(),
        "before": (day - timedelta(days=1)).isoformat(),
        "next": (day + timedelta(days=1)).isoformat(),
        "over": day < utc_now().astimezone(WIB).date(),
        "figures": FIGURES,
        "providers": with_total(seen),
    }
    return Screen("close.html", f"{text('close.title')} {day.isoformat()}", f"lunas close {day}", values)


async def payments(visit: Visit) -> Answer:
    """What makes a provider's figures of a day, one by one; of many the first ones, and the command tells all."""
    day, provider, limit = _date(visit.named("day")), visit.named("provider"), visit.settings.console_rows_max
    if provider not in PROVIDERS:
        raise NotFound(text("web.no_id", id=provider))
    seen = await _read(visit, day, provider)
    moved = seen.payments or ()
    values = {
        "day": day.isoformat(),
        "rows": moved[:limit],
        "limit": limit,
        "new": sum(one.new for one in moved),
        "received": sum(one.received for one in moved),
        "refunded": sum(one.refunded for one in moved),
    }
    title = text("close.payments_of", provider=provider, day=day.isoformat())
    return Screen("close_payments.html", title, f"lunas close {day} --payments {provider}", values)


async def rows(visit: Visit) -> Answer:
    """For a spreadsheet, as `lunas close DATE --csv FILE` writes them."""
    day = _date(visit.named("day"))
    kept = {"Content-Disposition": f'attachment; filename="lunas-close-{day.isoformat()}.csv"'}
    written = as_csv(await _read(visit, day))
    return web.Response(text=written, content_type="text/csv", charset="utf-8", headers=HEADERS | kept)


async def paper(visit: Visit) -> Answer:
    """The page to print, as `lunas close DATE --page FILE` writes it: Indonesian first, English beside it."""
    written = as_page(await _read(visit, _date(visit.named("day"))))
    policy = POLICY.replace("style-src 'self'", f"style-src {STYLE_SOURCE}")
    headers = HEADERS | {"Content-Security-Policy": policy}
    return web.Response(text=written, content_type="text/html", charset="utf-8", headers=headers)


async def seal(visit: Visit) -> Answer:
    day, reason = _date(visit.named("day")), visit.reason()
    async with visit.connections.one() as connection:
        seen = await read_close(connection, day)
        await check_seal(connection, seen)
        act_id = await seal_day(connection, seen, reason)
    return moved(f"/audit/{act_id}?done")


async def _read(visit: Visit, day: date, listing: str | None = None) -> DailyClose:
    async with visit.connections.one() as connection:
        return await read_close(connection, day, listing)


def _date(given: str) -> date:
    """Raises WrongUse."""
    try:
        return parse_day(given)
    except ValueError:
        raise WrongUse(text("close.no_date", given=given)) from None


WAYS: tuple[Way, ...] = (
    shown("/close", listed),
    shown("/close/{day}", show),
    shown("/close/{day}/payments/{provider}", payments),
    shown("/close/{day}/csv", rows),
    shown("/close/{day}/paper", paper),
    done("/close/{day}/seal", seal),
)
