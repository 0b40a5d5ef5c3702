"""A Xendit account that answers: both generations of its payment API over one state, and the webhooks that follow."""
