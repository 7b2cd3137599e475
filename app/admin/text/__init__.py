"""How things are said and drawn on pages, Hebrew and English."""
