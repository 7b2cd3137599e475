"""What hears and speaks: the interface, and the engines behind it."""
