"""Every alert tried by Prometheus' own tool: what makes it speak, what must not, and not before its time."""
