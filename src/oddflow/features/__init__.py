"""From records to the numbers that a network reads."""
