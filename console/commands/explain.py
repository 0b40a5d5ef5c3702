"""`lunas explain`: why a customer has what they have."""

from __future__ import annotations

from datetime import datetime

import click

from console.choices import Among
from console.exits import FINE, PROBLEMS
from console.explaining.moves import SUBJECTS, Subject
from console.explaining.reading import as_document, explained
from console.explaining.words import result, sentence, values_in_words
from console.lazy import Command
from console.messages import text
from console.options import Moment, as_json, asynchronous
from console.output import number, print_data, print_json, talk
from console.store import open_store
from console.target import load_target


@click.command(cls=Command)
@click.argument("subject", type=Among(SUBJECTS), metavar="balance|access|tier")
@click.argument("customer", metavar="CUSTOMER")
@click.option(
    "--as-of",
    type=Moment(day_ends=True),
    help="As things were then, by when they happened: 2h, 3d, or an ISO 8601 time (WIB); a day alone is all of it.",
)
@click.option(
    "--known-at",
    type=Moment(day_ends=True),
    help="As we knew it then: only what had been recorded by that time.",
)
@click.option("--letter", is_flag=True, help="Only the sentences, as a customer may be sent them.")
@as_json
@asynchronous
async def explain(
    subject: Subject,
    customer: str,
    as_of: datetime | None,
    known_at: datetime | None,
    letter: bool,
    as_json: bool,
) -> int:
    """Explain a balance, an access or a tier: every event that moved it, with the delivery whose bytes said so, and what it comes to.

    Without a moment it is compared with the read model. Exit code 1 when that shows something else.
    """
    async with open_store(load_target()) as connection:
        found = await explained(connection, subject, customer, as_of=as_of, known_at=known_at)
    code = PROBLEMS if found.equal is False else FINE
    if as_json:
        print_json(as_document(found))
        return code
    for move in found.moves:
        print_data(sentence(found, move))
        if not letter:
            where = {
                "position": number(move.position),
                "delivery": move.delivery_id or "-",
                "sha": move.body_sha256 or "-",
            }
            print_data("    " + text("explain.bytes", **where))
    for line in result(found):
        print_data(line)
    if found.equal is not None and not letter:
        key = "explain.equal" if found.equal else "explain.different"
        talk(text(key, count=number(len(found.moves)), shown=values_in_words(subject, found.shown)))
    return code
