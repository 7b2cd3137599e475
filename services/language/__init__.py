"""Text and numbers from callers, made safe and uniform. Pure."""
