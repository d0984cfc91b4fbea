"""Regions, and how they changed."""
