"""Messages that leave the house: SMS and webhooks, sent once."""
