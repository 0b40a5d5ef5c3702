"""What to do about a dead letter: one step per reason, and never one that would make a live alarm go away."""

from __future__ import annotations

from console.messages import text

_BY_REASON: dict[str, str] = {
    "currency_unexpected": "money",
    "quantity_malformed": "money",
    "status_unknown": "unclear",
    "status_contradicts_event": "unclear",
    "not_an_object": "unclear",
    "event_without_rule": "update",
    "provider_unknown": "update",
    "translator_failed": "update",
    "not_storable": "update",
    "delivery_id_invalid": "report",
    "text_invalid": "report",
    "received_at_invalid": "report",
    "conflicting_content": "conflict",
    "retries_exhausted": "repair",
    # Why the broker gave a message up, in its own words (https://www.rabbitmq.com/docs/dlx), and our own guard before it does.
    "crash_loop": "crash",
    "delivery_limit": "crash",
    "rejected": "crash",
    "expired": "crash",
    "maxlen": "crash",
    "dead_lettered": "crash",
    "policy_failed": "policy_failed",
    "refund_exceeds_payment": "refund",
    "payment_counted_twice": "twice",
    "ids_contradict": "contradict",
    "payment_disputed": "disputed",
    "payment_unconfirmed": "unconfirmed",
    "money_unrecognised": "money",
    "amount_changed_after_grant": "changed",
    "amount_contradicted": "contradicted",
    "payment_reversed": "reversed",
    "order_deleted_after_payment": "deleted",
    "licence_of_another_customer": "licence",
    "subscription_expired_early": "ended_early",
    "end_beyond_paid": "beyond",
}
# Families of reasons: what the code is made of tells what is wrong.
_BY_BEGINNING = (("unparsable_", "unreadable"), ("frame_", "report"), ("amount_", "money"))
_BY_END = (("_missing", "unclear"), ("_malformed", "unclear"), ("_not_an_object", "unclear"))
# A letter written by a newer program than this.
_BY_STAGE = {
    "decode": "report",
    "translate": "unclear",
    "append": "repair",
    "broker": "crash",
    "fulfil": "look",
}


def step_of(reason: str) -> str | None:
    """The kind of step for a reason; None for one that this program does not know."""
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    for beginning, step in _BY_BEGINNING:
        if reason.startswith(beginning):
            return step
    return next((step for end, step in _BY_END if reason.endswith(end)), None)


def next_step(stage: str, reason: str) -> str:
    """What to do next, in the operator's language."""
    return text(f"dlq.next.{step_of(reason) or _BY_STAGE.get(stage, 'look')}")
