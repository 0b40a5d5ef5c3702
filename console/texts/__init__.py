"""The sentences of `console.messages.text`: key → (English, Indonesian), one module per theme."""

from __future__ import annotations

from console.texts.accounts import ACCOUNTS
from console.texts.acting import ACTING
from console.texts.archives import ARCHIVES
from console.texts.attesting import ATTESTING
from console.texts.backups import BACKUPS
from console.texts.closing import CLOSING
from console.texts.columns import COLUMNS
from console.texts.correcting import CORRECTING
from console.texts.demonstration import DEMONSTRATION
from console.texts.diagnosis import DIAGNOSIS
from console.texts.errors import ERRORS
from console.texts.examination import EXAMINATION
from console.texts.explaining import EXPLAINING
from console.texts.faking import FAKING
from console.texts.journal import JOURNAL
from console.texts.looking import LOOKING
from console.texts.next_steps import NEXT_STEPS
from console.texts.notifying import NOTIFYING
from console.texts.operators import OPERATORS
from console.texts.pages import PAGES
from console.texts.pages_of_care import PAGES_OF_CARE
from console.texts.pages_of_money import PAGES_OF_MONEY
from console.texts.pages_of_orders import PAGES_OF_ORDERS
from console.texts.pages_of_replay import PAGES_OF_REPLAY
from console.texts.parking import PARKING
from console.texts.persons import PERSONS
from console.texts.problems import PROBLEMS
from console.texts.provider_accounts import PROVIDER_ACCOUNTS
from console.texts.reasons import REASONS
from console.texts.reconciling import RECONCILING
from console.texts.replaying import REPLAYING
from console.texts.rests import RESTS
from console.texts.rotating import ROTATING
from console.texts.sealing import SEALING
from console.texts.strangers import STRANGERS
from console.texts.terminal import TERMINAL
from console.texts.what_happened import WHAT_HAPPENED

TEXTS: dict[str, tuple[str, str]] = {
    **ERRORS,
    **COLUMNS,
    **CLOSING,
    **LOOKING,
    **REASONS,
    **NEXT_STEPS,
    **ACTING,
    **RESTS,
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
    **SEALING,
    **OPERATORS,
    **PAGES,
    **REPLAYING,
    **ROTATING,
    **CORRECTING,
    **TERMINAL,
    **PROBLEMS,
    **EXPLAINING,
    **PAGES_OF_CARE,
    **PAGES_OF_MONEY,
    **PAGES_OF_ORDERS,
    **PAGES_OF_REPLAY,
    **WHAT_HAPPENED,
    **PARKING,
    **ATTESTING,
    **PERSONS,
    **ARCHIVES,
    **BACKUPS,
}
