"""The database: transactions, one business at a time, the schema."""
