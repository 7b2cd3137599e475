"""The world on this machine: a Twilio caller and a Realtime model that speak the real protocols."""
