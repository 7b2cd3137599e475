"""Our websocket stack, for both sides of a call: framing, buffered reading, keep-alive, TLS."""
