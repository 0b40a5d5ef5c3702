"""A Scalev store that answers: orders in both generations of its API, products, gateway payments, and signed webhooks."""
