"""Verbs: pure rules over nouns; no I/O, no clock, no randomness of their own; a room a subject."""
