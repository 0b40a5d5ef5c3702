"""Sets a fresh machine up: the virtual environment, and the programs of PostgreSQL and RabbitMQ.

Runs with the system's Python before the virtual environment exists, so it uses the standard library only.
"""
