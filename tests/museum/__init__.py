"""A museum of bugs that payment systems have had: each is planted, and must be caught. `python -m tests.museum`."""
