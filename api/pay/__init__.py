"""The payment page: what a customer of an application without pages of its own sees, pays on, and keeps as a receipt."""
