"""Facts kept in PostgreSQL: for as many processes and machines as there are."""
