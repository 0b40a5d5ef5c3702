"""A developer's machine: installation, private services, supervisor. It is told by its caller what to start."""
