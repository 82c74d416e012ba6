"""What calendars and booking services send as they send it, translated into the messages of our contract.

One file a provider, which translates and does nothing else: no clock, no storage, no network.
"""
