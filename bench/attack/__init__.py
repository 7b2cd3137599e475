"""The campaign of attacks: what strangers send while calls go on, and what attackers say on the telephone."""
