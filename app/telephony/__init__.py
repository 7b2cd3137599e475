"""What Twilio asks by HTTP and by socket."""
