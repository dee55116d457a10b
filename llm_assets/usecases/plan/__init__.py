"""What a night would send and cost, before any call is paid for."""
