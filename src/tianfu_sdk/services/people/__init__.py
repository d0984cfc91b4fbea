"""Whoever has a name here: accounts, subscribers, those who register; exported and erased whole."""
