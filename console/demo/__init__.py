"""`make demo`: a day of provider webhooks through a real, private instance, what came of it, and proof that it is right."""
