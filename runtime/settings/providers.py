"""Secrets and options of the providers and of our own doors.

The provider variables carry the names the providers' customers already use, without our prefix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.secret_times import EXAMPLE

ProviderName = Literal["scalev", "xendit", "mayar", "manual"]


class ProviderSettings(BaseModel):
    """What connects lunas to providers and to those who call it."""

    api_key: SecretStr | None = Field(
        None, description="Bearer key of the API; `dev-api-key` in development."
    )
    operator_key: SecretStr | None = Field(
        None, description="Signs in to the console; `dev-operator-key` in development."
    )
    catalog: Path = Field(Path("catalog.toml"), description="What is sold and what it grants (TOML).")
    unknown_customer: Literal["suspense", "create"] = Field(
        "suspense",
        description="Money of an unknown payer: hold it, or make a customer from the payer's e-mail. `create` also finds what was held before, "
        "when lunas starts with it.",
    )

    payment_provider: ProviderName | None = Field(
        None, description="Provider that new orders use; `manual` in development, none in production."
    )

    scalev_api_key: SecretStr | None = Field(None, description="Key for calls to Scalev's API.")
    scalev_webhook_secret: SecretStr | None = Field(
        None, description="Signing secret(s) of Scalev webhooks, separated by commas."
    )
    scalev_store_unique_id: str | None = Field(
        None,
        description="Our store; when set, webhooks of another one are quarantined. New orders are created in it; unset, in the only "
        "store of the key.",
    )
    scalev_variant_unique_id: str | None = Field(
        None, description="Variant of the single catalogue product that names none."
    )
    scalev_bundle_price_option_unique_id: str | None = Field(
        None, description="Bundle price option of the single catalogue product that names none."
    )
    scalev_base_url: str = Field("https://api.scalev.com", description="Address of Scalev's API.")
    scalev_order_page_url: str = Field(
        "https://app.scalev.id/order/public/{secret_slug}/success",
        description="Where an order is paid when Scalev's answer names no page; `{secret_slug}` is the order's.",
    )

    xendit_secret_key: SecretStr | None = Field(None, description="Key for calls to Xendit's API.")
    xendit_webhook_secret: SecretStr | None = Field(
        None, description="Callback token(s) of Xendit webhooks, separated by commas."
    )
    xendit_base_url: str = Field("https://api.xendit.co", description="Address of Xendit's API.")
    xendit_business_id: str | None = Field(
        None, description="Our business id; when set, webhooks of another one are quarantined."
    )

    mayar_api_key: SecretStr | None = Field(None, description="Key for calls to Mayar's API.")
    mayar_webhook_secret: SecretStr | None = Field(
        None, description="Callback token(s) of Mayar webhooks, separated by commas."
    )
    mayar_product_id: str | None = Field(
        None, description="Mayar product of the single catalogue product that names none."
    )
    mayar_base_url: str = Field("https://api.mayar.id", description="Address of Mayar's API.")
    mayar_merchant_id: str | None = Field(
        None, description="Our merchant id; when set, webhooks of another one are quarantined."
    )

    other_webhook_secrets: SecretStr | None = Field(
        None,
        description="Secrets of providers that have no variable of their own here, as `name=secret` separated by commas; a name may come twice.",
    )
    webhook_secret_times: str | None = Field(
        None,
        description="From when and until when webhook secrets are accepted, by their ids (the first 12 hexadecimal digits of a secret's SHA-256): "
        f"`{EXAMPLE}`, several separated by commas; one of the two times is enough. Times are ISO 8601 with a zone; at both instants themselves the "
        "secret is accepted. A secret that is not named is always accepted.",
    )
    secret_ends_soon_days: int = Field(
        7,
        ge=0,
        le=365,
        description="So many days before a webhook secret ends, `lunas doctor` begins to say so: a week leaves time to get the next one from the "
        "provider.",
    )

    manual_payment_url: str | None = Field(None, description="Page that tells a buyer how to pay by hand.")
    app_url: str | None = Field(None, description="Address of the application that buyers return to.")
    resend_api_key: SecretStr | None = Field(
        None, description="Key of the HTTP service that sends mail, with `LUNAS_EMAIL_SENDER=resend`."
    )
    resend_from_email: str | None = Field(
        None,
        description="Sender of our mail, whoever sends it: `Toko Kita <halo@toko.example>`. Its name signs the texts.",
    )
    resend_base_url: str = Field(
        "https://api.resend.com", description="Address of that service, or of another one with the same call."
    )
