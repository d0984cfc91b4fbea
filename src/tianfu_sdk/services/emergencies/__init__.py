"""Emergencies and the plans that answer them."""
