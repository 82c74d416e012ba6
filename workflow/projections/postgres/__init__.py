"""Projections kept in PostgreSQL, in the schema ``projections``; what analysts read is in the schema ``analytics``."""
