"""Replays with a preview: plan, look, apply; shared by the command, the pages and bulk commands."""
