"""What is done about a night that may miss its deadline: its forecast and the way up the ladder."""
