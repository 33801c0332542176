"""azure-mgmt-containerservice: a cluster's life, from creation to deletion."""

import base64
import unittest

from azure.core import MatchConditions
from azure.mgmt.containerservice import models as aks

from slipway_env import LOCATION, Case, cluster, slipway, user_pool


class ClusterLife(Case):
    """In the order of the names; each step goes on where the one before has ended."""

    NAME = "c"

    def pool(self, name="nodepool1"):
        return self.aks.agent_pools.get(self.group, self.NAME, name)

    def test_01_create(self):
        poller = self.aks.managed_clusters.begin_create_or_update(self.group, self.NAME, cluster())
        self.assertEqual(poller.status(), "InProgress")
        made = poller.result()
        self.assertEqual((poller.status(), made.provisioning_state), ("Succeeded", "Succeeded"))
        self.assertEqual((made.name, made.location), (self.NAME, LOCATION))
        self.assertEqual(made.type, "Microsoft.ContainerService/ManagedClusters")
        self.assertEqual(made.power_state.code, "Running")
        self.assertEqual(made.sku.tier, "Free")
        self.assertTrue(made.identity.principal_id)
        self.assertIn("kubeletidentity", made.identity_profile)
        self.assertTrue(made.e_tag and made.fqdn and made.kubernetes_version and made.current_kubernetes_version)
        (pool,) = made.agent_pool_profiles
        self.assertTrue(pool.security_profile.enable_vtpm and pool.security_profile.enable_secure_boot)
        self.assertIn("TL", pool.node_image_version)

    def test_02_get_and_list(self):
        shown = self.aks.managed_clusters.get(self.group, self.NAME)
        self.assertEqual(shown.node_resource_group, f"MC_{self.group}_{self.NAME}_{LOCATION}")
        in_group = list(self.aks.managed_clusters.list_by_resource_group(self.group))
        self.assertEqual([one.id for one in in_group], [shown.id])
        self.assertIn(shown.id, [one.id for one in self.aks.managed_clusters.list()])
        pages = [list(page) for page in self.aks.managed_clusters.list().by_page()]
        self.assertTrue(pages and pages[0])

    def test_03_tags(self):
        tagged = self.aks.managed_clusters.begin_update_tags(self.group, self.NAME, {"tags": {"team": "a"}}).result()
        self.assertEqual(tagged.tags, {"team": "a"})
        self.assertEqual(self.aks.managed_clusters.get(self.group, self.NAME).tags, {"team": "a"})

    def test_04_put_what_was_read(self):
        read = self.aks.managed_clusters.get(self.group, self.NAME)
        read.tags = {"team": "b"}
        written = self.aks.managed_clusters.begin_create_or_update(self.group, self.NAME, read).result()
        self.assertEqual((written.tags, written.provisioning_state), ({"team": "b"}, "Succeeded"))

    def test_05_add_a_pool(self):
        poller = self.aks.agent_pools.begin_create_or_update(self.group, self.NAME, "second", user_pool())
        made = poller.result()
        self.assertEqual((made.name, made.provisioning_state, made.count), ("second", "Succeeded", 1))
        self.assertEqual(made.type, "Microsoft.ContainerService/managedClusters/agentPools")
        self.assertEqual(made.type_properties_type, "VirtualMachineScaleSets")
        flags = made.security_profile
        self.assertEqual((flags.enable_vtpm, flags.enable_secure_boot), (True, False))
        names = sorted(pool.name for pool in self.aks.agent_pools.list(self.group, self.NAME))
        self.assertEqual(names, ["nodepool1", "second"])

    def test_06_switch_secure_boot_on(self):
        pool = self.pool("second")
        pool.security_profile.enable_secure_boot = True
        changed = self.aks.agent_pools.begin_create_or_update(self.group, self.NAME, "second", pool).result()
        self.assertTrue(changed.security_profile.enable_secure_boot)

    def test_07_scale(self):
        pool = self.pool("second")
        pool.count = 2
        scaled = self.aks.agent_pools.begin_create_or_update(self.group, self.NAME, "second", pool).result()
        self.assertEqual(scaled.count, 2)
        machines = list(self.aks.machines.list(self.group, self.NAME, "second"))
        self.assertEqual(len(machines), 2)
        one = self.aks.machines.get(self.group, self.NAME, "second", machines[0].name)
        self.assertEqual(one.name, machines[0].name)
        self.assertTrue(one.properties.network.ip_addresses[0].ip)
        self.assertIn("/virtualMachineScaleSets/", one.properties.resource_id)

    def test_08_delete_a_machine(self):
        machines = list(self.aks.machines.list(self.group, self.NAME, "second"))
        names = aks.AgentPoolDeleteMachinesParameter(machine_names=[machines[0].name])
        self.aks.agent_pools.begin_delete_machines(self.group, self.NAME, "second", names).result()
        left = [machine.name for machine in self.aks.machines.list(self.group, self.NAME, "second")]
        self.assertEqual(left, [machines[1].name])

    def test_09_upgrades(self):
        profile = self.aks.managed_clusters.get_upgrade_profile(self.group, self.NAME)
        self.assertTrue(profile.control_plane_profile.kubernetes_version)
        self.assertEqual(sorted(pool.name for pool in profile.agent_pool_profiles), ["nodepool1", "second"])
        of_pool = self.aks.agent_pools.get_upgrade_profile(self.group, self.NAME, "second")
        self.assertIn("TL", of_pool.latest_node_image_version)
        versions = self.aks.agent_pools.get_available_agent_pool_versions(self.group, self.NAME)
        self.assertTrue(versions.agent_pool_versions)
        offered = self.aks.managed_clusters.list_kubernetes_versions(LOCATION)
        self.assertEqual(len([version for version in offered.values_property if version.is_default]), 1)
        self.aks.agent_pools.begin_upgrade_node_image_version(self.group, self.NAME, "second").result()
        self.assertEqual(self.pool("second").provisioning_state, "Succeeded")

    def test_10_credentials(self):
        clusters = self.aks.managed_clusters
        for action, name in [
            (clusters.list_cluster_user_credentials, "clusterUser"),
            (clusters.list_cluster_admin_credentials, "clusterAdmin"),
            (clusters.list_cluster_monitoring_user_credentials, "clusterMonitoringUser"),
        ]:
            (kubeconfig,) = action(self.group, self.NAME).kubeconfigs
            self.assertEqual(kubeconfig.name, name)
            self.assertIn(b"clusters:", bytes(kubeconfig.value))

    def test_11_run_a_command(self):
        request = aks.RunCommandRequest(command="kubectl get nodes", context=base64.b64encode(b"").decode())
        ran = self.aks.managed_clusters.begin_run_command(self.group, self.NAME, request).result()
        self.assertEqual(ran.provisioning_state, "Succeeded")
        self.assertIsInstance(ran.exit_code, int)
        again = self.aks.managed_clusters.get_command_result(self.group, self.NAME, ran.id)
        self.assertEqual(again.logs, ran.logs)

    def test_12_stop_and_start(self):
        self.assertIsNone(self.aks.managed_clusters.begin_stop(self.group, self.NAME).result())
        self.assertEqual(self.aks.managed_clusters.get(self.group, self.NAME).power_state.code, "Stopped")
        self.aks.managed_clusters.begin_start(self.group, self.NAME).result()
        self.assertEqual(self.aks.managed_clusters.get(self.group, self.NAME).power_state.code, "Running")

    def test_13_stop_and_start_a_pool(self):
        for code in ("Stopped", "Running"):
            pool = self.pool("second")
            pool.power_state = aks.PowerState(code=code)
            done = self.aks.agent_pools.begin_create_or_update(self.group, self.NAME, "second", pool).result()
            self.assertEqual(done.power_state.code, code)

    def test_14_abort(self):
        slipway("time", "explicit")
        pools = self.aks.agent_pools
        pools.begin_create_or_update(self.group, self.NAME, "third", user_pool(), polling=False).result()
        aborting = pools.begin_abort_latest_operation(self.group, self.NAME, "third")
        slipway("time", "speed", "3000")
        aborting.result()
        self.assertEqual(self.pool("third").provisioning_state, "Canceled")

    def test_15_etags(self):
        stale = '"00000000-0000-0000-0000-000000000000"'
        self.refused(
            412,
            "PreconditionFailed",
            self.aks.agent_pools.begin_create_or_update,
            self.group,
            self.NAME,
            "second",
            self.pool("second"),
            etag=stale,
            match_condition=MatchConditions.IfNotModified,
        )

    def test_16_delete_a_pool(self):
        self.aks.agent_pools.begin_delete(self.group, self.NAME, "third").result()
        self.refused(404, "NotFound", self.aks.agent_pools.get, self.group, self.NAME, "third")

    def test_17_delete(self):
        self.aks.managed_clusters.begin_delete(self.group, self.NAME).result()
        self.refused(404, "ResourceNotFound", self.aks.managed_clusters.get, self.group, self.NAME)
        self.assertEqual(list(self.aks.managed_clusters.list_by_resource_group(self.group)), [])


if __name__ == "__main__":
    unittest.main()
