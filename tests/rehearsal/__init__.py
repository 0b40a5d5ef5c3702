"""The deployment of `deploy/`, run for real in containers of its own: under load, restarted, killed, upgraded, and judged by the witness.

Nothing is written into the checkout: a copy with ports, secrets and names of its own is what runs, and all of it is taken down again.
"""
