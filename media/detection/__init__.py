"""What is heard on the line: level, voice, echo, music; what of it reaches the model."""
