"""What happened: audit, events, the daily roll-up and the indicators made of it."""
