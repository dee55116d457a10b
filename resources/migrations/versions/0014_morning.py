"""What the morning keeps: below which confidence a night asked people and which cases are drawn for the control set, drafts
that were put into a mailbox, texts about a night and its parts, and news that people are told. The newest
decision of a day is found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _thresholds()
    _drafts()
    _texts()
    _notices()
    op.create_index("ix_decisions_day", "decisions", ["day", "id"])


def _thresholds() -> None:
    op.create_table(
        "review_thresholds",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("queue", sa.Text, primary_key=True),
        sa.Column("review_below", sa.Float, nullable=True),
    )
    op.create_table(
        "drawn",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("drawn_by", sa.Text, nullable=False),
        sa.Column("drawn_at", _INSTANT, nullable=False),
    )


def _drafts() -> None:
    op.create_table(
        "handed_over",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("at", _INSTANT),
    )
    op.create_index("ix_handed_over_day", "handed_over", ["day"])


def _texts() -> None:
    op.create_table(
        "part_texts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("queues", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("written_by", sa.Text, nullable=False),
        sa.Column("written_at", _INSTANT, nullable=False),
    )
    op.create_index("uq_part_texts", "part_texts", ["day", "part", "number"], unique=True)


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("notice", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("raised_at", _INSTANT, nullable=False),
    )
    op.create_index("ix_notices_raised", "notices", ["raised_at"])
    op.create_table(
        "notices_told",
        sa.Column("notice", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try", _INSTANT),
        sa.Column("told_at", _INSTANT),
        sa.Column("said", sa.Text, nullable=False),
    )
    held = sa.text("held IS NOT NULL")
    op.create_index("ix_requests_held", "requests", ["request_id"], sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    op.drop_index("ix_decisions_day", "decisions")
    op.drop_index("ix_requests_held", "requests")
    op.drop_table("notices_told")
    op.drop_table("notices")
    op.drop_table("part_texts")
    op.drop_table("handed_over")
    op.drop_table("drawn")
    op.drop_table("review_thresholds")
