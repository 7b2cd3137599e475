"""What becomes of the calendar when a business changes who works there."""
