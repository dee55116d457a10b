"""What Gemini's answers must look like, as far as we rely on it. Checked in strict mode; unknown fields are allowed."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=False)


class Nothing(Shape):
    """The answer to a cancel."""


class Stats(Shape):
    """An int64 is text in JSON, and a zero is left out."""

    request_count: str | None = Field(None, pattern=r"^\d+$")
    successful_request_count: str | None = Field(None, pattern=r"^\d+$")
    failed_request_count: str | None = Field(None, pattern=r"^\d+$")
    pending_request_count: str | None = Field(None, pattern=r"^\d+$")


class BatchMetadata(Shape):
    name: str = Field(pattern=r"^batches/[^/]+$")
    model: str = Field(pattern=r"^models/")
    display_name: str
    state: str
    create_time: AwareDatetime
    batch_stats: Stats = Stats()
    priority: str | None = None


class RpcStatus(Shape):
    code: int
    message: str = ""
    details: list[dict[str, Any]] = []


class Operation(Shape):
    """A batch: its own fields are the metadata of an operation."""

    name: str = Field(pattern=r"^batches/[^/]+$")
    metadata: BatchMetadata
    done: bool = False
    response: dict[str, Any] | None = None
    error: RpcStatus | None = None


class OperationList(Shape):
    operations: list[Operation] = []
    next_page_token: str = ""


class StoredFile(Shape):
    name: str = Field(pattern=r"^files/[^/]+$")
    display_name: str | None = None
    size_bytes: str = Field(pattern=r"^\d+$")
    state: str


class Uploaded(Shape):
    file: StoredFile


class FileList(Shape):
    files: list[StoredFile] = []
    next_page_token: str = ""


class Part(Shape):
    text: str | None = None
    thought: bool = False


class Content(Shape):
    parts: list[Part] = []
    role: str | None = None


class Candidate(Shape):
    content: Content = Content()
    finish_reason: str | None = None
    index: int = 0


class UsageMetadata(Shape):
    prompt_token_count: int = 0
    cached_content_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    total_token_count: int = 0


class Generated(Shape):
    candidates: list[Candidate] = []
    prompt_feedback: dict[str, Any] | None = None
    usage_metadata: UsageMetadata
    model_version: str | None = None
