"""What changes are told to: streams of `GET /v1/changes` and the exchange `lunas.changes`."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ChangesSettings(BaseModel):
    """Listeners, and the pace at which the exchange is told."""

    changes_listeners_max: int = Field(
        2000,
        ge=1,
        description="Streams of `GET /v1/changes` at once in one process; one more is answered 503. Each costs about 30 KB.",
    )
    changes_recent_max: int = Field(
        10_000,
        ge=100,
        description="Newest changes kept in memory for all listeners; who is further behind reads the log. A change has about 1 KB.",
    )
    changes_heartbeat_seconds: float = Field(
        15.0, gt=0, description="A stream says that it lives this often, with the position it has reached."
    )
    changes_longest_seconds: float = Field(
        3600.0,
        ge=0,
        description="A stream ends after this time; its listener comes back by itself, to any process.",
    )
    changes_write_seconds: float = Field(
        10.0,
        gt=0,
        description="A listener that does not read for this long is cut off; it goes on where it was when it comes back.",
    )
    changes_ticket_seconds: int = Field(
        900,
        ge=1,
        le=86_400,
        description="How long a ticket of `POST /v1/changes/tickets` opens a customer's stream. It stands in an address, which proxies may "
        "write down: a quarter of an hour makes it worth little, and a page asks for another one.",
    )
    api_browser_origins: str = Field(
        "",
        description="Origins, separated by commas (`https://shop.example`), whose pages may read `GET /v1/changes` in a browser. Without "
        "them only pages of the API's own origin may.",
    )
    outbox_batch_max: int = Field(
        500,
        ge=1,
        le=5000,
        description="Events of the log that are looked through at once for the exchange `lunas.changes`. After a crash at most their changes "
        "are told again.",
    )
    changes_read_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Part of its time in which one process reads the log for all its streams of `GET /v1/changes` while others wait for a processor; "
        "then it rests for a second at most. A flood of webhooks makes streams late, not the webhooks. On a machine with processors to spare it is "
        "half of the time.",
    )
    changes_published_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="The same for telling the exchange `lunas.changes`, with rests of five seconds at most; it catches up later. On a machine with "
        "processors to spare it is a fifth of the time. A day of 380,000 payments needs 9 changes a second.",
    )
