"""Why a request is asked at once, outside the plan of its night: somebody waits for it, so the deadline ladder leaves it alone."""

WAITED_FOR = "a person waits for it"
FOR_A_CALLER = "a caller waits for it"
AS_IT_LANDS = "is it urgent? asked as the mail lands"
AT_ONCE = frozenset({WAITED_FOR, FOR_A_CALLER, AS_IT_LANDS})
"""As the ledger keeps it with the batch (`route_why`)."""
