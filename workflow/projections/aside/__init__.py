"""Folding in processes of their own: a rebuild has more than one processor, and a service beside it all of its own."""
