"""Words into wishes: the built-in parser and the chat model that reads along (A1)."""
