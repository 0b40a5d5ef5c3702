"""Why a balance, an access or a tier is what it is: every event that moved it, down to the bytes."""
