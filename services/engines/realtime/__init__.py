"""The OpenAI Realtime engine: its dialect, its socket, its session."""
