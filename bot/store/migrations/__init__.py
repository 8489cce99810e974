"""How the database came to its present form; Alembic runs what is missing at every start."""
