"""What is no language in a text: addresses, markup and placeholders, as one spelling of each."""

from __future__ import annotations

__all__ = ["ADDRESS", "MARKUP", "SLOT"]

ADDRESS = r"(?i:https?)://[^\s<>\"'，。！？；、（）【】《》།༎]+"
"""An address; it ends where Chinese or Tibetan punctuation goes on."""
MARKUP = r"</?[A-Za-z][^<>]*>|&(?:[A-Za-z]+|#\d+|#x[0-9A-Fa-f]+);"
"""A tag or an entity."""
SLOT = r"\$\{\w+\}|\{\{?[\w.]*\}?\}|%\(\w+\)[sd]|%[sd]"
"""A placeholder: of an SMS template, of `str.format`, of `%`."""
