"""The demo: the whole service once, on sample data."""

__all__: list[str] = []
