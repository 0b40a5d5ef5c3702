"""Money that goes back: refunds that applications and operators ask for, and those that were made at the provider."""
