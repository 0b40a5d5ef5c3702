"""The calls about licences as data."""

from __future__ import annotations

from api.checkout import idempotency
from schemas.calls import Call, Parameter
from schemas.licence_api import LicenceAnswer, LicenceBody, SwitchedLicence

IDEMPOTENCY = Parameter(
    "Idempotency-Key",
    "header",
    "Repeating a request with it does nothing and answers the same.",
    min_length=1,
    max_length=idempotency.KEY_MAX,
    pattern=idempotency.KEY_PATTERN,
)
_BODY = (
    "invalid_body", "invalid_parameter", "body_too_large", "customer_not_found", "licence_of_another_customer", "product_id_required",
)  # fmt: skip
_SWITCHING = (
    *_BODY, "idempotency_key_reused", "licence_unverified", "licence_not_found", "licence_expired", "licence_limit_reached", "licence_outcome_unknown",
    "provider_unavailable", "provider_busy", "provider_refused", "provider_credentials", "provider_misconfigured",
    "provider_not_configured",
)  # fmt: skip

VERIFY = Call(
    "verifyLicence",
    "POST",
    "/v1/licences/verify",
    "What is known of a licence",
    "Yang diketahui tentang sebuah lisensi",
    {200: LicenceAnswer},
    body=LicenceBody,
    problems=(*_BODY, "licence_unverified", "provider_not_configured"),
    description="The provider is asked, and its word repeated for a while. While it cannot be asked, its last word or our own records answer, "
    "and `source` says so; where neither knows the licence the answer is 503, never that it is invalid.",
    tag="licences",
    scope="read",
)

ACTIVATE = Call(
    "activateLicence",
    "POST",
    "/v1/licences/activate",
    "Activate a licence at its provider",
    "Aktifkan lisensi di penyedianya",
    {200: SwitchedLicence},
    (IDEMPOTENCY,),
    body=LicenceBody,
    problems=_SWITCHING,
    description="Safe to repeat: to activate what is active changes nothing.",
    tag="licences",
)

DEACTIVATE = Call(
    "deactivateLicence",
    "POST",
    "/v1/licences/deactivate",
    "Deactivate a licence at its provider",
    "Nonaktifkan lisensi di penyedianya",
    {200: SwitchedLicence},
    (IDEMPOTENCY,),
    body=LicenceBody,
    problems=_SWITCHING,
    description="Safe to repeat: to deactivate what is not active changes nothing.",
    tag="licences",
)
