"""How facts are kept: the only floor that knows of SQL, encryption and stored forms.

``EventStore`` reads what happened; ``Writer`` is the one thread that adds to it, a ``Transaction`` at a time.
"""
