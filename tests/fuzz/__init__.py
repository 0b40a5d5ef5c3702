"""Fuzzers for whatever strangers' bytes go through: verify, parse, translate, outcome, fold.

`make fuzz` looks for bytes that break a target, by coverage; `python -m tests.fuzz TARGET SECONDS` where atheris is not installed by chance. What was found once,
and what a target should begin with, is in `corpus/TARGET/` and runs with the unit tests.
"""
