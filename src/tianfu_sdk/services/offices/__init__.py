"""Organizations and the regions they stand in."""
