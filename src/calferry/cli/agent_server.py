"""The tools of `calferry mcp` as the Model Context Protocol shows them."""

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

import calferry
from calferry.cli.agent_tools import AgentTools, BadArgument
from calferry.client import Refused, Unreachable

P = ParamSpec("P")
R = TypeVar("R")

INSTRUCTIONS = """A live copy of one person's Google Calendars. Events are Google Calendar's own JSON.
Calendars are named by the `id` that list_calendars gives. Edits reach Google; guests are mailed only where send_updates says so.
An edit that answers `conflict` was not made: show the person both versions, and repeat it only as they decide."""


def new_server(client: calferry.Client) -> MCPServer:
    """The server for an open client."""
    server = MCPServer(
        "calferry", version=calferry.__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )
    tools = AgentTools(client)
    for read in (tools.list_calendars, tools.list_events, tools.free_busy):
        server.add_tool(sentences(read), annotations=ToolAnnotations(read_only_hint=True))
    server.add_tool(sentences(tools.create_event), annotations=ToolAnnotations(destructive_hint=False))
    for edit in (tools.update_event, tools.delete_event, tools.resolve_conflict):
        server.add_tool(sentences(edit), annotations=ToolAnnotations(destructive_hint=True))
    return server


def sentences(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The tool, with what the service refuses told in its own words."""

    @functools.wraps(tool)
    async def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except (BadArgument, Refused, Unreachable) as error:
            raise ToolError(str(error)) from error

    return told
