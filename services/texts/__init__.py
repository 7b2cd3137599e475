"""What customers do about their appointments without calling: answers to messages, and the link's page (K6)."""
