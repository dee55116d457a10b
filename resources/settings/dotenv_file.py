"""The file `.env` of the working folder, as variables of this process. Nothing of its content is ever quoted."""

from pathlib import Path

from dotenv import load_dotenv

from llm_assets.domain.errors import ConfigurationError


def read_dotenv() -> None:
    """Sets what it holds and the environment does not; the SDKs read the environment only. Raises ConfigurationError."""
    try:
        load_dotenv(Path(".env"))
    except (OSError, ValueError) as err:
        raise unreadable(err) from err


def unreadable(err: Exception) -> ConfigurationError:
    """What a `.env` that is no text of settings is to a person."""
    why = err.strerror if isinstance(err, OSError) and err.strerror else "it is not a text in UTF-8"
    return ConfigurationError(
        f".env in {Path.cwd()} cannot be read: {why}; write NAME=value lines or remove it"
    )
