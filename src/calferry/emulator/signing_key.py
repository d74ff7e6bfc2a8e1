"""The key that signs this Google's id tokens: a constant, so that starting takes no time. It protects nothing."""

import functools
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import RSAKey

KEY_ID = "local-google-1"
_NUMBERS = {
    "kty": "RSA",
    "e": "AQAB",
    "n": (
        "kECwEabLrOx22LMNtgsdnFn2M2ThXpMWq64qvaEtbo_uQWKklwvrYERnMIsfUbHkEuKwlsyVCYODG8vQlZe14hNxBR"
        "hA9hTyqHh89pBW-CRPmf0aGoxJkLxTmXiVFm4QOJVdpTT2CXyunNp1qUKgKrcD6hqGTFt52uefpX95VOcGmOgGpXrg"
        "p916XZI1LRxCKuxOBrssl6w2p08WrJvoX8m_Il6EMccyTgZTnLcYm8D-gGzOAa-vdj2bqIeyZfNVwosU2sfRiPmWI_"
        "MbkF1tUGigaUJECBjhe2giltCSTxfBegFCNcQJ50AhyXpz7PZw6YizUUOJG_RRF_vZMfIXNQ"
    ),
    "d": (
        "AePGQRwk0wZcm51wepf9_CnsJFBRqOeqfNCUJA-41MsczvosyumS6XWXJRPn5fq7kLX4pChLpu6aq_Iy1vumj2H7t-"
        "ceL_GAAoFKxv-Gxose1T1zVz5kvVLP3o56ZFGU5utDNfJlOCRMJ-cvWOqnE5nG4TN8dGlTX2Qe6FZf7GLx95p95VZg"
        "h3FyorcztITn6-yT3kiJHoj8bLUJ4bX3TyhI_A8LkC63f1Zsd1qJMTZkuO6lm9Wv66zr6TXQhZlAJfVAjftURr4VBV"
        "s8aHhfduT0qWe3BdHIRYYRI6MqSL5CZmINg_PdbBVRJSKmESoYjMqBYIMhNokMYs1x1wiw8Q"
    ),
    "p": (
        "yOYIAC4UQDZressM5xrZomt80WtkpbamLn9Vxo5BXhQbyBdzRNKxjtTPySseZaePMFvFXvrjxaVzvabo7JgfYMj3EW"
        "g5g2qv8WC6xCX06sI3XLbU_awfavCWpvIvco7pYedaIxWnEHUR7EYt-QkmyhExGVxMmsM-LIOqAzByHxE"
    ),
    "q": (
        "t9FNKIZCGFlcB2zhKsppQXC3iyPAvJ6HSevQDG66Xk64__1jQd4scLFPDMEAG6yXcYWOTNDya9ydFcVZ2rebaJct-T"
        "W7iUUq3iKifPvwdBqGBPyx4IlTYYx901XwavahVmvMrW3LT6obWxUfyFZlkifOCDAPr-dbJdTZ2gmhfeU"
    ),
    "dp": (
        "E5HU1a-naVnjvmJpL1n-OUQfNIcxlrLkHUNqJ51T4MY0rpkaMWoUwcUZOI9qtpxL5noKD-aAqZAkZiUMK3_mDpeE-b"
        "0dXR_XY7v4dYL9CKFCo1VsCgnqRZCKHFkbJh2lvlO7BA_n5kKBLHLpp4isrqJeFgpXq_u44r0won7lnwE"
    ),
    "dq": (
        "BLnf5vvUtTWO9S3qeCQuIp2YSn6H1RGqXs8uUTODnSse_I3yQF5K_DbC1owbyZpdZnDNoNH6eaV5cHbbgZEY8M56Qx"
        "8LjFL38DApx1be7s1DxtsMY76EI0zua0GZZdajfUpWP9tDz--KtoPLhmYaRHC7jmBV9urW4Bkh5MY8nbU"
    ),
    "qi": (
        "oEsBTuEwbfQqMMAysPX3NeGRmTttpQN8h-VZATb_9Kg2lHLYuQVCmlBxvRtixnvZy-GGzC0TrxK7JovovsIHhhSMt3"
        "rJQSPDhfKCatFSHKDcIvIuH8IrXfrmni0qQgSP4RO5AD-SShC-EvU0fQLNbHuE7VgfANOZVV1h8gskDw4"
    ),
}


@functools.cache
def signing_key() -> RSAKey:
    """The private key, with its key id."""
    return RSAKey.import_key({**_NUMBERS, "kid": KEY_ID, "use": "sig", "alg": "RS256"})


def public_jwk() -> dict[str, str]:
    """The public half as a JSON web key."""
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": KEY_ID,
        "e": _NUMBERS["e"],
        "n": _NUMBERS["n"],
    }


@functools.cache
def certificate() -> str:
    """A certificate of the public half in PEM, which some clients read instead of JSON web keys."""
    private = signing_key().private_key
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("the signing key is an RSA key")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local-google.invalid")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .sign(private, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()
