"""Managed identities: a shell that evaluated `slipway env --identity` has no secret of its own."""

import os
import unittest
from unittest import mock

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, ManagedIdentityCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from slipway_env import SCOPE, client, slipway


def resource_groups(who):
    return client(ResourceManagementClient, who).resource_groups


class Identities(unittest.TestCase):
    def test_the_machine_itself(self):
        self.assertNotIn("AZURE_CLIENT_SECRET", os.environ)
        for who in [ManagedIdentityCredential(), DefaultAzureCredential()]:
            made = resource_groups(who).create_or_update("by-identity", {"location": "eastus"})
            self.assertEqual(made.name, "by-identity")

    def test_an_identity_that_may_only_read(self):
        reader = slipway("token", "--reader")["clientId"]
        groups = resource_groups(ManagedIdentityCredential(client_id=reader))
        self.assertIsInstance(list(groups.list()), list)
        with self.assertRaises(HttpResponseError) as caught:
            groups.create_or_update("another", {"location": "eastus"})
        self.assertEqual((caught.exception.status_code, caught.exception.error.code), (403, "AuthorizationFailed"))

    def test_the_instance_metadata_service(self):
        endpoint = os.environ["IDENTITY_ENDPOINT"]
        variables = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": endpoint.removesuffix("/msi/token")}
        with mock.patch.dict(os.environ, variables):
            del os.environ["IDENTITY_ENDPOINT"]
            self.assertTrue(ManagedIdentityCredential().get_token(SCOPE).token)

    def test_an_identity_that_nobody_assigned(self):
        with self.assertRaises((ClientAuthenticationError, CredentialUnavailableError)):
            ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000000").get_token(SCOPE)

    def test_a_wrong_header(self):
        with mock.patch.dict(os.environ, IDENTITY_HEADER="wrong"):
            with self.assertRaises((ClientAuthenticationError, CredentialUnavailableError)) as caught:
                ManagedIdentityCredential().get_token(SCOPE)
        self.assertIn("X-IDENTITY-HEADER is missing or wrong", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
