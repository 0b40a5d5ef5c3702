"""Tunables of the processor and of the projections."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ProcessingSettings(BaseModel):
    """Batch sizes, waits and caps behind the queue."""

    processor_batch_max: int = Field(
        500,
        ge=1,
        le=5000,
        description="Deliveries in one transaction. Appending costs a tenth less per event at 500 than at 200; beyond, the log's lock "
        "would be held for too long.",
    )
    processor_batch_wait_ms: int = Field(
        0,
        ge=0,
        description="Longest wait for a batch to fill once its first message is here; 0, because a batch fills by itself while the one "
        "before it commits.",
    )
    processor_prefetch: int = Field(
        600,
        ge=1,
        le=65535,
        description="Unacknowledged messages of each work queue; three batches keep the pipe full.",
    )
    processor_drain_budget_seconds: float = Field(
        10.0,
        gt=0,
        description="Time to finish and commit the current batch on SIGTERM; inside the shutdown budget.",
    )
    processor_slow_seconds: float = Field(
        5.0,
        gt=0,
        description="A delivery that took longer from HTTP to commit raises an alert metric and a log line.",
    )
    processor_retry_attempts: int = Field(
        5,
        ge=0,
        description="Trips through the retry tiers before parking; at most as many as there are tiers.",
    )
    processor_backoff_max_seconds: float = Field(
        5.0,
        gt=0,
        description="Longest pause between tries while the database is away, in seconds; the messages stay in the queue meanwhile. So long may everything "
        "rest after the database is back, and it is to be well again within ten seconds; a try is one connection for each process.",
    )
    parked_drain_max: int = Field(
        50,
        ge=1,
        le=1000,
        description="Deliveries of a parked stream taken in at once when what held it up is dealt with; a few, so that live webhooks are not held up.",
    )
    parked_poll_seconds: float = Field(
        1.0, gt=0, description="How often parked streams are looked at for what may go on."
    )
    quarantine_max_rows: int = Field(
        10_000, ge=1, description="Rejected requests kept in the table; the oldest go first."
    )
    quarantine_max_bytes: int = Field(
        268_435_456, ge=1024, description="Bytes of their bodies kept in the table; the oldest go first."
    )
    quarantine_max_days: int = Field(
        90,
        ge=1,
        description="Days that rejected requests are kept: long enough to find a wrong secret, and they may hold personal data.",
    )

    fulfilment_batch_max: int = Field(
        500, ge=1, le=10_000, description="Facts decided on in one transaction."
    )
    fulfilment_held_max: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Cases looked at again in one round, after a start with `LUNAS_UNKNOWN_CUSTOMER=create`, because their payer was unknown. "
        "So few that a payment made meanwhile waits for no longer than a round of 100 payments takes.",
    )
    fulfilment_inline_max: int = Field(
        100,
        ge=0,
        le=1000,
        description="Deliveries: up to this many are decided on in the transaction that stores them, when nothing else waits for a "
        "decision. Larger batches would hold the log's lock for too long and are decided on side by side with storing. 0 = never.",
    )
    round_pace_ms: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="Least distance between rounds of intake, fulfilment and projections, in milliseconds. 0: a round begins when the one "
        "before has ended and there is something to do. A few ms save CPU on a small, busy machine and show payments that much later.",
    )
    projection_batch_max: int = Field(2000, ge=1, le=20_000, description="Events folded in one transaction.")
    poll_interval_seconds: float = Field(
        1.0,
        gt=0,
        description="How often a reader of the log looks without being woken; notifications are only a hint.",
    )
    timer_interval_seconds: float = Field(
        5.0, gt=0, description="How often due timers (expiry, grace, reminders) are looked for."
    )
    future_tolerance_seconds: float = Field(
        86_400.0,
        ge=0,
        description="How far behind its receipt a time that a provider states may lie. Beyond it the fact counts from its receipt and its "
        "money is held as `time_in_future`. A day covers clocks that are wrong and dates without a time zone.",
    )
    book_fees: bool = Field(
        False,
        description="Whether what providers say that they keep of payments is taken in and booked. The release before this one stops at a payment of "
        "which that was kept: set it once every process is of this release, and the way back is not meant to be gone any more. A new installation sets "
        "it at once.",
    )
    pack_cases: bool = Field(
        False,
        description="Whether what fulfilment knows of a payment, order or subscription is stored packed, in a fifth of its bytes, once it waits for "
        "nothing. The release before this one refuses such a case: set it once every process is of this release, and the way back is not meant to be "
        "gone any more. A new installation sets it at once. `lunas fulfilment rebuild` stores all of them as it says.",
    )
    leadership_retry_seconds: float = Field(
        1.0,
        gt=0,
        description="How often a second worker tries to become the leader; bounds the gap after a crash. Each try is a connection to the database.",
    )
    min_position_wait_seconds: float = Field(
        5.0,
        ge=0,
        description="Longest wait of a read with `min_position` before it answers 409 `projection_behind`.",
    )
    read_page_max: int = Field(200, ge=1, le=1000, description="Most items in one answer of a listing.")
    secret_min_characters: int = Field(
        16,
        ge=8,
        description="Shortest webhook secret, API key and operator key that production accepts. The providers' own are longer; below this one can "
        "be guessed.",
    )
    failed_keys_max: int = Field(
        10,
        ge=1,
        description="Wrong API or operator keys that one address may offer at once; then it is answered 429. A person mistypes a few times.",
    )
    failed_key_seconds: float = Field(
        1.0,
        gt=0,
        description="After these one more key of such an address is looked at. The right key is never locked out for longer; where it was "
        "offered before, not at all.",
    )
    failed_key_addresses: int = Field(
        10_000,
        ge=1,
        description="Addresses that are remembered, the newest, for wrong keys and for right ones each; bounds memory.",
    )
    credit_batch_max: int = Field(
        200,
        ge=1,
        le=2000,
        description="Spends, reservations and reports of use served in one transaction, of those that wait: a commit for each would make "
        "the last of them wait for all the others'.",
    )
    credit_watch_seconds: float = Field(
        1.0,
        gt=0,
        description="How often expired reservations are given back, and accounts looked at whose money went back. Whoever touches an "
        "account before finds it as it should be in any case.",
    )
    find_bodies_max: int = Field(
        10_000,
        ge=0,
        description="Newest deliveries whose bodies, and newest requests whose QR codes, `lunas find` looks into when nothing else is known under what was pasted. Reading "
        "more takes longer; 0 looks into none.",
    )
    api_body_limit_bytes: int = Field(65_536, ge=1024, description="Largest body of an API call.")
