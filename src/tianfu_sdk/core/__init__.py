"""Verbs: pure rules over nouns, without I/O, clock or chance of their own."""
