"""The whole system on real services, while everything in it is killed, frozen, cut off and filled up; `python -m tests.torture`."""
