"""Contracts between the rooms: identifiers, money, events, envelope, topology, catalogue. Pure: no I/O, no clock."""
