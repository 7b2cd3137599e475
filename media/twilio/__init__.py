"""The leg to Twilio: protocol, socket, reader, sender and the clock it is paced by."""
