"""The door for our applications' writes: customers today; top-ups, orders, spends and refunds later."""
