"""Desks: thin services that allow, decide, do, record, tell; a file a noun, a room a subject."""
