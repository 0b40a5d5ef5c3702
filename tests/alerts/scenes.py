"""What makes each alert speak, and what must leave it quiet, in promtool's notation: `0x90` is 0 for 90 minutes, `0+1x90` a counter that grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Series = Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """`loud` makes the alert speak with these `labels` (beside its severity); `quiet` looks alike and must not. `minutes`: when to look."""

    loud: Series
    quiet: Series
    labels: Mapping[str, str] = field(default_factory=dict)
    value: str = ""
    minutes: int = 90


def gauge(series: str, loud: str, quiet: str, **labels: str) -> Scene:
    """One series that stands at a value."""
    return Scene({series: f"{loud}x90"}, {series: f"{quiet}x90"}, labels)


def counter(series: str, **labels: str) -> Scene:
    """One counter that grows, or stands where it once came to."""
    return Scene({series: "0+1x90"}, {series: "7x90"}, labels)


def _share(refused: str) -> Series:
    return {
        'lunas_ingress_rejections_total{provider="xendit",cause="bad_token"}': f"0+{refused}x90",
        'lunas_ingress_requests_total{provider="xendit",status="200"}': "0+60x90",
        # Another provider, without any refusal, must not thin it out.
        'lunas_ingress_requests_total{provider="mayar",status="200"}': "0+600x90",
    }


def _books(credit: str) -> Series:
    return {
        'lunas_ledger_sides{unit="idr",side="debit"}': "75000x90",
        'lunas_ledger_sides{unit="idr",side="credit"}': f"{credit}x90",
        'lunas_ledger_sides{unit="token",side="debit"}': "10x90",
        'lunas_ledger_sides{unit="token",side="credit"}': "-10x90",
    }


def _held(before: str, now: str) -> Series:
    return {'lunas_suspense_rupiah{provider="scalev"}': f"{before}x1440 {now}x120"}


def _calls(answered: str, failed: str) -> Series:
    """One provider that answers now and then, or never; another one that nobody calls after it had failed."""
    return {
        'lunas_provider_calls_total{provider="xendit",operation="create",outcome="answered"}': f"{answered}x90",
        'lunas_provider_calls_total{provider="xendit",operation="create",outcome="unknown"}': f"{failed}x90",
        'lunas_provider_calls_total{provider="mayar",operation="create",outcome="not_sent"}': "9x90",
    }


def _changes(leader: str, lag: str) -> Series:
    return {"lunas_changes_leader": f"{leader}x90", "lunas_changes_lag_seconds": f"{lag}x90"}


SCENES: Mapping[str, Scene] = {
    "LunasProcessDown": gauge('up{job="lunas",process="api"}', "0", "1", job="lunas", process="api"),
    "LunasNotDurable": counter(
        'lunas_ingress_unconfirmed_total{reason="journal_full"}', reason="journal_full"
    ),
    "LunasJournalBehind": Scene(
        {"lunas_ingress_journal_waiting": "250x90"}, {"lunas_ingress_journal_waiting": "100x90"}, value="250"
    ),
    # Seen once within the hour is enough: damage does not go on.
    "LunasJournalDamaged": Scene(
        {"lunas_ingress_journal_damaged_total": "0x60 1x30"}, {"lunas_ingress_journal_damaged_total": "1x90"}
    ),
    "LunasRejections": Scene(_share("20"), _share("10"), {"provider": "xendit"}),
    "LunasQuarantineLost": counter('lunas_ingress_quarantine_lost_total{reason="full"}', reason="full"),
    "LunasKeysRefused": Scene(
        {'lunas_refused_keys_total{door="api"}': "0+10x90"},
        {'lunas_refused_keys_total{door="api"}': "0+2x90"},
        {"door": "api"},
    ),
    "LunasProviderKeyRefused": counter(
        'lunas_provider_keys_refused_total{provider="xendit"}', provider="xendit"
    ),
    "LunasProviderDown": Scene(_calls("0", "0+1"), _calls("0+1", "0+1"), {"provider": "xendit"}),
    "LunasBooksWrong": Scene(_books("-74999"), _books("-75000"), {"unit": "idr"}),
    "LunasHeldMoneyOld": gauge(
        'lunas_suspense_oldest_seconds{provider="mayar"}', "604801", "604800", provider="mayar"
    ),
    "LunasHeldMoneyGrows": Scene(
        _held("500000", "2100000"), _held("500000", "1900000"), {"provider": "scalev"}, minutes=1540
    ),
    "LunasProviderSilent": gauge('lunas_provider_silent{provider="scalev"}', "1", "0", provider="scalev"),
    "LunasUnknownInBodies": gauge('lunas_unknown_in_bodies{provider="xendit"}', "2", "0", provider="xendit"),
    "LunasNotSealed": Scene(
        {"lunas_unsealed_seconds": "0x90", "lunas_seals_unpublished": "1x90"},
        {"lunas_unsealed_seconds": "3600x90", "lunas_seals_unpublished": "0x90"},
    ),
    # While nobody has looked yet, it is quiet.
    "LunasLogWithoutRoom": gauge("lunas_log_parts_ahead", "0", "1"),
    # Either is enough; while nobody knows, it is quiet.
    "LunasNotArchived": Scene(
        {"lunas_archive_failing": "0x90", "lunas_archive_behind_seconds": "301x90"},
        {"lunas_archive_failing": "_x90", "lunas_archive_behind_seconds": "300x90"},
    ),
    "LunasArchiveHole": gauge("lunas_archive_missing_files", "1", "0"),
    "LunasBaseBackupOld": gauge("lunas_backup_base_age_seconds", "9999999999", "129600"),
    "LunasWaitingForDatabase": gauge("lunas_intake_waiting_for_database", "1", "0"),
    "LunasSlow": counter('lunas_intake_slow_total{provider="xendit"}', provider="xendit"),
    "LunasParked": counter(
        'lunas_intake_parked_total{stage="interpret",reason="unparsable_payload"}',
        stage="interpret",
        reason="unparsable_payload",
    ),
    "LunasFulfilmentStuck": gauge("lunas_fulfilment_stuck", "1", "0"),
    "LunasUnconfirmed": Scene(
        {'lunas_fulfilment_letters_total{reason="payment_unconfirmed"}': "0+1x90"},
        {'lunas_fulfilment_letters_total{reason="refund_exceeds_payment"}': "0+1x90"},
    ),
    "LunasDrift": gauge(
        'lunas_reconcile_open_differences{provider="xendit",kind="missing_here"}',
        "3",
        "0",
        provider="xendit",
        kind="missing_here",
    ),
    # Prometheus' own clock begins at 0 in these tests.
    "LunasNotReconciled": Scene(
        {'lunas_reconcile_last_complete_seconds{provider="mayar"}': "0x300"},
        {'lunas_reconcile_last_complete_seconds{provider="mayar"}': "7200x300"},
        {"provider": "mayar"},
        minutes=240,
    ),
    "LunasDecisionNeedsPerson": Scene(
        {'lunas_fulfilment_letters_total{reason="refund_exceeds_payment"}': "0+1x90"},
        {'lunas_fulfilment_letters_total{reason="payment_unconfirmed"}': "0+1x90"},
        {"reason": "refund_exceeds_payment"},
    ),
    # A standby beside a leader is as it should be.
    "LunasProjectionsWithoutLeader": Scene(
        {'lunas_projection_leader{process="a"}': "0x90", 'lunas_projection_leader{process="b"}': "0x90"},
        {'lunas_projection_leader{process="a"}': "0x90", 'lunas_projection_leader{process="b"}': "1x90"},
    ),
    "LunasNotifierWithoutLeader": gauge("lunas_notify_leader", "0", "1"),
    "LunasNotificationsWait": gauge("lunas_notify_waiting_seconds", "901", "900"),
    "LunasEndpointDisabled": counter('lunas_notify_endpoints_disabled_total{because="gone"}', because="gone"),
    "LunasProjectionLag": gauge(
        'lunas_projection_lag_seconds{projection="balances"}', "61", "60", projection="balances"
    ),
    "LunasProjectionHalted": gauge(
        'lunas_projection_halted{projection="ledger"}', "1", "0", projection="ledger"
    ),
    "LunasProjectionParked": counter(
        'lunas_projection_parked_events_total{projection="ledger"}', projection="ledger"
    ),
    "LunasChangesBehind": Scene(_changes("1", "301"), _changes("1", "300")),
    "LunasChangesUntold": gauge("lunas_changes_leader", "0", "1"),
}
