"""`ports.OAuth` over the client library."""

from calferry import google
from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_account import AccessToken, Grant, Identity
from calferry.sync.google_failures import google_failures


class GoogleSignIn:
    """Google's token endpoints, in the engine's values."""

    def __init__(self, client: google.GoogleOAuth) -> None:
        self._client = client

    async def exchange(self, code: str, verifier: str, redirect_uri: str, nonce: str) -> Grant:
        """Trade a code for a grant whose identity is proven by an id token that carries `nonce`."""
        with google_failures():
            answer = await self._client.exchange(code, redirect_uri=redirect_uri, code_verifier=verifier)
            if answer.id_token is None:
                raise SourceFailure(Cause.BAD_ANSWER, "Google's answer to the code holds no id token.")
            identity = identity_from(await self._client.identity(answer.id_token, nonce=nonce))
        return Grant(
            identity=identity,
            email=identity.email,
            scopes=answer.scopes,
            refresh_token=answer.refresh_token,
            access_token=access_token_from(answer),
        )

    async def refresh(self, refresh_token: str) -> AccessToken:
        with google_failures():
            return access_token_from(await self._client.refresh(refresh_token))

    async def revoke(self, token: str) -> None:
        with google_failures():
            await self._client.revoke(token)

    async def identify(self, access_token: str) -> Identity:
        with google_failures():
            return identity_from(await self._client.user_info(access_token))


def identity_from(identity: google.Identity) -> Identity:
    """Raises SourceFailure when Google names no email: the scope `email` was not granted."""
    if not identity.email:
        raise SourceFailure(Cause.SCOPE_MISSING, "Google did not say which email address this account has.")
    return Identity(identity.sub, identity.email, identity.email_verified, identity.issued_at)


def access_token_from(answer: google.TokenResponse) -> AccessToken:
    return AccessToken(
        token=answer.access_token,
        expires_in_s=answer.expires_in_s,
        scopes=answer.scopes or None,
        refresh_token=answer.refresh_token,
    )
