"""The read API: HTTP over the read models, with the position and the lag of everything it says."""
