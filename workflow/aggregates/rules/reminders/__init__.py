"""Reminders: who is to be reminded of what, and the limits on it."""

from workflow.aggregates.rules.reminders.limits import next_reminder, remind

__all__ = ["next_reminder", "remind"]
