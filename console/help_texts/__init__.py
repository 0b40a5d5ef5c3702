"""Help in Indonesian. The key is the English paragraph as it stands in the code, on one line."""

from __future__ import annotations

from console.help_texts.accounts import ACCOUNTS_HELP
from console.help_texts.archives import ARCHIVES_HELP
from console.help_texts.backups import BACKUPS_HELP
from console.help_texts.closing import CLOSING_HELP
from console.help_texts.faking import FAKING_HELP
from console.help_texts.journal import JOURNAL_HELP
from console.help_texts.notifying import NOTIFYING_HELP
from console.help_texts.operating import OPERATING
from console.help_texts.parking import PARKING_HELP
from console.help_texts.persons import PERSONS_HELP
from console.help_texts.reconciling import RECONCILING_HELP
from console.help_texts.replaying import REPLAYING_HELP
from console.help_texts.rotating import ROTATING_HELP
from console.help_texts.running import RUNNING
from console.help_texts.sealing import SEALING_HELP
from console.help_texts.signing_in import SIGNING_IN_HELP
from console.help_texts.terminal import TERMINAL_HELP

HELP_IN_INDONESIAN: dict[str, str] = {
    **RUNNING,
    **OPERATING,
    **FAKING_HELP,
    **CLOSING_HELP,
    **ACCOUNTS_HELP,
    **JOURNAL_HELP,
    **RECONCILING_HELP,
    **NOTIFYING_HELP,
    **SIGNING_IN_HELP,
    **REPLAYING_HELP,
    **ROTATING_HELP,
    **TERMINAL_HELP,
    **PARKING_HELP,
    **SEALING_HELP,
    **PERSONS_HELP,
    **ARCHIVES_HELP,
    **BACKUPS_HELP,
}
