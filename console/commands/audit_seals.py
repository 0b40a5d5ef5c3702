"""`lunas audit seals|verify|prove`: that the log is what it was when it was sealed, and how others can tell without us."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from console.choices import Among
from console.exits import FINE, PROBLEMS, NotFound, Refused, WrongUse
from console.handed_out import hand_out
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous, limit
from console.output import number, paint, print_data, print_json, talk
from console.progress import Bar
from console.proving import NotSealedYet, prove
from console.store import open_store
from console.tables import count, plain, print_rows, when
from console.target import load_target
from console.timeline import find_payments
from eventstore.published_seals import published_hashes
from eventstore.sealing import LogCheck, SealFinding, recent_seals, unsealed, verify_log

if TYPE_CHECKING:
    from runtime.database import Connection

SHOWN_MAX = 100  # findings told one by one; of a log that was restored wrongly there are millions
FINDINGS_MAX = 10_000  # findings kept: beyond, the log is another one

SEALS = (
    plain("number", right=True), when("sealed_at"), count("after"), count("through"), count("events"), plain("hash")
)  # fmt: skip


@click.command(cls=Command)
@limit
@as_json
@asynchronous
async def seals(limit: int, as_json: bool) -> int:
    """List the newest seals: what they cover, when they were made, and the hash that was published."""
    async with open_store(load_target()) as connection:
        found = await recent_seals(connection, limit)
        events, seconds = await unsealed(connection)
    if as_json:
        print_json(
            {
                "items": [seal.as_document() for seal in found],
                "unsealed_events": events,
                "unsealed_seconds": seconds,
            }
        )
        return FINE
    if found:
        print_rows([seal.as_document() | {"sealed_at": seal.sealed_at} for seal in found], SEALS)
    else:
        print_data(text("seals.none"))
    talk(text("seals.unsealed", count=number(events)))
    return FINE


@click.command(cls=Command)
@click.option(
    "--published",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Compare with the published seals, from where nobody could change them: the lines of LUNAS_SEALS_PATH.",
)
@click.option("--no-bodies", is_flag=True, help="Leave out the bytes of the webhooks; takes half the time.")
@as_json
@asynchronous
async def verify(published: Path | None, no_bodies: bool, as_json: bool) -> int:
    """Compare the log with its seals, event by event, and name what was changed, added or taken away since.

    Whoever may change the log may also write new seals over it: only seals that were published elsewhere tell of that. Exit code 1 when something
    is not as it was sealed. What no seal covers yet is not compared.
    """
    hashes = _published(published)
    async with open_store(load_target()) as connection:
        done, open_events = await _verified(connection, hashes, bodies=not no_bodies)
    if as_json:
        print_json(_document(done, open_events))
        return PROBLEMS if done.findings else FINE
    for finding in done.findings[:SHOWN_MAX]:
        print_data(paint("✗ ", "red") + _sentence(finding))
    if len(done.findings) > SHOWN_MAX:
        kinds = Counter(finding.what for finding in done.findings)
        print_data(
            text(
                "verify.more",
                kinds=", ".join(
                    f"{text(f'verify.kind.{kind}')} {number(count)}" for kind, count in kinds.items()
                ),
            )
        )
    print_data(_result(done, against=len(hashes)))
    talk(text("seals.unsealed", count=number(open_events)))
    return PROBLEMS if done.findings else FINE


@click.command(cls=Command)
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
@click.argument("payment_id", metavar="ID")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where to write it; without, it goes to stdout.",
)
@asynchronous
async def proof(provider: str, payment_id: str, output: Path | None) -> int:
    """Write a file that proves what was recorded of a payment, to somebody who has neither the database nor this program.

    It holds the payment's events and webhooks as they are stored, personal data included, and their way up to seals that were published.
    deploy/verify_proof.py checks it: a hundred lines of Python that share nothing with us. What is younger than the newest seal cannot be
    proved yet.
    """
    async with open_store(load_target()) as connection:
        payments = await find_payments(connection, provider, payment_id)
        if not payments:
            raise NotFound(text("proof.unknown", provider=provider, id=payment_id))
        try:
            made = await prove(connection, provider, payment_id, payments[0]["record"])
        except NotSealedYet:
            raise Refused(text("proof.not_yet", variable="LUNAS_SEAL_EVERY_SECONDS")) from None
    data = orjson.dumps(made.document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        print_data(data.decode().rstrip("\n"))
    else:
        hand_out(output, data)
    talk(
        text(
            "proof.made", events=number(made.events), seals=", ".join(str(seal.number) for seal in made.seals)
        )
    )
    return FINE


def _published(file: Path | None) -> dict[int, str]:
    if file is None:
        return {}
    try:
        hashes = published_hashes(file)
    except (OSError, ValueError) as error:
        raise WrongUse(text("verify.unreadable", file=file, error=error)) from None
    if not hashes:
        raise WrongUse(text("verify.no_seals_in_file", file=file))
    return hashes


async def _verified(connection: Connection, hashes: dict[int, str], *, bodies: bool) -> tuple[LogCheck, int]:
    """To the newest seal of now, or to where it is clear that this is another log."""
    newest = await recent_seals(connection, 1)
    of, done = newest[0].through if newest else 0, LogCheck()
    with Bar() as bar:
        async with aclosing(verify_log(connection, hashes, bodies=bodies)) as turns:
            async for done in turns:
                bar.show(min(done.through, of), max(of, 1))
                if len(done.findings) > FINDINGS_MAX:
                    break
    return done, (await unsealed(connection))[0]


def _document(done: LogCheck, open_events: int) -> dict[str, Any]:
    return {
        "ok": not done.findings,
        "seals": done.seals,
        "events": done.events,
        "bodies": done.bodies,
        "bodies_gone": done.bodies_gone,
        "through": done.through,
        "hash": None if done.last is None else done.last.hash.hex(),
        "unsealed_events": open_events,
        "findings": [asdict(finding) for finding in done.findings],
    }


def _sentence(finding: SealFinding) -> str:
    position = "" if finding.position is None else number(finding.position)
    return text(f"verify.{finding.what}", seal=finding.seal, position=position, detail=finding.detail)


def _result(done: LogCheck, *, against: int) -> str:
    if done.last is None:
        return text("seals.none")
    counts = {"seals": number(done.seals), "events": number(done.events), "bodies": number(done.bodies)}
    if done.findings:
        return text("verify.different", count=number(len(done.findings)), **counts)
    key = "verify.equal_published" if against else "verify.equal"
    return paint("✓ ", "green") + text(key, hash=done.last.hash.hex(), number=done.last.number, **counts)
