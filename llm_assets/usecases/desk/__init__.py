"""What every use case is given: the adapters of one process, and how a process opens them."""
