"""Pushes drafts in a process of its own, which ends itself at a given moment as kill -9 would.

Arguments: folder of a DeskWithDrafts with its accounts as JSON, mailbox, moment as `<before|after>:<what>:<how many times>`.
"""

import json
import sys
from pathlib import Path

from llm_assets.usecases.drafts.push import push
from resources.ledger.transactions.handed_over import SqlHandedOver
from resources.mail.imap.drafts_folder import DraftsFolder
from tests.support.dying import arm
from tests.support.houses.desk_with_drafts import DeskWithDrafts
from tests.support.mail.invented_documents import DAY

CALLS: dict[str, tuple[type, str]] = {
    "begin": (SqlHandedOver, "begin"),
    "add": (DraftsFolder, "add"),
    "finish": (SqlHandedOver, "finish"),
}


def main() -> None:
    folder, accounts, mailbox, moment = sys.argv[1:]
    arm(moment, CALLS)
    desk = DeskWithDrafts(Path(folder), json.loads(accounts))
    push(desk.assembly, DAY, mailbox, "lena")
    desk.close()


if __name__ == "__main__":
    main()
