"""Workers that are killed, a provider that counts, and stores to begin from."""
