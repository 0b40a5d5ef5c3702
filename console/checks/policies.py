"""What policies of the broker make of our queues: an operator's too, for the broker tells of each queue what holds for it in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.checks.finding import Finding, note, problem, unseen
from console.messages import text
from runtime.amqp.broker import topology_of
from schemas.topology import Queue, quarantine

if TYPE_CHECKING:
    from runtime.settings import Settings

LIMITS = ("max-length", "max-length-bytes")
ENDS = ("message-ttl", "delivery-limit")
"""What ends a message's time in a queue: it goes on to the dead letters, or nowhere."""
IN_FORCE = "effective_policy_definition"
CHANGING = frozenset({*LIMITS, *ENDS, "overflow", "expires", "dead-letter-exchange", "dead-letter-strategy"})


def policies_of(settings: Settings, held: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Those that can lose accepted webhooks are problems, the others that change our queues are notes. `held`: queues as the broker lists them."""
    accepted = {queue.name: queue for queue in topology_of(settings).queues}
    rejected = {queue.name: queue for queue in quarantine().queues}
    losing: list[str] = []
    changing: list[str] = []
    for each in held:
        name, policy = each["name"], _in_force(each)
        if name not in accepted | rejected or not CHANGING & set(policy):
            continue
        lost = sorted(_losing(accepted[name], policy)) if name in accepted else []
        said = f"{_named(each)} ({name}: {_values(policy, lost or sorted(CHANGING & set(policy)))})"
        (losing if lost else changing).append(said)
    unknown = [each["name"] for each in held if each["name"] in accepted and IN_FORCE not in each]
    if unknown:  # the broker counts every few seconds, and tells no more than the name before
        detail = text("doctor.policies_unseen", names=", ".join(unknown))
        yield unseen("policies", detail, text("doctor.policies_unseen.fix"))
    if losing:
        detail = text("doctor.policies_lose", names=", ".join(losing))
        yield problem("policies", detail, text("doctor.policies_lose.fix"))
    if changing:
        yield note(
            "policies", text("doctor.policies", names=", ".join(changing)), text("doctor.policies.fix")
        )


def _losing(queue: Queue, policy: Mapping[str, Any]) -> set[str]:
    """Names of what in the policy can throw away what lies in this queue.

    A limit and a time are whichever of argument and policy is shorter; an overflow is the argument's or the policy's, by version of the broker
    (https://www.rabbitmq.com/docs/parameters#policies): it is taken for the worse one. Only a queue that refuses when it is full hands its dead letters on
    for sure (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
    """
    arguments = queue.arguments
    lost = {"expires"} & set(policy)  # the queue goes, with what lies in it
    if "x-dead-letter-exchange" not in arguments:
        lost |= set(ENDS) & set(policy)
    limited = any(limit in policy or f"x-{limit}" in arguments for limit in LIMITS)
    worse = "overflow" in policy and policy["overflow"] != "reject-publish"
    if limited and (worse or arguments.get("x-overflow") != "reject-publish"):
        lost |= {*LIMITS, "overflow"} & set(policy)
    return lost


def _in_force(queue: Mapping[str, Any]) -> Mapping[str, Any]:
    """Policy and operator policy together; without any, some versions say an empty list."""
    return queue.get(IN_FORCE) or {}


def _named(queue: Mapping[str, Any]) -> str:
    return ", ".join(str(queue[kind]) for kind in ("policy", "operator_policy") if queue.get(kind))


def _values(policy: Mapping[str, Any], names: Sequence[str]) -> str:
    return ", ".join(f"{name} = {policy[name]}" for name in names)
