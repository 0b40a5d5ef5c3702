"""Private PostgreSQL and RabbitMQ for development, demo, benchmarks and tests, and the supervisor of `make run`.

Everything but `supervisor.py`, `confirming.py` and `instance.py` uses the standard library only, so that the set-up can use it before the
virtual environment exists. Nothing here runs in production.
"""
