"""The clients of the tests, made from nothing but the variables that `slipway env` sets."""

import json
import os
import subprocess
import unittest
import uuid

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential, EnvironmentCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.containerservice import models as aks
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.features import FeatureClient
from azure.mgmt.resource.resources import ResourceManagementClient

ORIGIN = os.environ["AZURE_RESOURCE_MANAGER_URL"]
SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
SCOPE = ORIGIN + "/.default"
LOCATION = "eastus"


def slipway(*arguments):
    """Runs a command of the simulator that is under test; gives what it prints as JSON."""
    done = subprocess.run([os.environ["SLIPWAY"], *arguments, "--json"], check=True, capture_output=True)
    return json.loads(done.stdout) if done.stdout.strip() else None


def credential(**keywords):
    """The service principal that owns everything."""
    return EnvironmentCredential(disable_instance_discovery=True, **keywords)


def reader_credential():
    """The service principal that may only read."""
    reader = slipway("token", "--reader")
    return ClientSecretCredential(
        reader["tenant"], reader["clientId"], reader["clientSecret"], disable_instance_discovery=True
    )


def client(kind, who=None, **keywords):
    """A management client of the given class."""
    keywords.setdefault("polling_interval", 1)
    return kind(who or credential(), SUBSCRIPTION, base_url=ORIGIN, credential_scopes=[SCOPE], **keywords)


def trusted_pool(name="nodepool1", **changes):
    """A pool profile with both flags."""
    settings = {
        "name": name,
        "mode": "System",
        "count": 1,
        "vm_size": "Standard_D2s_v5",
        "os_type": "Linux",
        "type": "VirtualMachineScaleSets",
        "security_profile": aks.AgentPoolSecurityProfile(enable_vtpm=True, enable_secure_boot=True),
    }
    return aks.ManagedClusterAgentPoolProfile(**{**settings, **changes})


def cluster(**changes):
    """A cluster with one trusted-launch pool."""
    settings = {
        "location": LOCATION,
        "identity": aks.ManagedClusterIdentity(type="SystemAssigned"),
        "dns_prefix": "sdk",
        "agent_pool_profiles": [trusted_pool()],
    }
    return aks.ManagedCluster(**{**settings, **changes})


def user_pool(**changes):
    """A pool to be added to a cluster."""
    settings = {
        "mode": "User",
        "count": 1,
        "vm_size": "Standard_D2s_v5",
        "os_type": "Linux",
        "type_properties_type": "VirtualMachineScaleSets",
        "security_profile": aks.AgentPoolSecurityProfile(enable_vtpm=True),
    }
    return aks.AgentPool(**{**settings, **changes})


class Case(unittest.TestCase):
    """A test with clients and a resource group of its own."""

    @classmethod
    def setUpClass(cls):
        cls.aks = client(ContainerServiceClient)
        cls.compute = client(ComputeManagementClient)
        cls.resources = client(ResourceManagementClient)
        cls.features = client(FeatureClient)
        cls.deployments = client(DeploymentsMgmtClient)
        cls.group = "sdk-" + uuid.uuid4().hex[:8]
        cls.resources.resource_groups.create_or_update(cls.group, {"location": LOCATION, "tags": {"made": "here"}})

    def refused(self, status, code, action, *arguments, **keywords):
        """The error of an action that must be refused with a status and a code."""
        with self.assertRaises(HttpResponseError) as caught:
            outcome = action(*arguments, **keywords)
            if hasattr(outcome, "result"):
                outcome.result()
            elif hasattr(outcome, "by_page"):
                list(outcome)
        error = caught.exception
        self.assertEqual((error.status_code, error.error.code if error.error else None), (status, code), error)
        self.assertTrue(error.error.message, error)
        return error
