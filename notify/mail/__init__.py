"""Mail to customers: whom, in which words, by which way."""
