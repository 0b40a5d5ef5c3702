"""Tunables of notifications: outgoing webhooks and e-mail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from runtime.settings.broker import Seconds, comma_separated
from schemas.vocabulary import MailKind

Kinds = Annotated[tuple[MailKind, ...], NoDecode, BeforeValidator(comma_separated)]


class NotifySettings(BaseModel):
    """Where notifications may go, how often they are tried, and what a receiver can cost us."""

    notify_metrics_port: int = Field(
        8096, ge=0, le=65535, description="Port of the notifier's `/metrics` and health."
    )
    notify_secret: SecretStr | None = Field(
        None,
        description="Key that the secrets of endpoints are derived from; the same for the notifier and for operators. Several separated by commas: "
        "new secrets are made of the first, those of the others still sign.",
    )
    endpoints_private: Literal["refuse", "allow"] = Field(
        "refuse",
        description="`allow` sends webhooks to loopback and private addresses too, and over http. In production only `refuse`: whoever names an "
        "address would reach our own network. Link-local addresses, where clouds keep their metadata, are never reached.",
    )
    notify_batch_max: int = Field(
        500, ge=1, le=5000, description="Events that the notifier looks at in one transaction."
    )
    notify_pace_ms: float = Field(
        100.0,
        ge=0,
        le=10_000,
        description="Least distance between looks at the log, in milliseconds: under load each look finds many decisions, and costs those who decide "
        "little. Nobody notices a tenth of a second in a webhook or a mail.",
    )
    notify_busy_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Part of its time in which the notifier follows the log, and of a processor's in which it sends, while others wait for a processor; then it "
        "rests for two seconds at most. A flood of webhooks makes notifications late, not the webhooks. On a machine with processors to spare it sends at once.",
    )
    notify_retry_seconds: Seconds = Field(
        (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400),
        max_length=50,
        description="Pauses before a notification is tried again, in seconds, separated by commas; after the last it has failed. The schedule that "
        "Standard Webhooks suggests: three days in all, so that a weekend's outage loses nothing.",
    )
    notify_timeout_seconds: float = Field(
        15.0,
        gt=0,
        description="Longest time for one attempt, from the connection to the last byte that we read: the least that Standard Webhooks asks for.",
    )
    notify_connect_timeout_seconds: float = Field(
        5.0,
        gt=0,
        description="Longest time to reach a receiver: a lost packet is sent again within it, who is not there costs no more.",
    )
    notify_concurrency: int = Field(
        8,
        ge=1,
        le=256,
        description="Attempts at once for one endpoint: a slow one takes no more than these from the others.",
    )
    notify_connections_max: int = Field(
        256, ge=1, description="Connections to all endpoints together: what one process has files for."
    )
    notify_lease_seconds: float = Field(
        60.0,
        gt=0,
        description="How long an attempt belongs to the process that makes it; longer than the attempt. When that process dies, another one tries "
        "again after this, with the same `webhook-id`.",
    )
    notify_answer_bytes_max: int = Field(
        16_384,
        ge=0,
        description="Bytes of an answer that are read, so that its connection can serve again; its status says all.",
    )
    notify_retry_after_max_seconds: float = Field(
        86_400.0,
        ge=0,
        description="Longest `Retry-After` of an endpoint that is obeyed: nobody is put off for years.",
    )
    notify_breaker_failures: int = Field(
        5, ge=1, description="Failures of an endpoint in a row after which it is left alone for a while."
    )
    notify_breaker_pause_seconds: float = Field(
        30.0,
        gt=0,
        description="How long it is left alone; then one attempt tries whether it is back. What waits meanwhile uses up no attempt.",
    )
    notify_disable_after_days: int = Field(
        5,
        ge=1,
        description="Days after which an endpoint whose every attempt failed is disabled and operators are told: longer than the schedule.",
    )
    notify_rotation_hours: int = Field(
        24,
        ge=0,
        description="How long the secret before a rotation signs as well: a day to give the new one to an application.",
    )
    notify_keep_days: int = Field(
        30,
        ge=1,
        description="Days that notifications are kept, told or not; so long one can be sent again, and is never told twice.",
    )
    notify_age_max_hours: int = Field(
        0,
        ge=0,
        description="Oldest news in hours: what had happened longer ago when it was recorded is not told; 0 tells everything that is recorded. "
        "Set it before payments of long ago are imported.",
    )
    email_sender: Literal["off", "file", "smtp", "resend"] = Field(
        "off",
        description="How customers are sent mail: `smtp` (LUNAS_SMTP_URL), `resend` (RESEND_API_KEY and the like), or `file`, which writes it into "
        "`mail/` of LUNAS_HOME and is the default in development. Both of the first need RESEND_FROM_EMAIL.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, `smtp://user:password@host:587` or `smtps://…:465`. In production a password goes over TLS only.",
    )
    email_language: Literal["id", "en"] = Field("id", description="Language of mails to customers.")
    email_templates: Path | None = Field(
        None,
        description="Folder with texts of your own, `payment.received.id.txt` and the like; of those that are not there ours are sent.",
    )
    email_kinds: Kinds = Field(
        (
            "payment.received",
            "payment.refunded",
            "payment.rest_asked",
            "balance.low",
            "subscription.expiring",
            "subscription.renewed",
            "subscription.past_due",
            "suspense.held",
            "suspense.released",
        ),
        description="What customers are told by mail, separated by commas; everything, because each is told once.",
    )

    @model_validator(mode="after")
    def _lease_outlasts_an_attempt(self) -> Self:
        """Else what is still under way is sent a second time beside it, every time."""
        if self.notify_lease_seconds <= self.notify_timeout_seconds:
            raise ValueError(
                f"LUNAS_NOTIFY_LEASE_SECONDS is {self.notify_lease_seconds:g} and LUNAS_NOTIFY_TIMEOUT_SECONDS is {self.notify_timeout_seconds:g}: "
                "an attempt must belong to its process for longer than it may take; raise the first or lower the second"
            )
        return self
