"""Reminders: who is to be reminded of what, and the limits on it."""
