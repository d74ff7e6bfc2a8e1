"""Which addresses of the internet lead to a stranger's machine, and not into our own network."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
# Set aside for protocols and documents; not every version of `ipaddress` says so.
SET_ASIDE = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
)
IPV4_COMPATIBLE = IPv6Network("::/96")


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public internet; what is no IP address is not.

    Private, loopback, link-local (where clouds keep their metadata), unique-local, shared, reserved and multicast ones
    are not; an IPv6 address that holds an IPv4 address is what that is.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = embedded(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    if any(address.version == network.version and address in network for network in SET_ASIDE):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that translators and tunnels would make of it; for 6to4 and Teredo the machine it leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in (*NAT64, IPV4_COMPATIBLE)):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
