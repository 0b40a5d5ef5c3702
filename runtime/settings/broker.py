"""RabbitMQ: address, partitions, retry tiers and flow control."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


def comma_separated(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


# NoDecode: people write 5,30,300 in an environment variable, not a JSON list.
Seconds = Annotated[tuple[Annotated[float, Field(gt=0)], ...], NoDecode, BeforeValidator(comma_separated)]


class BrokerSettings(BaseModel):
    """How processes talk to the broker."""

    broker_url: SecretStr | None = Field(
        None,
        description="AMQP address with credentials; a private instance when unset. Several nodes of one cluster are tried in turn: "
        "`amqp://user:password@h1:5672,h2:5672/vhost`, or whole addresses with commas between them.",
    )
    broker_management_url: SecretStr | None = Field(
        None,
        description="Address of the broker's management API, `http://user:password@host:15672`, of a user with the tag `monitoring`. Only "
        "`lunas doctor` asks there: for bindings, arguments, policies, alarms and unfinished messages, which AMQP does not show.",
    )
    broker_partitions: int = Field(
        1,
        ge=1,
        le=256,
        description="Queues the webhooks of each provider are spread over, by a stable hash of the payment, order or subscription they are about. One is "
        "enough until a single queue of the broker is the limit or 2 GiB of backlog are too few: the log has one writer at a time whatever "
        "their number, and with more than one ingress looks into each body. The same for every process; to change it see "
        "docs/runbooks/change-partitions.md.",
    )
    broker_heartbeat_seconds: int = Field(
        5,
        ge=1,
        description="AMQP heartbeat. A process that stands still loses its connection, and its queue to a standby, when the broker heard nothing for two "
        "of them; we leave a broker that was silent for three. RabbitMQ's guide advises 5 to 20: below, a busy machine is taken for a dead one.",
    )
    broker_connect_timeout_seconds: float = Field(
        10.0, gt=0, description="Longest wait for a new connection."
    )
    broker_reconnect_seconds: float = Field(1.0, gt=0, description="Pause between attempts to reconnect.")
    broker_publish_deadline_seconds: float = Field(
        5.0, gt=0, description="Confirm deadline of publishes outside ingress (retries, parking, replay)."
    )
    broker_retry_delays_seconds: Seconds = Field(
        (5, 30, 300, 1800, 7200),
        description="Retry tiers in order: 5 s, 30 s, 5 min, 30 min, 2 h; after the last one a delivery is parked.",
    )
