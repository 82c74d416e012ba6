"""What goes out to other services: the events that are public, and the reminders, over JetStream.

It reads the log from a position of its own. It never runs in a rebuild, and never offline.
"""
