"""The calls about held money as data: routes, documentation and contract tests come from here."""

from __future__ import annotations

from api.call_parameters import MIN_POSITION
from api.checkout.topup_calls import IDEMPOTENCY
from api.parameters import SEGMENT_MAX
from schemas import suspense_api as s
from schemas.calls import Call, NextCall, Parameter
from schemas.refund_api import CreatedRefund

ENTRY = Parameter(
    "suspense_id",
    "path",
    "`id` of the listing of held money.",
    required=True,
    min_length=1,
    max_length=SEGMENT_MAX,
    example="sus_bed16342bed83618",
)
_LOOK = ("suspense_not_found", "invalid_parameter", "projection_behind")
_SPEAK = (
    "suspense_not_found",
    "suspense_already_done",
    "invalid_body",
    "invalid_parameter",
    "idempotency_key_reused",
    "body_too_large",
)
_ID, _POSITION = "$response.body#/id", "$response.body#/position"
_SEE = (NextCall("GetSuspense", "getSuspense", {"suspense_id": _ID, "min_position": _POSITION}),)

AGEING = Call(
    "getSuspenseAgeing",
    "GET",
    "/v1/suspense/ageing",
    "How long held money has waited",
    "Berapa lama uang tertahan sudah menunggu",
    {200: s.SuspenseAgeing},
    (MIN_POSITION,),
    problems=("invalid_parameter", "projection_behind"),
    description="By provider and span; what nobody told the amount of counts, with no rupiah.",
    tag="payments",
)
SHOW = Call(
    "getSuspense",
    "GET",
    "/v1/suspense/{suspense_id}",
    "One entry of held money, and what was done about it",
    "Satu uang tertahan, dan apa yang dilakukan",
    {200: s.OneSuspense},
    (ENTRY, MIN_POSITION),
    problems=_LOOK,
    tag="payments",
)
CANDIDATES = Call(
    "listSuspenseCandidates",
    "GET",
    "/v1/suspense/{suspense_id}/candidates",
    "Whose held money it may be, with reasons",
    "Kemungkinan pemilik uang tertahan, beserta alasannya",
    {200: s.SuspenseCandidates},
    (ENTRY, MIN_POSITION),
    problems=_LOOK,
    description="Ranked by what speaks for them; nothing is decided by it. Signs that only the webhook's bytes hold, the payer's phone number "
    "and name, are weighed for operators alone (`lunas suspense candidates`). At most ten.",
    tag="payments",
)
CLAIM = Call(
    "claimSuspense",
    "POST",
    "/v1/suspense/{suspense_id}/claim",
    "Say whose held money it is",
    "Nyatakan pemilik uang tertahan",
    {200: s.SuspenseWord},
    (ENTRY, IDEMPOTENCY),
    body=s.SuspenseClaimBody,
    problems=(*_SPEAK, "customer_not_found", "product_unknown"),
    description="It is granted like any other payment, a moment later. Of two claims at once the first counts, and the other is told by whom.",
    tag="payments",
    scope="suspense",
    links=_SEE,
)
UNDO = Call(
    "undoSuspense",
    "POST",
    "/v1/suspense/{suspense_id}/undo",
    "Take back a claim, a write-off or a refund by hand",
    "Batalkan klaim, penghapusbukuan atau pengembalian dengan tangan",
    {200: s.SuspenseWord},
    (ENTRY, IDEMPOTENCY),
    body=s.SuspenseUndoBody,
    problems=(*_SPEAK, "suspense_nothing_to_undo"),
    description="The newest first; everything is as if nobody had said it: what a claim granted is taken back, spent or not, and what was recorded as gone back by "
    "hand is held again. Money that a provider sent back is not fetched again.",
    tag="payments",
    scope="suspense",
    links=_SEE,
)
REFUND = Call(
    "refundSuspense",
    "POST",
    "/v1/suspense/{suspense_id}/refund",
    "Send held money back to its payer",
    "Kembalikan uang tertahan kepada pembayarnya",
    {201: CreatedRefund, 202: CreatedRefund},
    (ENTRY, IDEMPOTENCY),
    body=s.SuspenseRefundBody,
    problems=(
        *_SPEAK, "payment_not_found", "refund_not_supported", "refund_exceeds_payment", "refund_in_progress", "refund_funds_missing",
        "provider_unavailable", "provider_busy", "provider_refused", "provider_credentials", "provider_misconfigured",
        "provider_not_configured", "duplicate_request",
    ),
    description="Through its provider, as any refund; or, with a proof, recorded as gone back by hand where the provider gives nothing back.",
    tag="payments",
    scope="suspense",
    links=(NextCall("GetRefund", "getRefund", {"refund_id": "$response.body#/refund_id", "min_position": _POSITION}),),
)  # fmt: skip
WRITE_OFF = Call(
    "writeOffSuspense",
    "POST",
    "/v1/suspense/{suspense_id}/write-off",
    "Close held money without granting anything",
    "Tutup uang tertahan tanpa memberikan apa pun",
    {200: s.SuspenseWord},
    (ENTRY, IDEMPOTENCY),
    body=s.SuspenseWriteOffBody,
    problems=_SPEAK,
    description="The ledger moves it to `forfeited`. It can be taken back.",
    tag="payments",
    scope="suspense",
    links=_SEE,
)
