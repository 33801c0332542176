"""azure-identity: every way of logging in that works against another cloud, and how long tokens are good."""

import os
import time
import unittest

import jwt
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential, DeviceCodeCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from slipway_env import ORIGIN, SCOPE, client, credential, slipway

TENANT = os.environ["AZURE_TENANT_ID"]


def groups(who):
    return list(client(ResourceManagementClient, who).resource_groups.list())


class Logins(unittest.TestCase):
    def test_a_device_code_and_the_refresh_token_behind_it(self):
        told = []
        who = DeviceCodeCredential(
            tenant_id=TENANT,
            disable_instance_discovery=True,
            prompt_callback=lambda page, code, _until: told.append((page, code)),
        )
        groups(who)
        ((page, code),) = told
        self.assertTrue(page.startswith(ORIGIN) and code)
        self.assertEqual(jwt.decode(who.get_token(SCOPE).token, options={"verify_signature": False})["idtyp"], "user")
        who.get_token("https://other.localhost/.default")
        self.assertEqual(len(told), 1, "the second resource is asked for with the refresh token")

    def test_an_assertion(self):
        self.assertIsInstance(
            groups(
                ClientAssertionCredential(
                    TENANT, os.environ["AZURE_CLIENT_ID"], lambda: "assertion", disable_instance_discovery=True
                )
            ),
            list,
        )

    def test_tokens_are_signed_with_the_published_key(self):
        token = credential().get_token(SCOPE).token
        keys = jwt.PyJWKClient(f"{ORIGIN}/{TENANT}/discovery/v2.0/keys")
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=ORIGIN, issuer=f"{ORIGIN}/{TENANT}/v2.0")
        self.assertEqual((claims["tid"], claims["appid"]), (TENANT, os.environ["AZURE_CLIENT_ID"]))

    def test_a_token_is_good_for_an_hour_or_for_a_day(self):
        usual = credential().get_token(SCOPE).expires_on - time.time()
        self.assertTrue(3_500 < usual < 3_700, usual)
        longer = credential().get_token(SCOPE, enable_cae=True).expires_on - time.time()
        self.assertTrue(86_000 < longer < 86_500, longer)

    def test_a_token_dies_when_time_is_moved_past_its_end(self):
        slipway("time", "explicit")
        self.addCleanup(slipway, "time", "speed", "3000")
        who = credential()
        groups(who)
        slipway("time", "advance", "2h")
        with self.assertRaises(ClientAuthenticationError) as caught:
            groups(who)
        error = caught.exception
        self.assertEqual((error.status_code, error.error.code), (401, "ExpiredAuthenticationToken"))
        self.assertIn(f'authorization_uri="{ORIGIN}/{TENANT}"', error.response.headers["WWW-Authenticate"])
        self.assertIsInstance(groups(credential()), list)


if __name__ == "__main__":
    unittest.main()
