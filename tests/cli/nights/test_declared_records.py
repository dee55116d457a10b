"""What `sources.yaml` declares of CRM exports holds for every command that reads them."""

import json
from pathlib import Path

from tests.support.houses.house import TODAY, House

RULE = """
drops:
  - match: "*.txt"
    kind: crm
    columns: {id: ClientNo, text: Complaint}
    encoding: cp866
"""


def test_parse_and_plan_read_an_export_as_it_is_declared(house: House, tmp_path: Path) -> None:
    config, inbox = tmp_path / "config", tmp_path / "exports"
    for folder in (config, inbox):
        folder.mkdir()
    (config / "sources.yaml").write_text(RULE, encoding="utf-8")
    rows = [f"{number};Где моя карта {number}?" for number in range(3)]
    (inbox / "branch.txt").write_bytes("\r\n".join(["ClientNo;Complaint", *rows, ""]).encode("cp866"))
    ran = house.run("parse", str(inbox / "branch.txt"), LLM_ASSETS_CONFIG=str(config))
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [m["new_text"] for m in found] == [f"Где моя карта {number}?" for number in range(3)]
    planned = house.run(
        *("plan", "--day", TODAY.isoformat(), "--inbox", str(inbox), "--json"), LLM_ASSETS_CONFIG=str(config)
    )
    assert planned.report["steps"]["categories"]["records"]["new"] == 3


def test_a_mistake_in_sources_yaml_is_one_sentence(house: House, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(RULE.replace("cp866", "cp8666"), encoding="utf-8")
    ran = house.run("plan", "--day", TODAY.isoformat(), LLM_ASSETS_CONFIG=str(tmp_path))
    assert ran.code == 2 and ran.said_one_sentence("sources.yaml", "drops.0.encoding", "cp1251")
