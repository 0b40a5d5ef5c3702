"""What leads a process to each of its named steps. Steps that every webhook passes need only the load; the others are led to."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import asyncpg

from schemas.topology import DEAD
from tests.system.pipeline import top_up
from tests.torture.stage import Stage
from tests.waiting import until, while_it_moves
from tests.witness.load import UNKNOWN
from tests.witness.record import Record
from tests.witness.webhooks import XENDIT_TOKEN

PATIENCE_SECONDS = 120.0
KEPT_SECONDS = 5.0
STILL_SECONDS = 180.0
"""What moves is waited for. So long after its last movement nobody believes any more that it will."""
LONGEST_SECONDS = 900.0
PLACES = "SELECT (SELECT max(position) FROM events), (SELECT count(*) FROM waiting_deliveries), (SELECT count(*) FROM parked_streams)"
IN_LINE = 4
RUBBISH = b"nobody can read this"

Lead = Callable[["Leading"], Awaitable[None]]


@dataclass
class Leading:
    """Somebody who leads processes to rare steps, and writes what they post into the witness's record: whoever leads to a death is often cut off by it
    before they hear an answer. `lines`: by stream what waited, in order."""

    stage: Stage
    session: aiohttp.ClientSession
    record: Record
    number: int = 1_000_000
    lines: dict[str, list[bytes]] = field(default_factory=dict)

    async def post(self, body: bytes) -> None:
        """As a provider: again until it is answered 200."""

        async def taken() -> bool:
            return await self._posted(body, XENDIT_TOKEN) == 200

        await until(taken, PATIENCE_SECONDS)

    async def turned_away(self, token: str) -> None:
        """A genuine request with a token that is not ours yet: 401, and kept. Whoever takes it in later makes it one that counts."""
        self.number += 1
        body = _payment(self.number, 10_000)
        async with self.database() as database:

            async def kept() -> bool:
                await self._posted(body, token)
                with suppress(
                    TimeoutError
                ):  # a process may have died with it: what is refused is kept as well as it goes
                    await until(there, KEPT_SECONDS)
                    return True
                return False

            async def there() -> bool:
                return bool(
                    await database.fetchval("SELECT EXISTS (SELECT FROM quarantine WHERE body = $1)", body)
                )

            await until(kept, PATIENCE_SECONDS)
        await self.record.keep(what="owed", **_named(body))

    async def _posted(self, body: bytes, token: str) -> int:
        """Once; the status, or UNKNOWN where none was heard."""
        await self.record.keep(what="sent", genuine=True, **_named(body))
        status, patience, said = UNKNOWN, None, ""
        try:
            async with self.session.post(
                f"{self.stage.pipeline.ingress}/webhooks/xendit",
                data=body,
                headers={"x-callback-token": token},
                timeout=aiohttp.ClientTimeout(5),
            ) as answer:
                status, patience = answer.status, answer.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            said = type(error).__name__
        await self.record.keep(
            what="answered", status=status, retry_after=patience, error=said, **_named(body)
        )
        return status

    async def half_requests(self) -> None:
        """Bodies of which only a half comes."""
        address = urlsplit(self.stage.pipeline.ingress)
        body = _payment(0, 10_000)
        head = f"POST /webhooks/xendit HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nx-callback-token: {XENDIT_TOKEN}\r\n\r\n"

        async def dead() -> bool:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                writer.write(head.encode() + body[: len(body) // 2])
                await reader.read()  # until whoever waits for the rest dies, or waits no more
                writer.close()
            return self.stage.pipeline.running["ingress"].poll() is not None

        await until(dead, PATIENCE_SECONDS)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        connection = await asyncpg.connect(self.stage.database_url, server_settings={"search_path": "lunas"})
        try:
            yield connection
        finally:
            await connection.close()

    async def released_line(self) -> None:
        """A payment that nobody can read, what came after it, and somebody who deals with it."""
        self.number += 1
        poison = _payment(self.number, "fifty")
        line = [_payment(self.number, 50_000), *(_refund(self.number, each) for each in range(1, IN_LINE))]
        stream = f"xendit:pr-{self.number}"
        waiting = self.lines.setdefault(stream, [])
        await self.post(poison)
        async with self.database() as database:

            async def parked() -> bool:
                return bool(
                    await database.fetchval(
                        "SELECT EXISTS (SELECT FROM parked_streams WHERE stream = $1)", stream
                    )
                )

            await until(parked, PATIENCE_SECONDS)
            for body in line:
                await self.post(body)
                waiting.append(body)

            async def all_wait() -> bool:
                return bool(
                    await database.fetchval(
                        "SELECT count(*) = $2 FROM waiting_deliveries WHERE stream = $1", stream, IN_LINE
                    )
                )

            await until(all_wait, PATIENCE_SECONDS)
            await database.execute(
                "UPDATE dead_letters SET status = 'discarded' WHERE status = 'open' AND stream = $1", stream
            )

    async def caught_up(self) -> None:
        """What came before now has been taken in, and lines that were let go are empty. A delivery that many workers died of in a row is parked unread,
        and rightly so: deaths that nobody recovers from in between would be held against whatever was in their hands. Raises TimeoutError once nothing
        moves any more."""
        self.number += 1
        mark = _payment(self.number, 10_000)
        await self.post(mark)
        async with self.database() as database:

            async def stored() -> bool:
                return bool(
                    await database.fetchval("SELECT EXISTS (SELECT FROM deliveries WHERE body = $1)", mark)
                    and not await database.fetchval(
                        "SELECT EXISTS (SELECT FROM parked_streams WHERE released)"
                    )
                )

            if not await while_it_moves(stored, lambda: _places(database), STILL_SECONDS, LONGEST_SECONDS):
                raise TimeoutError("what came before is not taken in")

    async def left_over(self) -> list[str]:
        """What is not taken in at the end, in words."""
        try:
            await self.caught_up()
        except TimeoutError:
            async with self.database() as database:
                return [f"positions, waiting, parked: {await _places(database)}"]
        return []

    async def round_a_retry(self) -> None:
        """Something to send round while nobody may remember a key: what is alone then goes through a retry tier."""
        self.number += 1
        async with self.database() as database, database.transaction():
            await database.execute("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
            await self.post(_payment(self.number, 10_000))
            await self._dead("processor")

    async def parked_by_the_broker(self) -> None:
        broker = await aio_pika.connect(self.stage.urls.broker_url)
        async with broker:
            exchange = await (await broker.channel()).get_exchange(DEAD, ensure=False)
            await exchange.publish(aio_pika.Message(RUBBISH + b" %d" % self.number), routing_key="")
        self.number += 1

    async def nothing(self) -> None:
        """The load is enough."""

    async def _dead(self, name: str) -> None:
        await until(lambda: self.stage.pipeline.running[name].poll() is not None, PATIENCE_SECONDS)


@dataclass(frozen=True)
class Step:
    """One named step: whose it is, what leads there, and what the process is told beside it."""

    process: str
    point: str
    lead: Lead = Leading.nothing
    more: dict[str, str] = field(default_factory=dict)
    passes: int = 4
    """At most so many times it is passed before it kills."""
    rival: bool = False
    """Another one leads before, and then stands still."""

    @property
    def title(self) -> str:
        """The same step of two processes is two."""
        return f"{self.process} {self.point}"


QUICK = {"LUNAS_PARKED_POLL_SECONDS": "0.1"}
AT_ITS_END = {"LUNAS_DATABASE_LOCK_TIMEOUT_MS": "200", "LUNAS_PROCESSOR_RETRY_ATTEMPTS": "0"}
"""What would be sent round a retry has no trip left, and is parked."""
ROUNDS = {"LUNAS_FULFILMENT_INLINE_MAX": "0"}
"""Nothing is decided on in the transaction that stores it: fulfilment reads it in a round of its own."""


def steps() -> list[Step]:
    """All of the processes that webhooks pass through."""
    return [
        *(
            Step("ingress", f"ingress.{one}")
            for one in (
                "accepted",
                "verified",
                "before_journal",
                "journal_written",
                "before_publish",
                "confirmed",
                "before_answer",
                "half_answered",
            )
        ),
        Step("ingress", "ingress.mid_body", Leading.half_requests, {}, 1),
        Step("ingress", "publish.unconfirmed"),
        *(
            Step("processor", f"intake.{one}")
            for one in (
                "delivered",
                "prepare",
                "understood",
                "before_append",
                "before_commit",
                "after_commit",
                "before_ack",
                "acked",
            )
        ),
        *(
            Step("processor", f"drain.{one}", Leading.released_line, QUICK, 1)
            for one in ("prepare", "before_commit", "after_commit")
        ),
        *(
            Step("processor", one, Leading.round_a_retry, {"LUNAS_DATABASE_LOCK_TIMEOUT_MS": "200"}, 1)
            for one in ("intake.before_detour", "publish.unconfirmed", "intake.after_detour")
        ),
        *(
            Step("processor", f"intake.{one}", Leading.round_a_retry, AT_ITS_END, 1)
            for one in ("before_dead", "after_dead")
        ),
        *(Step("processor", f"fulfilment.{one}", more=ROUNDS) for one in ("before_commit", "after_commit")),
        *(
            Step("processor", f"parker.{one}", Leading.parked_by_the_broker, {}, 1)
            for one in ("before_commit", "before_ack")
        ),
        Step("processor", "leadership.won", passes=1),
        *(Step("projections", f"projections.{one}") for one in ("read", "folding", "folded", "committed")),
        Step("projections", "leadership.won", passes=1),
        Step("projections", "leadership.expired", passes=1, rival=True),
    ]


async def lines_kept(leading: Leading) -> list[str]:
    """Lines that were lost, doubled or taken in out of order, in words. Whoever led to a death may have been cut off: what is left is dealt with first."""
    async with leading.database() as database:
        await database.execute(
            # Whoever dies after parking one of the load had not acknowledged it: it comes again and is stored, and the witness asks for it. The letter is left.
            "UPDATE dead_letters SET status = 'discarded' WHERE status = 'open'"
            " AND (message LIKE $1 OR stream = ANY($2::text[]) OR reason = 'retries_exhausted')",
            RUBBISH + b"%",
            list(leading.lines),
        )

        async def nobody_waits() -> bool:
            return not await database.fetchval("SELECT EXISTS (SELECT FROM parked_streams)")

        await while_it_moves(nobody_waits, lambda: _places(database), STILL_SECONDS, LONGEST_SECONDS)
        wrong = []
        for stream, line in leading.lines.items():
            rows = await database.fetch(
                "SELECT body FROM deliveries WHERE replay_of IS NOT NULL AND status <> 'duplicate' AND body = ANY($1::bytea[]) ORDER BY position",
                line,  # one whose answer was cut off was posted again, and both waited: the second is a duplicate
            )
            if [bytes(row["body"]) for row in rows] != line:
                wrong.append(f"{stream}: {len(rows)} of {len(line)} taken in, or not in order")
    return wrong


async def _places(database: asyncpg.Connection[asyncpg.Record]) -> tuple[object, ...]:
    """How far intake is, and what waits in lines."""
    row = await database.fetchrow(PLACES)
    return tuple(row or ())


def _named(body: bytes) -> dict[str, Any]:
    """Of a body that the load does not send, in the record."""
    return {"by": "leading", "digest": hashlib.sha256(body).hexdigest(), "attempt": 1}


def _payment(number: int, amount: Any) -> bytes:
    document = json.loads(top_up(number, f"line-{number}", 1).body)
    document["data"]["request_amount"] = document["data"]["captures"][0]["capture_amount"] = amount
    return json.dumps(document).encode()


def _refund(number: int, each: int) -> bytes:
    at = "2026-07-02T03:04:05Z"
    data = {
        "id": f"rfd-{number}-{each}",
        "payment_id": f"py-{number}",
        "payment_request_id": f"pr-{number}",
        "amount": 100 + each,
        "currency": "IDR",
        "status": "SUCCEEDED",
        "created": at,
        "updated": at,
    }
    return json.dumps({"event": "refund.succeeded", "business_id": "test", "data": data}).encode()


def of_processes(chosen: Sequence[Step]) -> dict[str, list[Step]]:
    """Steps by process: those of different processes are died at side by side."""
    found: dict[str, list[Step]] = {}
    for step in chosen:
        found.setdefault(step.process, []).append(step)
    return found
