"""What make calls. Thin: a command finds its network, calls one room or the nightly job, and prints."""
