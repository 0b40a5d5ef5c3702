"""Why a balance, an access or a tier is what it is: sentences that a customer may be sent."""

from __future__ import annotations

EXPLAINING: dict[str, tuple[str, str]] = {
    "explain.unknown": ("There is no customer {customer}.", "Tidak ada pelanggan {customer}."),
    "explain.when": ("{at}:", "{at}:"),
    "explain.no_end": ("no end", "tanpa akhir"),
    "explain.move.credit_granted": (
        "your payment {payment} of {amount} added {tokens} credit tokens.",
        "pembayaran Anda {payment} sebesar {amount} menambah {tokens} token kredit.",
    ),
    "explain.move.credit_clawed_back": (
        "{amount} of payment {payment} went back to you, which took {tokens} credit tokens.",
        "{amount} dari pembayaran {payment} dikembalikan kepada Anda, sehingga {tokens} token kredit ditarik.",
    ),
    "explain.move.credit_withdrawn": (
        "{tokens} credit tokens of payment {payment} were not due and were taken back.",
        "{tokens} token kredit dari pembayaran {payment} ternyata tidak semestinya dan ditarik kembali.",
    ),
    "explain.move.credit_spent": (
        "you used {tokens} credit tokens ({reason}, {payment}).",
        "Anda memakai {tokens} token kredit ({reason}, {payment}).",
    ),
    "explain.move.credit_reserved": (
        "{tokens} credit tokens were set aside ({payment}).",
        "{tokens} token kredit disisihkan ({payment}).",
    ),
    "explain.move.credit_captured": (
        "of what was set aside, {tokens} credit tokens came back ({payment}).",
        "dari yang disisihkan, {tokens} token kredit kembali ({payment}).",
    ),
    "explain.move.credit_released": (
        "{tokens} credit tokens that were set aside came back ({payment}).",
        "{tokens} token kredit yang disisihkan kembali ({payment}).",
    ),
    "explain.move.credit_reservation_expired": (
        "{tokens} credit tokens that were set aside came back, because nobody used them in time ({payment}).",
        "{tokens} token kredit yang disisihkan kembali, karena tidak dipakai pada waktunya ({payment}).",
    ),
    "explain.move.credit_forgiven": (
        "{tokens} credit tokens that you owed were forgiven ({reason}).",
        "utang {tokens} token kredit Anda dihapuskan ({reason}).",
    ),
    "explain.move.usage_recorded": (
        "you used {tokens} credit tokens ({payment}).",
        "Anda memakai {tokens} token kredit ({payment}).",
    ),
    "explain.metered": (
        " It was {units} of the meter {meter}, at {tokens} tokens for every {per}{since} (catalogue {catalog}){rest}.",
        " Itu {units} dari meter {meter}, dengan tarif {tokens} token untuk setiap {per}{since} (katalog {catalog}){rest}.",
    ),
    "explain.metered.since": (", the rate since {since}", ", tarif sejak {since}"),
    "explain.metered.carried": (
        "; {left}/{of} of a token is carried to its next use",
        "; {left}/{of} token dibawa ke pemakaian berikutnya",
    ),
    "explain.move.tokens_granted": (
        "your payment {payment} added {tokens} chat tokens.",
        "pembayaran Anda {payment} menambah {tokens} token obrolan.",
    ),
    "explain.move.tokens_clawed_back": (
        "{amount} of payment {payment} went back to you, which took {tokens} chat tokens.",
        "{amount} dari pembayaran {payment} dikembalikan kepada Anda, sehingga {tokens} token obrolan ditarik.",
    ),
    "explain.move.tokens_withdrawn": (
        "{tokens} chat tokens of payment {payment} were not due and were taken back.",
        "{tokens} token obrolan dari pembayaran {payment} ternyata tidak semestinya dan ditarik kembali.",
    ),
    "explain.move.other": (
        "your balance changed by {tokens} tokens ({payment}).",
        "saldo Anda berubah {tokens} token ({payment}).",
    ),
    "explain.balance.then": ("Then you had {credit}.", "Setelah itu Anda punya {credit}."),
    "explain.balance.then_chat": ("Then you had {chat}.", "Setelah itu Anda punya {chat}."),
    "explain.balance.then_owed": ("Then you owed {credit}.", "Setelah itu Anda berutang {credit}."),
    "explain.balance.owed": (
        "That makes {credit} credit tokens that you owe, and {chat} chat tokens.",
        "Jadi Anda berutang {credit} token kredit, dan punya {chat} token obrolan.",
    ),
    "explain.balance.result": (
        "That makes {credit} credit tokens and {chat} chat tokens.",
        "Jadi {credit} token kredit dan {chat} token obrolan.",
    ),
    "explain.as_of": ("This is how it was on {at}.", "Beginilah keadaannya pada {at}."),
    "explain.known_at": (
        "It is what was known on {at}.",
        "Inilah yang diketahui pada {at}.",
    ),
    "explain.balance.shown": (
        "{credit} credit tokens, {chat} chat tokens",
        "{credit} token kredit, {chat} token obrolan",
    ),
    "explain.first_tier": ("the first one", "tingkat awal"),
    "explain.tier.moved": (
        "your tier changed from {before} to {after}{why}.",
        "tingkat Anda berubah dari {before} ke {after}{why}.",
    ),
    "explain.because.first_topup": ("your first top-up", "isi ulang pertama Anda"),
    "explain.because.plan": ("a plan that was paid for", "paket yang dibayar"),
    "explain.because.refund": ("money went back", "uang dikembalikan"),
    "explain.because.subscription_pending": (
        "a subscription that is not paid yet",
        "langganan yang belum dibayar",
    ),
    "explain.because.subscription_active": ("a subscription that is paid", "langganan yang dibayar"),
    "explain.because.subscription_past_due": ("a charge that failed", "tagihan yang gagal"),
    "explain.because.subscription_cancelled": (
        "a subscription that was cancelled",
        "langganan yang dibatalkan",
    ),
    "explain.because.subscription_expired": ("a subscription that ended", "langganan yang berakhir"),
    "explain.because.subscription_withdrawn": (
        "a subscription that turned out not to be yours",
        "langganan yang ternyata bukan milik Anda",
    ),
    "explain.tier.stays": ("your tier stays {tier}.", "tingkat Anda tetap {tier}."),
    "explain.tier.stays_for_good": (
        "your tier stays {tier}, without an end.",
        "tingkat Anda tetap {tier}, tanpa akhir.",
    ),
    "explain.tier.over": ("{tier} ended on {until}.", "{tier} berakhir pada {until}."),
    "explain.plan.over": (
        "Your plan {plan} has ended; it gave access until {until}.",
        "Paket Anda {plan} sudah berakhir; aksesnya sampai {until}.",
    ),
    "explain.tier.ends": (" It holds until {until}.", " Berlaku sampai {until}."),
    "explain.tier.none": (
        "You have the tier that everybody begins with.",
        "Anda berada di tingkat awal semua orang.",
    ),
    "explain.tier.result": ("Your tier is {tier}.", "Tingkat Anda {tier}."),
    "explain.tier.until": (
        "Your tier is {tier} until {until}, then {then}.",
        "Tingkat Anda {tier} sampai {until}, lalu {then}.",
    ),
    "explain.access.none": ("You have no course and no plan.", "Anda tidak punya kelas maupun paket."),
    "explain.course.opened": (
        "the course {course} was opened for you (payment {payment}).",
        "kelas {course} dibuka untuk Anda (pembayaran {payment}).",
    ),
    "explain.course.closed": (
        "the course {course} was closed (payment {payment}).",
        "kelas {course} ditutup (pembayaran {payment}).",
    ),
    "explain.course.open": ("The course {course} is open for you.", "Kelas {course} terbuka untuk Anda."),
    "explain.course.shut": ("The course {course} is closed.", "Kelas {course} tertutup."),
    "explain.plan.is": (
        "your plan {plan} became {status}, with access until {until}.",
        "paket Anda {plan} menjadi {status}, dengan akses sampai {until}.",
    ),
    "explain.plan.gone": (
        "the plan {plan} turned out not to be yours, or to be one with another.",
        "paket {plan} ternyata bukan milik Anda, atau satu dengan yang lain.",
    ),
    "explain.plan.has": (
        "Your plan {plan} is {status}, with access until {until}.",
        "Paket Anda {plan} berstatus {status}, dengan akses sampai {until}.",
    ),
    "explain.bytes": (
        "event #{position}, delivery {delivery}, body SHA-256 {sha}",
        "peristiwa #{position}, kiriman {delivery}, SHA-256 isi {sha}",
    ),
    "explain.equal": (
        "✓ {count} events add up to what the read model shows ({shown}).",
        "✓ {count} peristiwa berjumlah sama dengan yang ditampilkan model baca ({shown}).",
    ),
    "explain.different": (
        "✗ {count} events come to something else than the read model shows ({shown}): lunas projections verify",
        "✗ {count} peristiwa berjumlah lain dari yang ditampilkan model baca ({shown}): lunas projections verify",
    ),
}
