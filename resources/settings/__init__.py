"""Settings from the environment and `.env`, and the YAML files that people edit."""
