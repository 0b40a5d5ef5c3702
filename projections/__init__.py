"""From the log to read models: balances, subscriptions, enrollments, payments, suspense, ledger, and the API that shows them."""
