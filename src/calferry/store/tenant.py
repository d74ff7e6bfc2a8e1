"""For whom the store is asked. What is done for a person, PostgreSQL does under a role that sees that person's rows alone.

`row_security` makes role and rules; runs and duties are for nobody in particular, and see everything.
"""

from contextvars import Context, ContextVar, copy_context

acting_for: ContextVar[int | None] = ContextVar("acting_for", default=None)
"""The id of the person whose request is being answered."""


def for_nobody() -> Context:
    """A context for work that outlives the request that asked for it."""
    context = copy_context()
    context.run(acting_for.set, None)
    return context
