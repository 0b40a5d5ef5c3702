"""Held money: whose it may be, and the words of people that bring it home, send it back or close it."""
