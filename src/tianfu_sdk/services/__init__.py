"""Desks: thin services that allow, decide, do, record and tell; one file a noun."""
