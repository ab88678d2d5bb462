"""When a failed input is tried again, by the policy its function declares."""

from __future__ import annotations

from modal_proto import api_pb2


def retry_delay_s(policy: api_pb2.FunctionRetryPolicy, failures: int) -> float | None:
    """Seconds to wait after this many failures; None when the caller gets the failure."""
    if failures < 1 or failures > policy.retries:
        return None
    coefficient = policy.backoff_coefficient or 1.0
    longest_ms = policy.max_delay_ms or 60_000
    delay_ms = float(policy.initial_delay_ms)
    for _ in range(failures - 1):
        if delay_ms >= longest_ms:
            break
        delay_ms *= coefficient
    return min(delay_ms, longest_ms) / 1000
