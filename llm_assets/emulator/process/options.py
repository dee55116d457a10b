"""The options an emulator is started with. Plain values only, so that importing this costs nothing."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """Everything `serve` needs. `home` holds batches, files and results and survives a restart."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free port; see `port_file`."""
    latency: float = 1.0
    """Seconds of the emulator's clock from creating a batch to its end; 0 ends it at the next look."""
    seed: int = 0
    scenario: Path | None = None
    record: Path | None = None
    port_file: Path | None = None
    exit_with_parent: int | None = None
    """Process id: the emulator ends soon after that process does."""
