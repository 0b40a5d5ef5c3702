"""Explain: every event that moved a balance, an access or a tier, with the bytes behind it, as of any moment; and the credit over time."""

from __future__ import annotations

from console.exits import WrongUse
from console.explaining.moves import SUBJECTS, Explained, Subject
from console.explaining.reading import explained
from console.explaining.words import result, sentence, sentences
from console.messages import text
from console.web.filters import command_of, moment_asked
from console.web.pictures import curve_picture
from console.web.visit import Answer, Screen, Visit, Way, shown


async def show(visit: Visit) -> Answer:
    customer, subject = visit.named("customer"), _subject(visit.named("subject"))
    asked = {"as-of": visit.asked("as-of"), "known-at": visit.asked("known-at")}
    as_of, known_at = (moment_asked(asked[name], day_ends=True) for name in asked)
    async with visit.connections.one() as connection:
        found = await explained(connection, subject, customer, as_of=as_of, known_at=known_at)
    values = {
        "customer": customer,
        "subject": subject,
        "subjects": SUBJECTS,
        "asked": asked,
        "moves": [(move, sentence(found, move)) for move in found.moves],
        "result": result(found),
        "letter": "\n".join(sentences(found)),
        "equal": found.equal,
        "picture": _curve(found) if subject == "balance" else "",
    }
    title = text(f"web.explain.{subject}", customer=customer)
    return Screen("explained.html", title, command_of(f"lunas explain {subject} {customer}", asked), values)


def _subject(given: str) -> Subject:
    for subject in SUBJECTS:
        if subject == given:
            return subject
    raise WrongUse(text("web.no_subject", given=given))


def _curve(found: Explained) -> str:
    """Credit by when things happened, which is not the order in which we heard of them."""
    credit, points = 0, []
    for move in sorted(found.moves, key=lambda one: (one.happened_at, one.position)):
        if "credit_tokens" in move.changes:
            credit += move.by("credit_tokens")
            points.append((move.happened_at, credit))
    return curve_picture(points, text("web.credit_over_time"))


WAYS: tuple[Way, ...] = (shown("/customers/{customer}/explain/{subject}", show),)
