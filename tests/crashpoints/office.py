"""Commands of operators, and what migrates the schema: each dies at every step of its own, is given again, and what must have come of it is told here."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from providers.fakes.app import ServedFakes
from tests.crashpoints.apart import STATEMENTS, migrate_apart
from tests.crashpoints.purchases import LOST_NAME
from tests.crashpoints.rounds import LONGEST_SECONDS, PATIENCE_SECONDS, Leading
from tests.crashpoints.sealing import PERSONS, Sealed, fresh_database
from tests.crashpoints.small_log import archive_part
from tests.system.forks import ForkedPipeline
from tests.torture.comparing import PATIENT
from tests.waiting import until

READ_MODEL = "enrollments"
LATER_SECRET = "the-token-of-tomorrow"
AMOUNT = 20_000
REPLAYED = 3
"""Deliveries of one plan."""
LOST = 2
"""Payments that no webhook told of, for each run of a reconciliation."""
FINE, PROBLEMS, NO_END = 0, 1, 124
REASON = ("--reason", "crashes")

SOME = (
    "SELECT delivery_id::text FROM deliveries WHERE status = 'processed' AND replay_of IS NULL"
    " AND scheme <> 'reconciled' ORDER BY random() LIMIT $1"
)
TABLES = "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'lunas' AND relkind = 'r' AND relname ~ $1"
COLUMNS = (
    "SELECT table_name || '.' || column_name || ' ' || data_type AS name FROM information_schema.columns"
    r" WHERE table_schema = 'lunas' AND table_name !~ '_v\d+$'"
)
UNKNOWN_THERE = "SELECT dead_letter_id, stream FROM dead_letters WHERE status = 'open' AND stage = 'fulfil' AND reason = 'payment_disputed'"
DISCARDED = "UPDATE dead_letters SET status = 'discarded' WHERE dead_letter_id = ANY($1::uuid[])"
LAST_MONTH = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' - interval '1 month', 'YYYY-MM')"
CONTESTED = "lunas.payment_contested"
RECONCILED = "SELECT body FROM deliveries WHERE scheme = 'reconciled'"

Act = Callable[["Office", str], Awaitable[bool]]


@dataclass(frozen=True)
class Order:
    """One step of a command: `act` leads a command there with these faults and puts everything right again; whether it died."""

    point: str
    act: Act
    passes: int = 1
    """At most so many times it is passed before it kills."""
    in_peace: bool = False
    """A preview needs processes that keep up: it comes once those that webhooks pass have died their deaths."""

    @property
    def title(self) -> str:
        return f"lunas {self.point}"

    @property
    def lane(self) -> str:
        """Those of one lane are given one after the other. A read model has one rebuild at a time; each replay has a plan of its own."""
        return self.act.__name__ if self.in_peace else self.point.partition(".")[0]


@dataclass
class Office:
    """Somebody at the command line. `asked_for`: payments at the fake that no webhook told of, by their names there."""

    leading: Leading
    fakes: ServedFakes
    key: str
    number: int = 0
    asked_for: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    vouched: list[bytes] = field(default_factory=list)
    """What reconciliation told, and rightly."""
    broken_off: set[str] = field(default_factory=set)
    """Replays that were died in, and have not gone on yet."""
    told_before: int = 0
    """How many deliveries of it were stored when the last run had ended."""
    database: str = ""
    """A database of its own that is being migrated."""
    sealed: Sealed | None = None
    """One whose personal data is sealed."""
    apart: str = ""
    """One in which only those migrations are missing that are run statement by statement."""
    small: str = ""
    """One with a small log, sealed."""

    async def does(self, *words: str, faults: str = "", **more: str) -> tuple[int, Any]:
        """Exit code, and the document that was printed."""
        self.number += 1
        pipeline = self.leading.stage.pipeline
        assert isinstance(pipeline, ForkedPipeline)
        out = pipeline.home / f"command-{self.number}.json"
        own = {"LUNAS_FAULTS": faults, "LUNAS_OPERATOR": "crashes", "LUNAS_REPLAY_LEASE_SECONDS": "1"}
        started = pipeline.order([*words, "--json"], out, **(PATIENT | own | more))
        try:
            code = await asyncio.to_thread(started.wait, LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            return NO_END, None
        said = out.read_text("utf-8").strip()
        try:
            return code, json.loads(said) if said else None
        except ValueError:
            return code, said

    async def dies(self, *words: str, faults: str, **more: str) -> bool:
        """Whether it was killed. What it did in place of dying is told: it is tried again."""
        code, said = await self.does(*words, faults=faults, **more)
        if code != -signal.SIGKILL:
            print(f"lunas {' '.join(words)} ended with {code}: {said}"[:300], file=sys.stderr, flush=True)
        return code == -signal.SIGKILL

    async def goes_on(self, *words: str, **more: str) -> Any:
        """The command again; what it printed. What it could not do is told at the end."""
        code, said = await self.does(*words, **more)
        if code not in (FINE, PROBLEMS):
            self.wrong.append(f"lunas {' '.join(words)} ended with {code}: {said}")
        return said

    async def rebuild(self, faults: str) -> bool:
        """What a killed one leaves is dropped by the next."""
        return await self.dies("projections", "rebuild", READ_MODEL, *REASON, "--yes", faults=faults)

    async def switch(self, faults: str) -> bool:
        words = ("projections", "switch", READ_MODEL, *REASON, "--yes")
        code, _ = await self.does(*words, faults=faults)
        if code == -signal.SIGKILL:  # there was one that is not shown yet
            return True
        await self.goes_on("projections", "rebuild", READ_MODEL, *REASON, "--yes")
        return await self.dies(*words, faults=faults)

    async def plan(self, faults: str) -> bool:
        return await self.dies(*await self._planning(), faults=faults)

    async def apply(self, faults: str) -> bool:
        """Whoever comes once the first one's lease is over goes on, and everything that was chosen has its outcome."""
        plan = await self._planned()
        died = await self.dies("replay", "apply", plan, *REASON, "--yes", faults=faults)
        if not died:
            return False

        self.broken_off.add(plan)
        with suppress(TimeoutError):  # others die meanwhile: what does not go on now goes on at the end
            await self._resumed(plan)
        return True

    async def _resumed(self, plan: str) -> None:
        async def resumed() -> bool:
            code, said = await self.does("replay", "resume", plan)
            return code == FINE and bool(said)

        await until(resumed, PATIENCE_SECONDS)
        self.broken_off.discard(plan)

    async def cancel(self, faults: str) -> bool:
        plan = await self._planned()
        words = ("replay", "cancel", plan, *REASON)
        died = await self.dies(*words, faults=faults)
        await self.does(*words)  # refused when it was cancelled in spite of that
        async with self.leading.database() as database:
            acts = await database.fetchval(
                "SELECT count(*) FROM operator_acts WHERE verb = 'replay.cancel' AND target = $1", plan
            )
            status = await database.fetchval("SELECT status FROM replay_plans WHERE plan_id::text = $1", plan)
        if (status, acts) != ("cancelled", 1):
            self.wrong.append(f"replay {plan} is {status}, recorded {acts} times")
        return died

    async def reverify(self, faults: str) -> bool:
        """A request that was turned away for the wrong secret."""
        secret = self.leading.stage.home / "secret"
        secret.write_text(LATER_SECRET, "utf-8")
        await self.leading.turned_away(LATER_SECRET)
        words = ("quarantine", "reverify", "xendit", "--secret-file", str(secret), *REASON, "--yes")
        died = await self.dies(*words, faults=faults)
        await self.goes_on(*words)
        return died

    async def reconcile(self, faults: str) -> bool:
        """Payments that no webhook told of: a run that goes on finds them all, and each counts once."""
        for _ in range(LOST):
            await self._lost_payment()
        words = ("reconcile", "run", "xendit", "--since", "1h")
        died = await self.dies(*words, faults=faults)
        await self.goes_on(*words)
        return died

    async def migrate(self, faults: str) -> bool:
        """A database of its own, which goes on where the last death left it, and is made anew once it is whole."""
        if not self.database:
            self.database = await fresh_database(self.leading.stage.database_url, "crashes_migrate")
        died = await self.dies("migrate", faults=faults, LUNAS_DATABASE_URL=self.database)
        if not died:
            await self._whole()
        return died

    async def _whole(self) -> None:
        """The database that was migrated in pieces has what one has that was migrated at once."""
        code, said = await self.does("migrate", LUNAS_DATABASE_URL=self.database)
        again, nothing = await self.does("migrate", LUNAS_DATABASE_URL=self.database)
        if (code, again, nothing) != (FINE, FINE, {"applied": []}):
            self.wrong.append(f"migrate ended with {code} and {again}: {said}, {nothing}")
        pieces, at_once = [await _columns(url) for url in (self.database, self.leading.stage.database_url)]
        self.wrong += [f"{name} is not there after deaths of migrate" for name in sorted(at_once - pieces)]
        self.wrong += [f"{name} is there after deaths of migrate" for name in sorted(pieces - at_once)]
        self.database = ""

    async def rebuild_cases(self, faults: str) -> bool:
        """What was decided, built from the log and put in the place of what there is: that it is as the log says is held against it at the end."""
        return await self.dies("fulfilment", "rebuild", *REASON, "--yes", faults=faults, **PATIENT)

    async def rekey(self, faults: str) -> bool:
        """The key of personal data is exchanged for the next one, in a database of its own; whoever comes after a death goes on, and ends it."""
        if self.sealed is None:
            sealed = Sealed(await fresh_database(self.leading.stage.database_url, "crashes_rekey"))
            await self.goes_on("migrate", LUNAS_DATABASE_URL=sealed.url)
            await sealed.begin()
            self.sealed = sealed
        words = ("customers", "rekey", *REASON, "--yes")
        died = await self.dies(*words, faults=faults, **self.sealed.variables)
        if died:
            await self.goes_on(*words, **self.sealed.variables)
        self.wrong += await self.sealed.over()
        return died

    async def archive(self, faults: str) -> bool:
        """Last month's webhooks: there are none, and what is written, named and swept away is the same. The file that is named is whole, and no other one
        is left."""
        folder = self.leading.stage.home / "archives"
        folder.mkdir(exist_ok=True)
        async with self.leading.database() as database:
            month = await database.fetchval(LAST_MONTH)
        words, where = ("webhooks", "archive", month, *REASON), {"LUNAS_BODY_ARCHIVE_DIR": str(folder)}
        died = await self.dies(*words, faults=faults, **where)
        await self.goes_on(*words, **where)
        code, said = await self.does("webhooks", "archives", "--verify", **where)
        left = [file.name for file in folder.glob("*bodies-*")]
        if code != FINE or sorted(left) != sorted(row["file"] for row in said["items"]):
            self.wrong.append(f"archives are {left}, verified with {code}: {said}")
        return died

    async def settled(self) -> list[str]:
        """What is wrong at the end, in words."""
        if self.database:
            await self._whole()
        for plan in sorted(self.broken_off):
            with suppress(TimeoutError):
                await self._resumed(plan)
        self.wrong += [f"replay {plan} does not go on" for plan in sorted(self.broken_off)]
        await self.goes_on("reconcile", "run", "xendit", "--since", "1h")
        await self.goes_on("projections", "rebuild", READ_MODEL, *REASON, "--yes")
        await self.goes_on("projections", "switch", READ_MODEL, *REASON, "--yes")
        async with self.leading.database() as database:
            versions = await database.fetch(
                "SELECT version FROM projection_versions WHERE name = $1", READ_MODEL
            )
            tables = await database.fetch(TABLES, rf"^{READ_MODEL}_v\d+$")
            known = {f"{READ_MODEL}_v{row['version']}" for row in versions}
            orphans = sorted({row["relname"] for row in tables} - known)
            self.wrong += [f"{name} belongs to no generation" for name in orphans]
            running = await database.fetchval("SELECT count(*) FROM replay_plans WHERE status = 'running'")
            self.wrong += [f"{running} replays never ended"] if running else []
            bodies = [bytes(row["body"]) for row in await database.fetch(RECONCILED)]
        self.told_before = len(bodies)
        return self.wrong

    async def told(self) -> list[str]:
        """What reconciliation told, once all of it is stored; what it never told, in words. The witness's own payments are at no provider: that each of
        them is told to a person is right, and no letter is left of them."""
        known = self._known()
        async with self.leading.database() as database:
            bodies = [bytes(row["body"]) for row in await database.fetch(RECONCILED)]
            letters = await database.fetch(UNKNOWN_THERE)
            away = [
                row["dead_letter_id"]
                for row in letters
                if not row["stream"] or row["stream"].rpartition(":")[2] not in known
            ]
            await database.execute(DISCARDED, away)
        self.vouched = [body for body in bodies if is_right(json.loads(body), known)]
        found = {name for body in bodies for name in names_in(json.loads(body))}
        return [f"{name} was never told" for name in sorted(set(self.asked_for) - found)]

    async def _planned(self) -> str:
        """A plan of a few deliveries; asked for again while what is previewed is behind."""
        plans: list[str] = []

        async def planned() -> bool:
            code, said = await self.does(*await self._planning())
            plans.extend([said["plan_id"]] if code == FINE else [])
            return bool(plans)

        await until(planned, PATIENCE_SECONDS)
        return plans[0]

    async def _planning(self) -> tuple[str, ...]:
        async def some() -> bool:
            return len(await self._deliveries()) == REPLAYED

        await until(some, PATIENCE_SECONDS)
        return ("replay", "plan", "--where", f"source=deliveries and id={','.join(await self._deliveries())}")

    async def _deliveries(self) -> list[str]:
        async with self.leading.database() as database:
            return [row["delivery_id"] for row in await database.fetch(SOME, REPLAYED)]

    async def _lost_payment(self) -> None:
        self.number += 1
        wish = {
            "reference_id": f"{LOST_NAME}{self.number}", "type": "PAY", "country": "ID", "currency": "IDR", "request_amount": AMOUNT,
            "channel_code": "QRIS", "channel_properties": {},
            "metadata": {"payment_type": "credit_topup", "customer_id": f"lost-{self.number}"},
        }  # fmt: skip
        basic = b64encode(f"{self.key}:".encode()).decode()
        async with self.leading.session.post(
            f"{self.fakes.bases['xendit']}/v3/payment_requests",
            json=wish,
            headers={"api-version": "2024-11-11", "Authorization": f"Basic {basic}"},
        ) as answer:
            made = await answer.json()
            assert answer.status == 201, made
        self.fakes.world.act("xendit", made["payment_request_id"], "pay", None)
        self.asked_for.append(made["payment_request_id"])

    def _known(self) -> set[str]:
        """Every name under which the fake has something."""
        kept: Any = self.fakes.world.providers["xendit"].memory()
        return {*kept.requests, *kept.payments, *kept.refunds, *kept.plans, *kept.cycles, *kept.names}


def orders() -> list[Order]:
    """All of the operators' commands and of the schema."""
    return [
        *(Order(f"migrate.{one}", Office.migrate, 5) for one in ("applied", "recorded")),
        Order("migrate.statement", migrate_apart, STATEMENTS),
        *(Order(f"cases.{one}", Office.rebuild_cases) for one in ("exchanging", "exchanged")),
        *(Order(f"rekey.{one}", Office.rekey, PERSONS) for one in ("before_commit", "after_commit")),
        *(Order(f"log_archive.{one}", archive_part) for one in ("written", "before_commit", "after_commit")),
        *(Order(f"archive.{one}", Office.archive) for one in ("written", "before_commit", "after_commit")),
        *(Order(f"rebuild.{one}", Office.rebuild) for one in ("created", "copied", "kept", "dropping")),
        *(Order(f"rebuild.{one}", Office.switch) for one in ("swapping", "swapped")),
        *(Order(f"reverify.{one}", Office.reverify) for one in ("published", "marked")),
        *(
            Order(f"reconcile.{one}", Office.reconcile)
            for one in ("paged", "asked", "mid_feed", "after_feed", "before_commit")
        ),
        Order("replay.planned", Office.plan, in_peace=True),
        Order("replay.started", Office.apply, in_peace=True),
        *(
            Order(f"replay.{one}", Office.apply, REPLAYED, in_peace=True)
            for one in ("before_publish", "after_publish")
        ),
        *(Order(f"replay.{one}", Office.cancel, in_peace=True) for one in ("stopping", "stopped")),
    ]


def is_right(document: Any, known: set[str]) -> bool:
    """Whether reconciliation may say this, by what its provider has: of what it knows, what it says; of what it does not know, only that."""
    return bool(known & names_in(document)) != (document.get("event") == CONTESTED)


def names_in(document: Any) -> set[str]:
    """Every text in it, however deep."""
    if isinstance(document, dict):
        return {name for value in document.values() for name in names_in(value)}
    if isinstance(document, list):
        return {name for value in document for name in names_in(value)}
    return {document} if isinstance(document, str) else set()


async def _columns(url: str) -> set[str]:
    """Every column there is beside those of the read models' generations."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(COLUMNS)
    finally:
        await connection.close()
    return {row["name"] for row in rows}
