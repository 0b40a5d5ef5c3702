"""What every process needs: settings, logs, lifecycle, broker, database, health, metrics, private services.

Knows nothing of payments.
"""
