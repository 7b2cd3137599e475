"""One live call: frames, gate, turn, barge-in, playout, sender."""
