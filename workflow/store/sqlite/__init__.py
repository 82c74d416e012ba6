"""Facts kept in files of SQLite: of one process, for one machine."""
