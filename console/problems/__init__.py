"""Problems, not lists: what is parked, held or silent, by cause, with the state that people gave it."""
