"""azure-mgmt-resource and azure-mgmt-compute: what lies around a cluster."""

import os
import unittest

from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.mgmt.containerservice import ContainerServiceClient

from slipway_env import LOCATION, SCOPE, Case, client, cluster, slipway


class Around(Case):
    """A cluster that is only looked at from outside."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aks.managed_clusters.begin_create_or_update(cls.group, "c", cluster()).result()
        cls.nodes = f"MC_{cls.group}_c_{LOCATION}"
        (cls.set,) = cls.compute.virtual_machine_scale_sets.list(cls.nodes)

    def test_credentials(self):
        for who in [
            DefaultAzureCredential(disable_instance_discovery=True),
            ClientSecretCredential(
                os.environ["AZURE_TENANT_ID"],
                os.environ["AZURE_CLIENT_ID"],
                os.environ["AZURE_CLIENT_SECRET"],
                disable_instance_discovery=True,
            ),
        ]:
            token = who.get_token(SCOPE)
            self.assertEqual(token.token.count("."), 2)
            found = client(ContainerServiceClient, who).managed_clusters.get(self.group, "c")
            self.assertEqual(found.name, "c")

    def test_groups(self):
        groups = self.resources.resource_groups
        shown = groups.get(self.group)
        self.assertEqual((shown.location, shown.tags), (LOCATION, {"made": "here"}))
        self.assertEqual(shown.properties.provisioning_state, "Succeeded")
        self.assertTrue(groups.check_existence(self.group))
        self.assertFalse(groups.check_existence("nowhere"))
        self.assertIn(self.group, [group.name for group in groups.list()])
        self.assertEqual(groups.get(self.nodes).managed_by, self.aks.managed_clusters.get(self.group, "c").id)
        groups.create_or_update("gone", {"location": LOCATION})
        groups.begin_delete("gone").result()
        self.refused(404, "ResourceGroupNotFound", groups.get, "gone")

    def test_resources(self):
        found = list(self.resources.resources.list_by_resource_group(self.group))
        self.assertEqual([(one.name, one.type) for one in found], [("c", "Microsoft.ContainerService/managedClusters")])
        query = "resourceType eq 'Microsoft.ContainerService/managedClusters'"
        self.assertIn(found[0].id, [one.id for one in self.resources.resources.list(filter=query)])
        shown = self.resources.resources.get_by_id(found[0].id, api_version="2026-06-01")
        self.assertEqual(shown.properties["provisioningState"], "Succeeded")

    def test_providers(self):
        provider = self.resources.providers.get("Microsoft.ContainerService")
        self.assertEqual(provider.registration_state, "Registered")
        self.assertIn("managedClusters", [kind.resource_type for kind in provider.resource_types])
        self.assertGreater(len(list(self.resources.providers.list())), 3)
        self.assertEqual(self.resources.providers.register("Microsoft.ContainerService").namespace, provider.namespace)

    def test_features(self):
        namespace = "Microsoft.ContainerService"
        listed = list(self.features.features.list(namespace))
        self.assertTrue(all(feature.name.startswith(namespace + "/") for feature in listed))
        registered = self.features.features.register(namespace, "TrustedLaunchPreview")
        self.assertIn(registered.properties.state, ("Registering", "Registered"))
        slipway("time", "explicit")
        slipway("time", "advance", "30m")
        slipway("time", "speed", "3000")
        shown = self.features.features.get(namespace, "TrustedLaunchPreview")
        self.assertEqual(shown.properties.state, "Registered")

    def test_scale_sets(self):
        sets = self.compute.virtual_machine_scale_sets
        shown = sets.get(self.nodes, self.set.name)
        profile = shown.virtual_machine_profile.security_profile
        self.assertEqual(profile.security_type, "TrustedLaunch")
        self.assertTrue(profile.uefi_settings.secure_boot_enabled and profile.uefi_settings.v_tpm_enabled)
        self.assertIn(shown.id, [one.id for one in sets.list_all()])
        view = sets.get_instance_view(self.nodes, self.set.name)
        (summary,) = view.virtual_machine.statuses_summary
        self.assertEqual((summary.code, summary.count), ("ProvisioningState/succeeded", 1))

    def test_machines(self):
        machines = self.compute.virtual_machine_scale_set_vms
        (listed,) = machines.list(self.nodes, self.set.name)
        self.assertEqual(listed.security_profile.security_type, "TrustedLaunch")
        shown = machines.get(self.nodes, self.set.name, listed.instance_id, expand="instanceView")
        self.assertEqual(shown.vm_id, listed.vm_id)
        self.assertTrue(shown.instance_view.statuses)
        view = machines.get_instance_view(self.nodes, self.set.name, listed.instance_id)
        codes = [status.code for status in view.statuses]
        self.assertEqual(codes, ["ProvisioningState/succeeded", "PowerState/running"])
        self.assertEqual(view.hyper_v_generation, "V2")

    def test_reimage(self):
        machines = self.compute.virtual_machine_scale_set_vms
        (before,) = machines.list(self.nodes, self.set.name)

        def boots():
            (node,) = [one for one in slipway("node", "list")["nodes"] if one["resourceGroup"] == self.group]
            return node["boots"]

        count = boots()
        sets = self.compute.virtual_machine_scale_sets
        sets.begin_reimage(self.nodes, self.set.name, {"instanceIds": [before.instance_id]}).result()
        machines.begin_reimage(self.nodes, self.set.name, before.instance_id).result()
        self.assertEqual(boots(), count + 2)

    def test_sizes_and_usage(self):
        sizes = list(self.compute.resource_skus.list(filter=f"location eq '{LOCATION}'"))
        size = next(one for one in sizes if one.name == "Standard_D2s_v5")
        capabilities = {one.name: one.value for one in size.capabilities}
        self.assertIn("V2", capabilities["HyperVGenerations"])
        self.assertNotIn("TrustedLaunchDisabled", capabilities)
        usage = {one.name.value: one for one in self.compute.usage.list(LOCATION)}
        self.assertGreater(usage["virtualMachines"].current_value, 0)


if __name__ == "__main__":
    unittest.main()
