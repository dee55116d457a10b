"""Simulate a file's nights and show them: a table, a picture in the home, and JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_assets.usecases.desk.desk import configured_desk
from llm_assets.usecases.simulate.picture import picture
from llm_assets.usecases.simulate.scenario import load_simulation
from llm_assets.usecases.simulate.shown import json_of, lines_of
from llm_assets.usecases.simulate.simulate import simulate
from resources.private_files import make_private


@dataclass(frozen=True, slots=True)
class Shown:
    lines: list[str]
    json: dict[str, Any]
    picture: Path


def show_simulation(name: str, on_night: Callable[[str, int, int], None]) -> Shown:
    """`name` is a file or a shipped simulation. Raises ConfigurationError."""
    settings = configured_desk().settings
    simulation = load_simulation(name)
    found = simulate(simulation, settings, on_night)
    folder = settings.home.resolve() / "simulations"
    make_private(folder.parent)
    make_private(folder)
    path = folder / f"{Path(name).stem}.svg"
    path.write_text(picture(simulation.title, found), encoding="utf-8")
    return Shown(lines_of(simulation.title, found), json_of(simulation.title, found), path)
