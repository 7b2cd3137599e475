"""How long a test waits for what must come. Nobody promises this time: it is long because the machine may be busy."""

PATIENCE_S = 120.0
