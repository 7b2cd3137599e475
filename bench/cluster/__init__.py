"""A cluster on this machine: three hosts, a balancer, PostgreSQL with a standby, Redis (O1)."""
