"""Keeps projections up with the log, and folds them anew: page by page, in a thread, as it is asked."""
