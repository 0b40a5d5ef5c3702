"""Help in Indonesian. The key is the English paragraph as it stands in the code, on one line."""

from __future__ import annotations

from console.help_texts.accounts import ACCOUNTS_HELP
from console.help_texts.faking import FAKING_HELP
from console.help_texts.journal import JOURNAL_HELP
from console.help_texts.notifying import NOTIFYING_HELP
from console.help_texts.operating import OPERATING
from console.help_texts.reconciling import RECONCILING_HELP
from console.help_texts.running import RUNNING

HELP_IN_INDONESIAN: dict[str, str] = {
    **RUNNING,
    **OPERATING,
    **FAKING_HELP,
    **ACCOUNTS_HELP,
    **JOURNAL_HELP,
    **RECONCILING_HELP,
    **NOTIFYING_HELP,
}
