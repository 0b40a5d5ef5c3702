"""A close as rows for a spreadsheet, and as a page to print: Indonesian first, English beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape
from typing import Any

from console.closing.reading import DailyClose
from console.closing.words import difference_words
from console.messages import text_in
from console.output import rupiah
from console.times import moment

FIGURES: Sequence[str] = (
    "received", "refunded", "fees", "expected_settlement", "settled", "credited", "sold", "written_off", "lost", "held", "held_change",
    "clearing_before", "clearing",
)  # fmt: skip

STYLE = """body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border-bottom:1px solid #bbb;padding:.3rem .5rem;text-align:right}
.wide{overflow-x:auto}td{white-space:nowrap}td:first-child{white-space:normal}th:first-child,td:first-child{text-align:left}small{color:#555;display:block;font-weight:normal}
.sign{margin-top:4rem;display:flex;gap:4rem}.sign div{flex:1;border-top:1px solid #111}@media print{body{margin:0;max-width:none}}"""


def as_csv(close: DailyClose) -> str:
    """A row for each provider, then one for each difference. Amounts in whole rupiah; what nobody tells is empty."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["day", "provider", "payments", *FIGURES, "difference", "difference_idr", "detail"])
    for name, figures in close.figures().items():
        values = ["" if figures[key] is None else figures[key] for key in FIGURES]
        rows.writerow([close.day.isoformat(), name, figures["payments"], *values, "", "", ""])
    for one in close.differences:
        empty = [""] * (len(FIGURES) + 1)
        rows.writerow([close.day.isoformat(), one.provider, *empty, one.kind, one.amount, one.detail])
    return out.getvalue()


def with_total(close: DailyClose) -> dict[str, dict[str, Any]]:
    """Figures by provider, and under no name what all of them come to, where there are several."""
    providers = close.figures()
    return providers | ({"": close.total()} if len(providers) > 1 else {})


def as_page(close: DailyClose) -> str:
    """One page without anything from elsewhere."""
    title = f"{text_in('id', 'close.title')} {close.day.isoformat()}"
    providers = with_total(close)
    head = "".join(f"<th>{escape(name) or _both('close.total')}</th>" for name in providers)
    rows = "".join(
        f"<tr><td>{_both(f'close.{key}')}</td>"
        + "".join(f"<td>{_amount(figures[key])}</td>" for figures in providers.values())
        + "</tr>"
        for key in FIGURES
    )
    differences = "".join(
        f"<li>{escape(difference_words(one, 'id'))} <small>{escape(difference_words(one, 'en'))}</small></li>"
        for one in close.differences
    )
    sealed = close.sealed
    state = (
        _both("close.open") if sealed is None
        else f"{_both('close.sealed')} {escape(str(sealed['by']))}, {moment(sealed['at'])} · {sealed['act_id']}"
    )  # fmt: skip
    found = f"<ul>{differences}</ul>" if differences else f"<p>{_both('close.no_difference')}</p>"
    return (
        f'<!doctype html><html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1><p>{state}</p><div class=wide tabindex=0><table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<h2>{_both('close.differences')}</h2>{found}<p>{_both('close.fees_untold')}</p>"
        f'<div class="sign"><div>{_both("close.made_by")}</div><div>{_both("close.seen_by")}</div></div></html>\n'
    )


def _both(key: str) -> str:
    return f"{escape(text_in('id', key))} <small>{escape(text_in('en', key))}</small>"


def _amount(value: int | None) -> str:
    return "–" if value is None else rupiah(value, "id")
