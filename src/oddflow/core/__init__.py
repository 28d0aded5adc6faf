"""The vocabulary of oddflow. Imports the standard library and numpy, and nothing of ours."""
