"""What a command's process needs before any desk is opened: the variables of `.env`, and lines without secrets."""

from resources.settings.dotenv_file import read_dotenv
from resources.settings.secrets import without_secrets

__all__ = ["read_dotenv", "without_secrets"]
