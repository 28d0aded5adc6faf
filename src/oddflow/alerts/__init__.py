"""Alerts in the forms that others read, and what an attack they may be."""
