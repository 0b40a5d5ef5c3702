"""Settings of signing in to the web console through an identity provider (OpenID Connect)."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class SignInSettings(BaseModel):
    """Without an issuer nobody signs in that way."""

    console_oidc_issuer: str | None = Field(
        None,
        description="Identity provider through which operators may sign in, as its tokens name it; `/.well-known/openid-configuration` is asked for "
        "under it. Register `LUNAS_CONSOLE_PUBLIC_URL` with `/sign-in/oidc/back` behind it there.",
    )
    console_oidc_client_id: str | None = Field(None, description="Id under which it knows the console.")
    console_oidc_client_secret: SecretStr | None = Field(None, description="Secret that it gave the console.")
    console_oidc_name: str = Field(
        "single sign-on", min_length=1, max_length=60, description="What the sign-in page calls it."
    )
    console_oidc_scopes: str = Field(
        "openid email profile",
        pattern=r"(^|.* )openid( .*|$)",
        description="What it is asked to tell of somebody; some need `groups` here too.",
    )
    console_oidc_role_claim: str = Field(
        "groups",
        min_length=1,
        description="Claim of its tokens that says what somebody is: a word or a list of words.",
    )
    console_oidc_roles: str | None = Field(
        None,
        description="What the words of that claim allow, such as `lunas-leads=approver,lunas-ops=operator,staff=viewer`; of several the most counts. "
        "Who is an operator by `lunas operators add --email` has the role given there. Without either nobody comes in.",
    )
    console_oidc_email_verified: bool = Field(
        True,
        description="Whether it must say `email_verified`; off for a provider that vouches for every address and never says so.",
    )
    console_oidc_seconds: float = Field(
        5.0, gt=0, description="Longest wait for one answer of the identity provider."
    )
    console_oidc_skew_seconds: int = Field(
        60, ge=0, le=600, description="How far its clock may be from ours."
    )
    console_oidc_minutes: int = Field(
        10,
        ge=1,
        le=60,
        description="How long somebody may take at the identity provider before they begin again.",
    )
