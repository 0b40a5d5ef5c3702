"""The sentences of `console.messages.text`: key → (English, Indonesian), one module per theme."""

from __future__ import annotations

from console.texts.accounts import ACCOUNTS
from console.texts.acting import ACTING
from console.texts.columns import COLUMNS
from console.texts.demonstration import DEMONSTRATION
from console.texts.diagnosis import DIAGNOSIS
from console.texts.errors import ERRORS
from console.texts.examination import EXAMINATION
from console.texts.faking import FAKING
from console.texts.journal import JOURNAL
from console.texts.looking import LOOKING
from console.texts.next_steps import NEXT_STEPS
from console.texts.notifying import NOTIFYING
from console.texts.provider_accounts import PROVIDER_ACCOUNTS
from console.texts.reasons import REASONS
from console.texts.reconciling import RECONCILING
from console.texts.strangers import STRANGERS

TEXTS: dict[str, tuple[str, str]] = {
    **ERRORS,
    **COLUMNS,
    **LOOKING,
    **REASONS,
    **NEXT_STEPS,
    **ACTING,
    **DIAGNOSIS,
    **EXAMINATION,
    **DEMONSTRATION,
    **FAKING,
    **ACCOUNTS,
    **PROVIDER_ACCOUNTS,
    **JOURNAL,
    **RECONCILING,
    **NOTIFYING,
    **STRANGERS,
}
