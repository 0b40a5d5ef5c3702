"""Judges a run by what the witness wrote down: the log and the read models are read by SQL of its own and folded by its own rules."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.witness.ending import left
from tests.witness.record import read_back
from tests.witness.webhooks import CUSTOMERS, Webhook, expected_courses, expected_tokens

ALLOWED = {200, 401, 429, 503}
"""What the door may say to well-formed requests; 0 is an answer that was never heard."""
NOT_NOW = 503
MUST_SAY_WHEN = {429, 503}
SHOWN = 5


@dataclass
class Verdict:
    """`broken`: by invariant, what was found against it. `figures`: what was counted."""

    broken: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)

    def against(self, invariant: str, found: Sequence[object]) -> None:
        if found:
            shown = [str(each) for each in found[:SHOWN]]
            self.broken.setdefault(invariant, []).extend(
                shown + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])
            )


@dataclass
class Heard:
    """The record, read back."""

    sent: Counter[str] = field(default_factory=Counter)
    led: set[str] = field(default_factory=set)
    """Genuine bodies that others than the load sent, to lead a process somewhere (lines with `by`)."""
    owed: set[str] = field(default_factory=set)
    """Those that were refused and kept, to be admitted later."""
    forged: int = 0
    """Answers of 401 to the load."""
    refused: Counter[str] = field(default_factory=Counter)
    """Of these answers, by what was refused."""
    accepted: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: list[str] = field(default_factory=list)
    spends: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    api_failed: Counter[int] = field(default_factory=Counter)
    """Answers of the API by which it says that it is broken, where it should have said: not now."""

    @classmethod
    def of(cls, path: Path) -> Heard:
        heard = cls()
        for line in read_back(path):
            match line["what"]:
                case "sent":
                    heard.sent[line["digest"]] += 1
                    heard.led |= {line["digest"]} if "by" in line else set()
                case "owed":
                    heard.owed.add(line["digest"])
                case "answered":
                    heard._answered(line)
                case "spending":
                    heard._asked_to_spend(line)
                case "spent":
                    heard.spends[line["reference"]] = (line["customer"], line["tokens"], line["status"])
                    heard.api_failed[line["status"]] += line["status"] >= 500 and line["status"] != NOT_NOW
        return heard

    def may_be_there(self, plan: Sequence[Webhook]) -> set[str]:
        """What was sent and is genuine, whether an answer was heard or not."""
        return (self.led | {webhook.digest for webhook in plan if webhook.genuine}) & set(self.sent)

    def unheard(self) -> set[str]:
        """What was sent, and neither answered 200 that anybody heard nor kept to be admitted later."""
        return set(self.sent) - set(self.accepted) - self.owed

    def _asked_to_spend(self, line: dict[str, Any]) -> None:
        """What was refused before may be granted when it is asked for again: until that is answered, nobody knows."""
        _, _, status = self.spends.get(line["reference"], ("", 0, 0))
        known = status if status in (200, 201) else 0
        self.spends[line["reference"]] = (line["customer"], line["tokens"], known)

    def _answered(self, line: dict[str, object]) -> None:
        status = int(str(line["status"]))
        self.statuses[status] += 1
        if status == 401 and "by" not in line:
            self.forged += 1
            self.refused[str(line["digest"])] += 1
        if status == 200:
            self.accepted[str(line["digest"])] += 1
        if status in MUST_SAY_WHEN and not line["retry_after"]:
            self.without_retry_after.append(f"{status} for {line['digest']}")


async def judge(
    path: Path,
    plan: Sequence[Webhook],
    database_url: str,
    *,
    also: Sequence[bytes] = (),
    perhaps: Sequence[bytes] = (),
) -> Verdict:
    """The verdict, once nothing moves any more. `also`: bodies that others posted and were told 200; `perhaps`: what a provider itself vouches for, and we
    may have asked it about."""
    heard, verdict = Heard.of(path), Verdict()
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "lunas"})
    try:
        stored = await _stored(connection)
        _deliveries(verdict, heard, plan, stored, _digests(also))
        strangers = set(stored) - heard.may_be_there(plan) - _digests([*also, *perhaps])
        verdict.against("I3 never sent, or forged", await _whence(connection, heard, strangers))
        seen = [webhook for webhook in plan if webhook.genuine and webhook.digest in stored]
        await _money(connection, verdict, heard, seen)
        await _courses(connection, verdict, seen)
        await _ended(connection, verdict)
        await _effects_of_forged(connection, verdict, heard, plan)
    finally:
        await connection.close()
    _answers(verdict, heard, plan)
    return verdict


def _digests(bodies: Sequence[bytes]) -> set[str]:
    return {hashlib.sha256(body).hexdigest() for body in bodies}


async def _stored(connection: asyncpg.Connection) -> dict[str, Counter[str]]:
    """By digest of the bytes that are really there: how many deliveries have which status."""
    found: dict[str, Counter[str]] = {}
    rows = await connection.fetch(
        "SELECT encode(sha256(body), 'hex') AS digest, status, count(*) AS number FROM deliveries GROUP BY 1, 2"
    )
    for row in rows:
        found.setdefault(row["digest"], Counter())[row["status"]] = row["number"]
    return found


async def _whence(connection: asyncpg.Connection, heard: Heard, digests: set[str]) -> list[str]:
    """Each with what the log and the record say of it: an accusation that cannot be looked into is worth nothing."""
    if not digests:
        return []
    rows = await connection.fetch(
        "SELECT encode(sha256(body), 'hex') AS digest, provider, scheme, event_name, status, received_at FROM deliveries"
        " WHERE encode(sha256(body), 'hex') = ANY($1::text[]) ORDER BY 1",
        sorted(digests),
    )
    return [
        f"{row['digest']}: {row['provider']} {row['scheme']} {row['event_name']}, {row['status']}, received {row['received_at']:%H:%M:%S.%f}, "
        f"sent {heard.sent[row['digest']]} times"
        for row in rows
    ]


def _deliveries(
    verdict: Verdict,
    heard: Heard,
    plan: Sequence[Webhook],
    stored: dict[str, Counter[str]],
    probes: set[str],
) -> None:
    genuine = {webhook.digest for webhook in plan if webhook.genuine}
    verdict.against("I1 accepted and lost", sorted((set(heard.accepted) | heard.owed | probes) - set(stored)))
    verdict.against(
        "I2 counted twice", sorted(digest for digest, ways in stored.items() if ways["processed"] > 1)
    )
    verdict.against(
        "I2 counted never",
        sorted(digest for digest in genuine & set(stored) if stored[digest]["processed"] == 0),
    )
    verdict.figures |= {
        "webhooks accepted": sum(heard.accepted.values()),
        "of them different": len(heard.accepted),
        "deliveries stored": sum(sum(ways.values()) for ways in stored.values()),
        "stored, and nobody heard the answer": len(heard.unheard() & set(stored)),
        "of them sent to lead somewhere": len(heard.unheard() & heard.led & set(stored)),
        "forged and refused": heard.forged,
    }


async def _money(
    connection: asyncpg.Connection, verdict: Verdict, heard: Heard, seen: Sequence[Webhook]
) -> None:
    balances = {
        row["customer_id"]: row["credit_tokens"]
        for row in await connection.fetch("SELECT customer_id, credit_tokens FROM balances")
    }
    expected = expected_tokens(seen)
    unknown: Counter[str] = Counter()
    for customer, tokens, status in heard.spends.values():
        if status in (200, 201):
            expected[customer] -= tokens
        elif not 400 <= status < 500:
            unknown[customer] += tokens
    wrong = [
        f"{customer}: {balances.get(customer, 0)} in place of {expected[customer]}"
        + (f" (down to {expected[customer] - unknown[customer]})" if unknown[customer] else "")
        for customer in CUSTOMERS
        if not expected[customer] - unknown[customer] <= balances.get(customer, 0) <= expected[customer]
    ]
    verdict.against("I4 balances", wrong)
    total = await connection.fetchval("SELECT coalesce(sum(balance), 0) FROM ledger")
    verdict.against("I4 ledger", [f"sums to {total}"] if total else [])
    verdict.figures |= {
        "tokens in balances": sum(balances.values()),
        "spends that counted": sum(status in (200, 201) for _, _, status in heard.spends.values()),
        "spends refused": sum(400 <= status < 500 for _, _, status in heard.spends.values()),
    }


async def _courses(connection: asyncpg.Connection, verdict: Verdict, seen: Sequence[Webhook]) -> None:
    rows = await connection.fetch("SELECT customer_id, course FROM enrollments WHERE status = 'active'")
    found = Counter((row["customer_id"], row["course"]) for row in rows)
    expected = expected_courses(seen)
    verdict.against("I2 courses opened twice", sorted(pair for pair, times in found.items() if times > 1))
    verdict.against("I4 courses that are not open", sorted(expected - set(found)))
    verdict.against("I3 courses nobody bought", sorted(set(found) - expected))
    verdict.figures["courses opened"] = len(found)


async def _ended(connection: asyncpg.Connection, verdict: Verdict) -> None:
    letters = await connection.fetch(
        "SELECT stage, reason, count(*) AS number FROM dead_letters WHERE status IN ('open', 'replaying') GROUP BY 1, 2"
    )
    verdict.against(
        "I9 left for a person", [f"{row['stage']} {row['reason']}: {row['number']}" for row in letters]
    )
    verdict.against("I9 not at its end", await left(connection))


async def _effects_of_forged(
    connection: asyncpg.Connection, verdict: Verdict, heard: Heard, plan: Sequence[Webhook]
) -> None:
    """A forged request may leave a row in the quarantine, which is capped, and nothing else: no stream of its payment, no letter, nothing known by its names."""
    forged = {str(webhook.number): webhook.digest for webhook in plan if not webhook.genuine}
    sent = {number: digest for number, digest in forged.items() if digest in heard.sent}
    if not sent:
        return
    streams = await connection.fetch(
        "SELECT stream FROM streams WHERE substring(stream from '-p[yr]-([0-9]+)$') = ANY($1::text[]) ORDER BY 1",
        list(sent),
    )
    letters = await connection.fetch(
        "SELECT stage, reason, encode(body_sha256, 'hex') AS digest FROM dead_letters WHERE encode(body_sha256, 'hex') = ANY($1::text[])",
        list(sent.values()),
    )
    verdict.against(
        "I3 came of a forged one",
        [f"stream {row['stream']}" for row in streams]
        + [f"letter {row['stage']} {row['reason']}: {row['digest']}" for row in letters],
    )
    kept = await connection.fetchval(
        "SELECT count(DISTINCT body_sha256) FROM quarantine WHERE encode(body_sha256, 'hex') = ANY($1::text[])",
        list(sent.values()),
    )
    looked = await connection.fetchval(
        "SELECT count(*) FROM streams WHERE substring(stream from '-p[yr]-([0-9]+)$') IS NOT NULL"
    )
    verdict.figures |= {
        "different forged ones sent": len(sent),
        "of them in the quarantine": kept,
        "streams of payments in which none of them was found": looked - len(streams),
    }


def _answers(verdict: Verdict, heard: Heard, plan: Sequence[Webhook]) -> None:
    """A genuine request is signed as the door was told, and no load changes its secrets: a 401 says that it is forged, for a fault of ours."""
    genuine = [webhook.digest for webhook in plan if webhook.genuine and webhook.digest in heard.refused]
    verdict.against(
        "I11 genuine and refused",
        [f"{digest}: 401, {heard.refused[digest]} times" for digest in sorted(genuine)],
    )
    wrong = {status: number for status, number in heard.statuses.items() if status not in ALLOWED | {0}}
    verdict.against("I11 answers", [f"{status}: {number} times" for status, number in wrong.items()])
    verdict.against("I11 no Retry-After", heard.without_retry_after)
    failed = +heard.api_failed
    verdict.against(
        "I11 answers of the API", [f"{status}: {number} times" for status, number in failed.items()]
    )
    verdict.figures |= {
        f"answered {status or 'nothing'}": heard.statuses[status] for status in sorted(heard.statuses)
    }
