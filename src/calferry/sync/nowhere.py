"""For where nothing is sent to anybody."""

from collections.abc import Mapping

from calferry.core.subscription import Receipt


class Nowhere:
    """`ports.Outbound` that reaches nobody."""

    async def refusal(self, address: str) -> str | None:
        return f"{address} cannot be reached from here"

    async def post(self, address: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        return Receipt(None, f"nothing of {len(headers)} headers and {len(body)} bytes is sent to {address}")
