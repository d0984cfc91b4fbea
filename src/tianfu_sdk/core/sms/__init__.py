"""Planning, limits and routes of science SMS."""
