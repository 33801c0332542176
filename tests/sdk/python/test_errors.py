"""How refusals arrive: status, code and message, in both of Azure's envelopes."""

import os
import unittest

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.resource.resources import ResourceManagementClient

from slipway_env import Case, client, cluster, reader_credential, slipway, trusted_pool, user_pool


class Refusals(Case):
    """Each error is an exception of the class that azure-core has for it."""

    def test_what_is_not_there(self):
        error = self.refused(404, "ResourceNotFound", self.aks.managed_clusters.get, self.group, "nobody")
        self.assertIsInstance(error, ResourceNotFoundError)
        self.assertIn("nobody", error.message)
        self.refused(404, "ResourceGroupNotFound", self.aks.managed_clusters.get, "nowhere", "nobody")
        self.refused(
            404, "ResourceGroupNotFound", self.aks.managed_clusters.begin_create_or_update, "nowhere", "c", cluster()
        )

    def test_what_trusted_launch_does_not_allow(self):
        arm64 = cluster(agent_pool_profiles=[trusted_pool(vm_size="Standard_D2ps_v5")])
        error = self.refused(
            400,
            "TrustedLaunchIncompatibleWithConfig",
            self.aks.managed_clusters.begin_create_or_update,
            self.group,
            "arm",
            arm64,
        )
        self.assertIs(type(error), HttpResponseError)
        self.assertIn("Trusted Launch", error.message)

    def test_a_conflict(self):
        slipway("time", "explicit")
        self.addCleanup(slipway, "time", "speed", "3000")
        self.aks.managed_clusters.begin_create_or_update(self.group, "busy", cluster(), polling=False).result()
        error = self.refused(
            409,
            "OperationNotAllowed",
            self.aks.agent_pools.begin_create_or_update,
            self.group,
            "busy",
            "second",
            user_pool(),
        )
        self.assertIsInstance(error, ResourceExistsError)

    def test_a_reader_may_read_and_nothing_else(self):
        who = reader_credential()
        reads = client(ContainerServiceClient, who)
        self.assertIsInstance(list(reads.managed_clusters.list_by_resource_group(self.group)), list)
        for action, arguments in [
            (reads.managed_clusters.begin_create_or_update, ("mine", cluster())),
            (reads.managed_clusters.begin_delete, ("mine",)),
            (reads.managed_clusters.list_cluster_user_credentials, ("mine",)),
        ]:
            error = self.refused(403, "AuthorizationFailed", action, self.group, *arguments)
            self.assertIn("does not have authorization to perform action", error.message)
        groups = client(ResourceManagementClient, who).resource_groups
        self.refused(403, "AuthorizationFailed", groups.create_or_update, "another", {"location": "eastus"})

    def test_a_wrong_secret(self):
        wrong = ClientSecretCredential(
            os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], "wrong", disable_instance_discovery=True
        )
        with self.assertRaises(ClientAuthenticationError) as caught:
            list(client(ContainerServiceClient, wrong).managed_clusters.list())
        self.assertIn("AADSTS7000215", str(caught.exception))

    def test_a_strange_token(self):
        class Strange:
            def get_token(self, *_scopes, **_keywords):
                return AccessToken("not.a.token", 2**40)

        with self.assertRaises(ClientAuthenticationError) as caught:
            list(client(ContainerServiceClient, Strange()).managed_clusters.list())
        self.assertEqual(caught.exception.error.code, "InvalidAuthenticationToken")
        challenge = caught.exception.response.headers["WWW-Authenticate"]
        self.assertIn("authorization_uri=", challenge)
        self.assertIn('error="invalid_token"', challenge)


if __name__ == "__main__":
    unittest.main()
