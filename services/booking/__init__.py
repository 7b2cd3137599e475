"""The booking side of a call: what was said in, [SERVER] facts out."""
