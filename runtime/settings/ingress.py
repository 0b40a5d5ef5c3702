"""Limits and deadlines of the door for providers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field


class IngressSettings(BaseModel):
    """Nothing a client sends may hold memory or a connection for longer than these say."""

    ingress_durability: Literal["journal", "broker"] = Field(
        "journal",
        description="What must have a delivery before we answer 200. `journal`: a local file, synced to disk, and the broker when it answers in "
        "time; webhooks are taken while the broker is away. `broker`: its confirm alone; for containers without a disk of their own.",
    )
    ingress_journal_dir: Path | None = Field(
        None,
        description="Folder of the journal; `LUNAS_HOME/journal` when unset. On another disk than the broker's, the death of one disk loses nothing.",
    )
    ingress_journal_segment_bytes: int = Field(
        67_108_864,
        ge=4096,
        description="Size from which the journal begins a new file. Files are deleted whole, and what a restart reads first is one of them.",
    )
    ingress_journal_max_bytes: int = Field(
        4_294_967_296,
        ge=65_536,
        description="Most bytes of one journal. What the broker has is deleted first, oldest first; when only what it does not have is left: 503.",
    )
    ingress_journal_retention_days: float = Field(
        7.0,
        ge=0,
        description="How long what the broker has stays, to be published again after the loss of the broker: `lunas ingress republish`.",
    )
    ingress_journal_window: int = Field(
        1024,
        ge=1,
        description="Deliveries of the journal sent to the broker at once when it is back; also how near its end the direct way opens again.",
    )
    ingress_journal_doubt_seconds: float = Field(
        5.0,
        ge=0,
        le=600,
        description="What the broker confirmed so long before its connection broke is sent again once the next one has lasted as long: a broker that dies, "
        "as RabbitMQ 3.10 of a full disk, may not have on its disk what it confirmed. What it did keep is recognised. 0 believes it.",
    )
    ingress_body_limit_bytes: int = Field(
        1_048_576,
        ge=1024,
        description="Largest webhook body; the providers' own stay under 100 KiB. Above it: 413.",
    )
    ingress_header_limit_bytes: int = Field(
        16_384, ge=1024, description="Largest request head, all header fields together."
    )
    ingress_header_field_limit_bytes: int = Field(
        8190, ge=512, description="Largest single header field or request line."
    )
    ingress_header_deadline_seconds: float = Field(
        10.0, gt=0, description="A head that is not complete by then is cut off."
    )
    ingress_body_deadline_seconds: float = Field(
        10.0, gt=0, description="A body that is not complete by then is answered 408."
    )
    ingress_idle_deadline_seconds: float = Field(
        10.0, gt=0, description="Idle keep-alive connections are closed after this time."
    )
    ingress_connection_limit: int = Field(
        2000,
        ge=1,
        description="Open connections at most; a new one then replaces the one that idled or dawdled longest.",
    )
    ingress_unverified_bytes: int = Field(
        67_108_864,
        ge=1_048_576,
        description="Bytes of requests that are not complete, of all clients together; beyond it the biggest and slowest are answered 503 "
        "and closed. Room for 64 bodies of the largest size at once; providers' bodies arrive whole and are not counted.",
    )
    ingress_refused_body_bytes: int = Field(
        65_536,
        ge=1024,
        description="A body whose head already shows that it will be refused is read this far and answered 401.",
    )
    ingress_quick_body_bytes: int = Field(
        16_384,
        ge=1024,
        description="Largest body of a stranger that is read and verified at once; what is larger and has no credential in its head waits for its turn. "
        "Twice the largest order that Scalev is known to send, and what one read brings.",
    )
    ingress_refusals_per_second: float = Field(
        200.0,
        ge=1,
        description="Requests per second that are refused by their head with most of their body unread; beyond it they wait for their 401, and nobody "
        "else does. Each ends a connection, and the next one costs a third of a millisecond; a provider with an old secret sends far fewer.",
    )
    ingress_stranger_share: float = Field(
        0.25,
        gt=0,
        le=1,
        description="Part of one core for large, chunked or crumbled bodies without a credential in their head, and for clients that were just "
        "refused, all together. The rest stays for everybody else.",
    )
    ingress_pieces_free: int = Field(
        4096,
        ge=16,
        description="Chunks and reads in which a request may come, however small they are. Each costs about a microsecond to parse.",
    )
    ingress_piece_bytes_min: int = Field(
        64,
        ge=1,
        description="Average size of the chunks and reads beyond those; a body in smaller crumbs is answered 400. Honest ones carry a packet or more.",
    )
    ingress_farewell_seconds: float = Field(
        1.0,
        gt=0,
        description="How long the rest of a refused request is read and thrown away, so that its client sees the answer.",
    )
    ingress_discard_bytes_per_second: float = Field(
        67_108_864.0,
        ge=1_048_576,
        description="Bytes thrown away like that per second, all clients together; beyond it their connections stand still until they are closed.",
    )
    ingress_publish_deadline_seconds: float = Field(
        3.0,
        gt=0,
        description="No broker confirm by then: the journal alone answers for it, and without one 503. Well under the shortest provider timeout (5 s).",
    )
    ingress_retry_after_seconds: int = Field(5, ge=1, description="`Retry-After` of 429 and 503 answers.")
    ingress_rate_limit_per_second: float = Field(
        2000.0, gt=0, description="Requests per second and provider before 429."
    )
    ingress_rate_burst: int = Field(
        4000, ge=1, description="Requests a provider may send at once after a quiet time."
    )
    ingress_failed_rate_limit_per_second: float = Field(
        2000.0,
        gt=0,
        description="Failed verifications per second and provider before 429; apart from the limit for good ones, "
        "so that a flood of forgeries never slows a provider down.",
    )
    ingress_failed_rate_burst: int = Field(
        4000, ge=1, description="Failed verifications allowed at once after a quiet time."
    )
    ingress_group_max_envelopes: int = Field(
        128, ge=1, description="Most envelopes in one AMQP message; 1 switches grouped publishing off."
    )
    ingress_group_max_bytes: int = Field(
        4_194_304,
        ge=1024,
        description="Most body bytes in one AMQP message, so that one message never fills a prefetch window.",
    )
    ingress_pending_max: int = Field(
        10_000,
        ge=1,
        description="Deliveries waiting for the journal or a confirm at most; beyond it 503 at once instead of growing memory.",
    )
    ingress_prestop_seconds: float = Field(
        0.0,
        ge=0,
        description="Serve on for this long after SIGTERM while load balancers take us out; 10 behind Kubernetes.",
    )
    ingress_quarantine_pending_max: int = Field(
        1000, ge=1, description="Rejected requests waiting to be kept; beyond it they are only counted."
    )
    ingress_quarantine_pending_bytes: int = Field(
        16_777_216,
        ge=1024,
        description="Bytes of rejected requests waiting to be kept; beyond it they are only counted.",
    )
    ingress_quarantine_rate_per_second: float = Field(
        1000.0,
        gt=0,
        description="Rejected requests kept per second; a flood is only counted and costs the broker nothing.",
    )
    ingress_quarantine_bytes_per_second: float = Field(
        4_194_304.0,
        gt=0,
        description="Bytes of rejected requests kept per second: forged bodies of 1 MiB would cost broker and database more than webhooks do.",
    )
    ingress_pending_bytes: int = Field(
        67_108_864,
        ge=1024,
        description="Bytes of deliveries, with what we know of them, waiting for the journal or a confirm at most; beyond it 503 at once.",
    )
    ingress_group_in_flight: int = Field(
        2,
        ge=1,
        le=16,
        description="Groups of one partition published at once; two overlap the broker's disk with our reading.",
    )
    ingress_group_pause_ms: float = Field(
        10.0,
        ge=0,
        le=100,
        description="Least time between two groups of a partition, and between two writes to the journal, in milliseconds, while fewer than 32 "
        "(64 of the journal) deliveries wait: a small group costs the broker, the disk and us as much as a large one. The first after a quiet time goes through at once; "
        "0 never waits.",
    )
    ingress_headers_max: int = Field(
        64, ge=8, description="Header fields in one request; providers send under 20."
    )
    ingress_drain_idle_seconds: float = Field(
        2.0,
        ge=0,
        description="After SIGTERM idle keep-alive connections stay open this long, so that a request on its way is answered.",
    )
    ingress_trusted_proxies: str = Field(
        "",
        description="Networks (CIDR, comma-separated) whose X-Forwarded-For is believed. Everybody else's is ignored.",
    )
    ingress_reuse_port: bool = Field(
        False, description="Several ingress processes share one port (SO_REUSEPORT)."
    )
