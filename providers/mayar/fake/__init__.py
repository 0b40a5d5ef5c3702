"""A Mayar merchant that answers: invoices, payments, transactions, licences, members, and the history of its webhooks."""
