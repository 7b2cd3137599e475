"""What a call leaves behind: its turns and its sound, on their way to the database."""
