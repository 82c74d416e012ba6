"""Projections kept in a file."""
