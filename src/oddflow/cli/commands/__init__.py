"""One file a command. Each has NAME, EXAMPLE, NEEDS_ARGUMENTS and run()."""
