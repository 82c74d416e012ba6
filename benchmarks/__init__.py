"""What the service does in a second, beside the documented way and beside the limit; `make bench` runs it."""
