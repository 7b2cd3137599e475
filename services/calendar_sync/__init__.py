"""A person's own calendar elsewhere (Google, CalDAV, an ICS address), kept in step with ours (K5)."""
