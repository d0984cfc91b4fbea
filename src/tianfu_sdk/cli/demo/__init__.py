"""The demo: the whole service once, on sample data."""
