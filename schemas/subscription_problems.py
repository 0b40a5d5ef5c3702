"""Problems of subscriptions: what is wrong with the wish for one, its change or its end."""

from __future__ import annotations

from schemas.problem_kind import ProblemKind

SUBSCRIPTION_KINDS = (
    ProblemKind(
        "subscription_not_found",
        404,
        "Subscription not found",
        "Nobody asked here for a subscription with this id.",
        "Tidak ada langganan dengan id ini yang diminta di sini.",
        field="subscription_id",
    ),
    ProblemKind(
        "subscription_not_active",
        409,
        "Subscription not active",
        "The subscription is `{status}`: it can be changed while it is active, and ended once its provider has answered.",
        "Langganan ini berstatus `{status}`: dapat diubah selama aktif, dan diakhiri setelah penyedianya menjawab.",
        field="subscription_id",
    ),
    ProblemKind(
        "subscription_ended",
        409,
        "Subscription ended",
        "The subscription has ended or will not go on; ask for a new one.",
        "Langganan ini sudah berakhir atau tidak dilanjutkan; mintalah yang baru.",
        field="subscription_id",
    ),
    ProblemKind(
        "subscription_exists",
        409,
        "Subscription exists",
        "The customer has a subscription of `{plan}` already.",
        "Pelanggan sudah punya langganan `{plan}`.",
    ),
    ProblemKind(
        "plan_period_differs",
        409,
        "Period differs",
        "`{plan}` is charged in other periods: let this subscription end and ask for a new one.",
        "`{plan}` ditagih dengan masa lain: akhiri langganan ini lalu minta yang baru.",
    ),
)
