"""Every named step at which a process can die, killed there by SIGKILL again and again while webhooks come in, and judged by the witness."""
