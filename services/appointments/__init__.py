"""What is taken of a business's time, and the people who took it."""
