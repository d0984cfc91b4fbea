"""Campaigns of science SMS, from the draft to the last receipt."""
