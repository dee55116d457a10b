"""The command `reconcile`."""


def reconcile() -> None:
    """Adopt or close what a crash left between us and the provider, and print what was done."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night import reconcile as use_case

    with open_desk() as assembly:
        found = use_case.reconcile(assembly)
    for batch, now in found:
        moved = f"{batch.state} -> {now.state}" if now.state is not batch.state else f"still {now.state}"
        print(
            f"{batch.batch_id}  {batch.day}  {batch.step}  {moved}  {now.provider_batch_id or '-'}  {now.detail}"
        )
    waiting = sum(each.is_unclear for each in found)
    print(f"{len(found)} open batches, {waiting} still to be reconciled")
