"""What the server counts, as Prometheus reads it: requests, rows, seconds, and what waits."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from contrafact import __version__

EDGES_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counts:
    """Numbers that only grow while the process lives."""

    def __init__(self) -> None:
        self.began = time.time()
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.rows: Counter[str] = Counter()
        self.gone = 0
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(EDGES_SECONDS) + 1))
        self._seconds: Counter[str] = Counter()

    def answered(self, model: str, action: str, status: int, seconds: float) -> None:
        """Count an answer.

        Arguments:
            model: The model's name, empty where none was asked.
            action: What was asked; one of few words, never a path.
            status: How it ended.
            seconds: How long it took.
        """
        self.requests[model, action, status] += 1
        self._seconds[action] += seconds  # type: ignore[assignment]
        place = next((place for place, edge in enumerate(EDGES_SECONDS) if seconds <= edge), len(EDGES_SECONDS))
        self._buckets[action][place] += 1

    def text(self, waiting: Iterable[tuple[str, int, int]], ready: bool) -> str:
        """Write all numbers down.

        Arguments:
            waiting: Of each model its name, the requests that are open, and the pieces of work that wait.
            ready: Whether the models are loaded.
        """
        lines = [
            "# TYPE contrafact_info gauge",
            f'contrafact_info{{version="{__version__}"}} 1',
            "# TYPE contrafact_start_time_seconds gauge",
            f"contrafact_start_time_seconds {self.began:.3f}",
            "# TYPE contrafact_ready gauge",
            f"contrafact_ready {int(ready)}",
            "# HELP contrafact_clients_gone_total Clients that left before their answer.",
            "# TYPE contrafact_clients_gone_total counter",
            f"contrafact_clients_gone_total {self.gone}",
            "# TYPE contrafact_requests_total counter",
        ]
        for (model, action, status), count in sorted(self.requests.items()):
            lines.append(f'contrafact_requests_total{{model="{model}",action="{action}",status="{status}"}} {count}')
        lines.append("# TYPE contrafact_rows_total counter")
        lines += [f'contrafact_rows_total{{model="{model}"}} {count}' for model, count in sorted(self.rows.items())]
        return "\n".join([*lines, *_open(waiting), *self._times()]) + "\n"

    def _times(self) -> list[str]:
        lines = ["# TYPE contrafact_request_seconds histogram"]
        for action, counts in sorted(self._buckets.items()):
            below = 0
            for edge, count in zip([*map(str, EDGES_SECONDS), "+Inf"], counts, strict=True):
                below += count
                lines.append(f'contrafact_request_seconds_bucket{{action="{action}",le="{edge}"}} {below}')
            lines.append(f'contrafact_request_seconds_sum{{action="{action}"}} {self._seconds[action]:.6f}')
            lines.append(f'contrafact_request_seconds_count{{action="{action}"}} {below}')
        return lines


def _open(waiting: Iterable[tuple[str, int, int]]) -> list[str]:
    rows = list(waiting)
    return [
        "# HELP contrafact_open_requests Requests that wait for a model or are being answered.",
        "# TYPE contrafact_open_requests gauge",
        *(f'contrafact_open_requests{{model="{name}"}} {count}' for name, count, _ in rows),
        "# TYPE contrafact_waiting_work gauge",
        *(f'contrafact_waiting_work{{model="{name}"}} {count}' for name, _, count in rows),
    ]
