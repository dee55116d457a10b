"""What the engine needs from the outside world, a file for each consumer. Adapters are in `resources/`; one behaviour
suite tests each."""
