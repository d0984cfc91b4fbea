"""Everything that is published, its media, and how a user's table becomes content."""
