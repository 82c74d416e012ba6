"""The programme's questions: what dashboards and analysts ask of many relationships together."""
