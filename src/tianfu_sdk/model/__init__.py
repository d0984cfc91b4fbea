"""Nouns: frozen values that the whole house speaks in, and those that cross a port."""
