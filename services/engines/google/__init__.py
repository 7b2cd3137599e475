"""The cascade: Google's recogniser, a chat model, Google's voice, behind the engine interface (C1)."""
