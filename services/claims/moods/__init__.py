"""When an act that is named is no claim, one file for each language."""
