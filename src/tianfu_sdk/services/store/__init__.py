"""The whole store: kept, moved, checked, kept in step."""
