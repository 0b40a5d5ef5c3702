"""Dashboards for Grafana: what they show, and the files it reads."""
