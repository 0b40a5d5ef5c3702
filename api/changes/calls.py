"""The change feed as data: route, documentation and contract tests come from here."""

from __future__ import annotations

from api.changes.tickets import TICKET_MAX
from api.parameters import MAX_POSITION, SEGMENT_MAX
from schemas.calls import Call, Parameter
from schemas.change_api import ChangeTold, TicketAnswer, TicketBody

LISTEN = Call(
    "listenToChanges",
    "GET",
    "/v1/changes",
    "What changes, as it changes: server-sent events",
    "Apa yang berubah, saat berubah: server-sent events",
    {200: ChangeTold},
    (
        Parameter(
            "customer_id",
            "query",
            "Only what concerns this customer.",
            min_length=1,
            max_length=SEGMENT_MAX,
            example="budi",
        ),
        Parameter(
            "Last-Event-ID",
            "header",
            "Go on behind this position; browsers send it by themselves. Without it the stream begins now.",
            kind="integer",
            minimum=0,
            maximum=MAX_POSITION,
        ),
        Parameter(
            "last_event_id",
            "query",
            "The same for a first connection, where a browser cannot set the header.",
            kind="integer",
            minimum=0,
            maximum=MAX_POSITION,
            example="0",
        ),
        Parameter(
            "wait_seconds",
            "query",
            "End the stream when nothing is left and so many seconds are over; 0 tells what is there and ends.",
            kind="integer",
            minimum=0,
            maximum=3600,
            example="0",
            required=False,
        ),
        Parameter(
            "ticket",
            "query",
            "Instead of a key, for a browser's EventSource: of `POST /v1/changes/tickets`, together with its `customer_id`.",
            min_length=1,
            max_length=TICKET_MAX,
        ),
    ),
    problems=("invalid_parameter", "projection_behind"),
    description="Each event is named after what changed (`payment`, `balance`, `subscription`, `enrollment`, `suspense`), its `id` is a log "
    "position, its `data` a document like the one below: the row as it is when it is told. At least once, and for each customer in the order of "
    "the log; several changes of one row in a short time may be told as one. Come back with the last id you saw, even days later. Access that "
    "ends by the clock tells nothing: `access_until` said it.",
    tag="changes",
    media="text/event-stream",
)

TICKET = Call(
    "issueTicket",
    "POST",
    "/v1/changes/tickets",
    "A ticket with which a page hears of one customer's changes",
    "Tiket agar sebuah halaman mendengar perubahan satu pelanggan",
    {201: TicketAnswer},
    body=TicketBody,
    problems=("invalid_body", "body_too_large"),
    description="A browser's EventSource cannot send a key, and no page may hold one. Your server asks for a ticket and gives its page the "
    "`stream`; when the ticket is over, the stream ends, and EventSource says so with `readyState` 2: ask for another one and go on with "
    "`last_event_id`: a stream with a ticket also tells its place, as an event `place` with an `id` and nothing in its `data`, when it begins and while "
    "nothing happens, so that a page that has heard nothing misses nothing. Pages of other addresses need `LUNAS_API_BROWSER_ORIGINS`. Nothing is kept of tickets, so none can be taken back before its end.",
    tag="changes",
    scope="read",
)
