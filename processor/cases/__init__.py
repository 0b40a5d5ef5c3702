"""What the facts say about one payment or subscription, and what we have said of it. Pure."""
