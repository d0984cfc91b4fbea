"""Processes that write, work and read while servers die, and diaries of what they were told."""
