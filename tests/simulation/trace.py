"""What happened, as lines and as one hash: the same seed gives the same hash."""

import asyncio
import hashlib
from collections import Counter, deque

LINES_KEPT = 400


class Violation(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant


class Trace:
    """Notes of one run. `echo` prints each as it comes."""

    def __init__(self, *, echo: bool = False) -> None:
        self.echo = echo
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self.hits: Counter[str] = Counter()
        self.violation: Violation | None = None
        self._digest = hashlib.blake2b(digest_size=16)

    def note(self, text: str) -> None:
        line = f"{asyncio.get_running_loop().time():9.3f} {text}"
        self._digest.update(line.encode("utf-8", "surrogatepass"))
        self.lines.append(line)
        if self.echo:
            print(line)

    def hit(self, what: str) -> None:
        """Something that a good set of seeds must meet."""
        self.hits[what] += 1

    def violated(self, invariant: str, message: str) -> None:
        """Keep the first violation; the run ends soon after."""
        if self.violation is None:
            self.violation = Violation(invariant, message)
            self.note(f"VIOLATED {invariant}: {message}")

    @property
    def hash(self) -> str:
        return self._digest.hexdigest()
