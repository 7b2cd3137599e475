"""The audit trail of the pages."""
