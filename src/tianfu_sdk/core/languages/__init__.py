"""Translations, glossaries and memories, decided."""
