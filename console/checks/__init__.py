"""What `lunas doctor` looks at, one module per part of the system."""
