"""How the operator page looks, in the light and in the dark, on a screen and on a phone; and the hash that lets only this through."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#59636e;--line:#d8dee4;--box:#f2f4f6;--bad:#a40e26;--good:#116329}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem;color:var(--ink);background:var(--paper)}
header{display:flex;justify-content:space-between;align-items:baseline}a{color:inherit}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .25rem}ul{padding-left:1.25rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;font-size:.9rem}tbody th{font-weight:400;overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap;width:7rem}th:last-child,td:last-child{padding-right:0}
code{background:var(--box);padding:.1rem .3rem;overflow-wrap:anywhere}.soft{color:var(--soft)}.bad{color:var(--bad)}.good{color:var(--good)}
@media(max-width:40rem){table{font-size:.85rem}thead th{font-size:.8rem}th,td{padding-right:.6rem}.n{width:auto}}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--soft:#9198a1;--line:#30363d;--box:#1f242c;--bad:#ff7b72;--good:#7ee787}}
"""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http:%2F%2Fwww.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='8' fill='%23{colour}'/%3E%3C/svg%3E"
)
"""A dot in the tab, green or red. In the page itself: the policy forbids asking for /favicon.ico."""

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy: this style and the icon, and nothing else from anywhere."""
