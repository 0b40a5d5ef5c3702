"""Rejected requests verified again: which of those that were kept are genuine under secrets that are right now, and giving those to the queue.

Each becomes the delivery it would have been, under the id it has in the quarantine: whoever admits it again, or dies in between and begins anew, brings
intake a delivery that it knows.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.acts import Act, record
from console.exits import CommandError
from console.messages import text
from console.options import actor
from console.output import number, rupiah
from console.replay import Replayer, microseconds
from console.times import moment
from eventstore.queries import load
from providers.kept_credential import verified_again
from providers.known_secrets import KnownSecrets
from providers.provider import Provider
from providers.verification import Verified
from runtime.faults import fault_point
from schemas import strict_json
from schemas.envelope import KEPT_HEADERS, Envelope
from schemas.errors import Transient, UnparsableError

if TYPE_CHECKING:
    from runtime.database import Connection

PAGE, ADMITTED_TOGETHER, PAGE_BYTES = 1000, 50, 8 * 1024 * 1024
"""Requests looked at, and given to the queue, at once; a body may have a MiB, so a page ends before it has more bytes than this."""
EARLIEST = uuid.UUID(int=0)


@dataclass(slots=True)
class Reverified:
    """What was found among the requests kept of one provider. `cut`: genuine, and not kept whole, so only the provider can send them again."""

    seen: int = 0
    genuine: int = 0
    amount: int = 0
    before: int = 0
    cut: int = 0
    forged: int = 0
    first: datetime | None = None
    last: datetime | None = None
    secrets: dict[str, int] = field(default_factory=dict)

    def add(self, row: Any, verdict: Verified | None, amount: int | None) -> bool:
        """Counts one; whether it is to be admitted."""
        self.seen += 1
        if verdict is None:
            self.forged += 1
        elif row["admitted_at"] is not None:
            self.before += 1
        elif not is_whole(row):
            self.cut += 1
        else:
            self.genuine += 1
            self.amount += amount or 0
            self.first = self.first or row["received_at"]
            self.last = row["received_at"]
            self.secrets[verdict.secret_id] = self.secrets.get(verdict.secret_id, 0) + 1
            return True
        return False

    def document(self) -> dict[str, Any]:
        """For `--json` and the audit record."""
        return {
            "kept": self.seen,
            "genuine": self.genuine,
            "amount_idr": self.amount,
            "admitted_before": self.before,
            "cut": self.cut,
            "not_genuine": self.forged,
            "first": self.first,
            "last": self.last,
            "secret_ids": self.secrets,
        }

    def words(self) -> str:
        """What was found, as a sentence."""
        said = text(
            "reverify.looked",
            kept=number(self.seen),
            genuine=number(self.genuine),
            amount=rupiah(self.amount),
            forged=number(self.forged),
        )
        if self.first and self.last:
            said += text("reverify.span", first=moment(self.first), last=moment(self.last))
        if self.before:
            said += text("reverify.before", count=number(self.before))
        if self.cut:
            said += text("reverify.cut", count=number(self.cut))
        return said


Genuine = tuple[Any, Verified]


async def look_again(
    connection: Connection, provider: Provider, secrets: KnownSecrets, since: datetime | None
) -> Reverified:
    """What would be admitted under these secrets; nothing is changed."""
    looked = Reverified()
    async for _ in pages(connection, provider, secrets, since, looked):
        pass
    return looked


async def record_admission(
    connection: Connection, provider: Provider, looked: Reverified, reason: str
) -> uuid.UUID:
    """The audit record, before the first is given to the queue: it names what `looked` found."""
    undo = text("reverify.undo")
    return await record(
        connection, Act("quarantine.reverify", provider.name, reason, undo, after=looked.document())
    )


async def admit_genuine(
    connection: Connection,
    replayer: Replayer,
    provider: Provider,
    secrets: KnownSecrets,
    since: datetime | None,
    act_id: uuid.UUID,
) -> Reverified:
    """Gives every genuine one to the queue. Raises CommandError when the broker takes no more; begun again, it goes on there."""
    done = Reverified()
    try:
        async for found in pages(connection, provider, secrets, since, done, ADMITTED_TOGETHER):
            await admit(connection, replayer, found, act_id)
    except Transient as error:
        told = {"count": number(done.genuine), "detail": str(error)}
        raise CommandError(text("reverify.cut_off", **told)) from error
    return done


async def pages(
    connection: Connection,
    provider: Provider,
    secrets: KnownSecrets,
    since: datetime | None,
    looked: Reverified,
    size: int = PAGE,
) -> AsyncIterator[list[Genuine]]:
    """What is to be admitted, in the order it came, a page at a time; `looked` counts everything."""
    after = EARLIEST
    while rows := await connection.fetch(
        load("quarantine.sql", "console")["again"], provider.name, after, since, size, PAGE_BYTES
    ):
        after = rows[-1]["quarantine_id"]
        found: list[Genuine] = []
        for row in rows:
            body = bytes(row["body"])
            verdict = verify_row(provider, row, secrets)
            if looked.add(row, verdict, provider.stated_amount(body) if verdict else None) and verdict:
                found.append((row, verdict))
        yield found


async def admit(
    connection: Connection, replayer: Replayer, found: Sequence[Genuine], act_id: uuid.UUID
) -> None:
    """Give these to the queue, and mark them when it has them. Raises NotConfirmed or Unroutable."""
    if not found:
        return
    await replayer.publish_all([envelope_of_rejected(row, verdict, actor()) for row, verdict in found])
    fault_point("reverify.published")
    identifiers = [row["quarantine_id"] for row, _ in found]
    await connection.execute(load("quarantine.sql", "console")["admitted"], identifiers, act_id)
    fault_point("reverify.marked")


def is_whole(row: Any) -> bool:
    """Whether all of its body was read before it was refused: as long as it was said to be, or readable where nobody said."""
    body, stated = bytes(row["body"]), json.loads(row["headers"]).get("content-length", "")
    if stated:
        return bool(stated == str(len(body)))
    try:
        strict_json.loads(body, mend=True)
    except UnparsableError:
        return False
    return True


def verify_row(provider: Provider, row: Any, secrets: KnownSecrets) -> Verified | None:
    """What a kept request is under these secrets, as they were when it came; None when it would be refused.

    Headers are read only where a signature stands in them.
    """
    accepted = secrets.at(row["received_at"])
    if provider.token_header is not None:
        return verified_again(provider, {}, b"", row["credential"], accepted)
    headers, body = json.loads(row["headers"]), bytes(row["body"])
    return verified_again(provider, headers, body, row["credential"], accepted)


def envelope_of_rejected(row: Any, verdict: Verified, by: str) -> Envelope:
    """The delivery it would have been, under the id that it has in the quarantine."""
    headers = json.loads(row["headers"])
    return Envelope(
        delivery_id=str(row["quarantine_id"]),
        provider=row["provider"],
        received_at=microseconds(row["received_at"].astimezone(UTC)),
        scheme=verdict.scheme,
        secret_id=verdict.secret_id,
        path=row["path"],
        body=bytes(row["body"]),
        headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        actor=by,
    )
