"""What a refusal means: the one table of the codes, sentences and statuses with which providers and gateways refuse.

Words of one provider mean the same at another, because gateways pass them through, so there is one table for all. A row
says what becomes of the request; which error that is belongs in `resources/providers/errors.py`, what a block does in
`traffic/block.py`. Sources: the providers' and gateways' error references, and public reports that quote an answer:
OpenAI (error codes guide, batch guide), Anthropic (errors, rate limits), Azure OpenAI (content filter, `innererror`),
LiteLLM (budget and key errors of its proxy), OpenRouter (402, moderation), Groq (`blocked_api_access` is its spend limit),
Mistral, Together, vLLM (`{"error": "Unauthorized"}`), Bedrock, Vertex and Gemini (exceptions and status names).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from llm_assets.domain.reason import Reason


class Refused(StrEnum):
    """Why something was refused, by what follows."""

    MONEY = "money"
    """No credit, quota or budget: the provider is blocked until somebody pays or raises a limit."""
    KEY = "key"
    """Key, account or permission: the provider is blocked until somebody corrects it."""
    CONFIGURATION = "configuration"
    """What our settings name does not exist there: the provider is blocked until they are corrected."""
    TRANSIENT = "transient"
    """Passes by itself; the request is sent again."""
    QUEUE_FULL = "queue_full"
    """Nothing ran, and the same input may be sent later."""
    TOO_LARGE = "too_large"
    """A smaller batch may be accepted; a request alone goes to a person."""
    CONTENT_FILTER = "content_filter"
    """A filter found the content unfit: goes to a person."""


ACCOUNT = frozenset({Refused.MONEY, Refused.KEY, Refused.CONFIGURATION})
"""Concern the account or its settings and no single request: they block the provider, and no request pays for them."""

CURES: Mapping[Refused, str] = {
    Refused.MONEY: "raise the limit or add credit",
    Refused.KEY: "check the key, its account and what it may use",
    Refused.CONFIGURATION: "check `models` and the base URL of the profile",
}

UNCODED: Mapping[Refused, str] = {
    Refused.MONEY: "no_credit",
    Refused.KEY: "not_allowed",
    Refused.TOO_LARGE: "context_length_exceeded",
    Refused.CONTENT_FILTER: "content_filter",
}
"""The code that we give a refusal which says only in a sentence what it means: sentences are not kept, they may quote."""

_CODES: Mapping[Refused, tuple[str, ...]] = {
    Refused.MONEY: (
        *("blocked_api_access", "billing_error", "billing_hard_limit_reached", "billing_not_active"),
        *("insufficient_quota", "budget_exceeded", "payment_required", "BILLING_DISABLED", "credit_limit"),
        *("Arrearage", "access_not_active"),
    ),
    Refused.KEY: (
        *("invalid_api_key", "incorrect_api_key", "authentication_error", "invalid_authentication"),
        *("unauthorized", "unauthenticated", "forbidden", "request_forbidden"),
        *(
            "permission_error",
            "permission_denied",
            "insufficient_permissions",
            "missing_scope",
            "missing_scopes",
        ),
        *("access_denied", "AccessDeniedException", "access_terminated", "account_deactivated"),
        *("account_disabled", "account_suspended", "account_locked", "user_suspended", "user_deactivated"),
        *(
            "organization_deactivated",
            "organization_disabled",
            "organization_restricted",
            "invalid_organization",
        ),
        *("mismatched_organization", "mismatched_project", "invalid_project", "project_archived"),
        *(
            "api_key_expired",
            "expired_api_key",
            "expired_key",
            "key_expired",
            "token_expired",
            "ExpiredToken",
        ),
        *("ExpiredTokenException", "api_key_revoked", "key_revoked", "token_revoked", "key_disabled"),
        *("api_key_disabled", "UnrecognizedClientException", "InvalidSignatureException", "API_KEY_INVALID"),
        *("ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING"),
        *("API_KEY_SERVICE_BLOCKED", "CONSUMER_SUSPENDED", "CONSUMER_INVALID", "ip_not_authorized"),
        *("unsupported_country_region_territory", "key_model_access_denied", "team_model_access_denied"),
        *(
            "user_model_access_denied",
            "project_model_access_denied",
            "token_not_found_in_db",
        ),
    ),
    Refused.CONFIGURATION: (
        *("model_not_found", "DeploymentNotFound", "unknown_url", "SERVICE_DISABLED", "model_decommissioned"),
        *("model_not_available", "unsupported_model", "OperationNotSupported", "ResourceNotFoundException"),
        *("unknown_model", "api_version_not_supported"),
    ),
    Refused.QUEUE_FULL: ("token_limit_exceeded", "EnqueuedTokenLimitExceeded"),
    Refused.TOO_LARGE: (
        *(
            "context_length_exceeded",
            "request_too_large",
            "too_many_tasks",
            "file_too_large",
            "batch_too_large",
        ),
        *("max_file_size_exceeded", "payload_too_large", "content_too_large", "RequestEntityTooLarge"),
        *("EntityTooLarge", "string_above_max_length", "array_above_max_length", "too_many_lines"),
        *("max_batch_size_exceeded", "input_too_long", "prompt_too_long"),
    ),
    Refused.CONTENT_FILTER: (
        *("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "moderation_blocked"),
        *("content_filtered", "ContentPolicyViolationError", "PROHIBITED_CONTENT", "DataInspectionFailed"),
        *("moderation_error", "ContentFilterError"),
    ),
}
"""Written as the providers do; case, `_` and `-` make no difference."""

_TRANSIENT: Mapping[str, Reason] = {
    "rate_limit_error": Reason.RATE_LIMIT,
    "rate_limit_exceeded": Reason.RATE_LIMIT,
    "requests": Reason.RATE_LIMIT,
    "tokens": Reason.RATE_LIMIT,
    "slow_down": Reason.RATE_LIMIT,
    "throttling_error": Reason.RATE_LIMIT,
    "ThrottlingException": Reason.RATE_LIMIT,
    "TooManyRequests": Reason.RATE_LIMIT,
    "RESOURCE_EXHAUSTED": Reason.RATE_LIMIT,
    "overloaded_error": Reason.OVERLOADED,
    "server_is_overloaded": Reason.OVERLOADED,
    "engine_overloaded": Reason.OVERLOADED,
    "ServiceUnavailableException": Reason.OVERLOADED,
    "UNAVAILABLE": Reason.OVERLOADED,
    "timeout_error": Reason.TIMEOUT,
    "request_timeout": Reason.TIMEOUT,
    "DEADLINE_EXCEEDED": Reason.TIMEOUT,
    "api_error": Reason.SERVER_ERROR,
    "server_error": Reason.SERVER_ERROR,
    "internal_error": Reason.SERVER_ERROR,
    "InternalServerException": Reason.SERVER_ERROR,
    "INTERNAL": Reason.SERVER_ERROR,
    "UNKNOWN": Reason.SERVER_ERROR,
    "ABORTED": Reason.SERVER_ERROR,
    "DATA_LOSS": Reason.SERVER_ERROR,
}

_PARTS: Mapping[str, Refused] = {
    "spend_limit": Refused.MONEY,
    "usage_limit": Refused.MONEY,
    "credit_balance": Refused.MONEY,
    "billing": Refused.MONEY,
    "on_hold": Refused.MONEY,
    "exceeded_budget": Refused.MONEY,
    "insufficient_credit": Refused.MONEY,
    "insufficient_balance": Refused.MONEY,
    "insufficient_funds": Refused.MONEY,
    "quota_exceeded": Refused.MONEY,
}
"""Parts of codes of which there are many."""

_SENTENCES: Mapping[Refused, tuple[str, ...]] = {
    Refused.MONEY: (
        "your credit balance is too low",
        "credit balance is too low",
        "you have reached your specified api usage limits",
        "you exceeded your current quota, please check your plan and billing",
        "billing hard limit has been reached",
        "your account is not active, please check your billing",
        "insufficient credit",
        "your prepayment credits are depleted",
        "insufficient balance",
        "insufficient quota",
        "this request requires more credits",
        "key limit exceeded",
        "credit limit exceeded",
        "budget has been exceeded",
        "exceededbudget",
        "exceeded budget",
        "crossed budget",
        "crossed spend",
        "you have run out of credits",
        "inactive subscription or usage limit reached",
        "your account is on hold",
        "your organization is on hold",
        "account on hold",
    ),
    Refused.KEY: (
        "incorrect api key provided",
        "invalid x-api-key",
        "invalid api key",
        "invalid bearer token",
        "invalid proxy server token passed",
        "expired key",
        "api key expired",
        "api key has expired",
        "this api key has been",
        "your api key has been",
        "oauth token has been revoked",
        "oauth token has expired",
        "oauth authentication is currently not allowed",
        "this organization has been disabled",
        "your organization has been disabled",
        "organization has been restricted",
        "your account has been",
        "your access was terminated",
        "you have insufficient permissions for this operation",
        "missing scopes",
        "country, region, or territory not supported",
        "you must be a member of an organization",
        "your api key does not have permission",
        "key not allowed to access model",
        "unauthorized",
        "access denied",
        "permission denied",
    ),
    Refused.CONFIGURATION: ("the api deployment for this resource does not exist",),
    Refused.QUEUE_FULL: ("enqueued token limit reached",),
    Refused.TOO_LARGE: (
        "prompt is too long",
        "the input token count",
        "request payload size exceeds the limit",
        "input is too long",
        "input length and `max_tokens` exceed context limit",
        "this model's maximum context length is",
        "file is too large",
        "the file is too large",
        "file too large",
        "file size exceeds",
        "the batch input file is larger than",
        "the batch input file is too large",
        "batch input file is too large",
        "batch is too large",
        "batch size exceeds",
        "too many requests in batch",
        "too many requests in the batch",
        "maximum content size limit",
        "maximum request size exceeded",
        "request exceeds the maximum",
        "request size exceeds",
        "request too large",
        "request body too large",
        "request entity too large",
        "payload too large",
    ),
    Refused.CONTENT_FILTER: (
        "output blocked by content filtering policy",
        "the response was filtered due to the prompt triggering",
        "your request was rejected as a result of our safety system",
        "your request was rejected by the safety system",
        "your prompt was flagged",
        "your input was flagged",
        "the content was filtered",
        "contentpolicyviolationerror",
    ),
}
"""How a sentence of a message begins, in lower case, where no code says it."""

_STATUSES: Mapping[int, Refused] = {
    401: Refused.KEY,
    402: Refused.MONEY,
    403: Refused.KEY,
    413: Refused.TOO_LARGE,
}

_HEAD = 400
"""Characters of a message that are read: what follows may quote the request."""
_BEGINS = re.compile(r"""^|"message":\s*"|: | - |\.\s""")


def _plain(code: str) -> str:
    return code.lower().replace("_", "").replace("-", "")


_KIND_OF = {
    **{_plain(code): kind for kind, code in UNCODED.items()},
    **{_plain(code): kind for kind, codes in _CODES.items() for code in codes},
    **{_plain(code): Refused.TRANSIENT for code in _TRANSIENT},
}
_REASON_OF = {_plain(code): reason for code, reason in _TRANSIENT.items()}
_PART_OF = {_plain(part): kind for part, kind in _PARTS.items()}
_REASONS = {
    Refused.MONEY: Reason.NOT_ALLOWED,
    Refused.KEY: Reason.NOT_ALLOWED,
    Refused.CONFIGURATION: Reason.MISCONFIGURED,
    Refused.QUEUE_FULL: Reason.QUEUE_FULL,
    Refused.TOO_LARGE: Reason.TOO_LARGE,
    Refused.CONTENT_FILTER: Reason.REFUSED,
}


def rows() -> Iterator[tuple[str, str | int, Refused]]:
    """Every row of the table: where the word stands (`code`, `part`, `sentence`, `status`), the word, what it means."""
    for kind, codes in _CODES.items():
        yield from (("code", code, kind) for code in codes)
    yield from (("code", code, Refused.TRANSIENT) for code in _TRANSIENT)
    yield from (("part", part, kind) for part, kind in _PARTS.items())
    for kind, sentences in _SENTENCES.items():
        yield from (("sentence", sentence, kind) for sentence in sentences)
    yield from (("status", status, kind) for status, kind in _STATUSES.items())


def kind_of(code: str) -> Refused | None:
    """What a code means; None for one that the table does not have."""
    plain = _plain(code)
    known = _KIND_OF.get(plain)
    if known is not None:
        return known
    return next((kind for part, kind in _PART_OF.items() if part in plain), None)


def classify(
    *, codes: Iterable[str] = (), kind: str = "", message: str = "", status: int | None = None
) -> Refused | None:
    """What a refusal means, by the most particular word: a code, a sentence, the type of the error, the status.

    None for words that the table does not have: the status decides then whether the refusal passes.
    """
    for code in codes:
        if (found := kind_of(code)) is not None:
            return found
    found = _kind_of_message(message) or kind_of(kind)
    return found if found is not None or status is None else _STATUSES.get(status)


def _kind_of_message(message: str) -> Refused | None:
    head = message[:_HEAD].lower()
    beginnings = [head[match.end() :] for match in _BEGINS.finditer(head)]
    for kind, sentences in _SENTENCES.items():
        if any(begin.startswith(sentences) for begin in beginnings):
            return kind
    return None


def reason_of_code(code: str) -> Reason | None:
    """As what a failure with this code is counted; None for one that the table does not have."""
    kind = kind_of(code)
    return _REASON_OF.get(_plain(code)) if kind is Refused.TRANSIENT else _REASONS.get(kind) if kind else None
