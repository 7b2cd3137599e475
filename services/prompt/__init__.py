"""The fixed wording of prompt and sentences, per language."""
