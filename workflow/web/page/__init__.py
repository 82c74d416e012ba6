"""Pages for people: whom to contact now, and why; how the programme goes; one relationship. Made on the server.

They are no part of the API: what they say may change, and programs read `/v1`.
"""
