"""Whether providers' own lists are compared with our record, and whether they agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.checks.finding import Finding, ok, problem
from console.messages import text
from console.output import number, rupiah
from eventstore.queries import load

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

INTERVALS_MISSED = 3


async def check_reconciliation(connection: Connection, settings: Settings) -> AsyncIterator[Finding]:
    """Of providers that were ever compared: one that is not set up, or was never due, is nobody's mistake."""
    sql = load("overview.sql", "console")
    drift = await connection.fetch(sql["drift"])
    for run in await connection.fetch(sql["compared"]):
        provider = run["provider"]
        rows = [row for row in drift if row["provider"] == provider]
        late = settings.reconcile_interval_minutes * 60 * INTERVALS_MISSED
        if late and run["seconds"] > late:
            told = {
                "provider": provider,
                "code": run["code"] or run["status"],
                "hours": number(int(run["seconds"] // 3600)),
            }
            detail, fix = text("doctor.not_compared", **told), text("doctor.not_compared.fix", **told)
            yield problem(f"reconciliation.{provider}", detail, fix)
        if rows:
            told = {
                "provider": provider,
                "count": number(sum(row["findings"] for row in rows)),
                "amount": rupiah(sum(row["amount_idr"] for row in rows)),
            }
            detail, fix = text("doctor.drift", **told), text("doctor.drift.fix", **told)
            yield problem(f"drift.{provider}", detail, fix)
        else:
            yield ok(f"drift.{provider}", text("doctor.compared", provider=provider))
