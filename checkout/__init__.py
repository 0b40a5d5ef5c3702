"""Door for our applications: top-ups, orders, spends, refunds, licences. Nothing here yet."""
