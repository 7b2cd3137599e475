"""The carrier's side of a call: a simulated Twilio caller, its playback buffer, and a fake of the REST API."""
