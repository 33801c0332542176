// @azure/arm-containerservice: a cluster's life, from creation to deletion. Each step goes on where the one before has
// ended.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { aksClient, all, cluster, location, newGroup, refused, slipway, soon, userPool } from "./slipway-env.mjs";

const aks = aksClient();
const name = "c";
let group;

before(async () => {
  group = await newGroup();
});

test("create", async () => {
  const poller = aks.managedClusters.createOrUpdate(group, name, cluster(), soon);
  await poller.submitted();
  assert.equal(poller.operationState.status, "running");
  const made = await poller.pollUntilDone();
  assert.equal(poller.operationState.status, "succeeded");
  assert.deepEqual([made.name, made.location, made.provisioningState], [name, location, "Succeeded"]);
  assert.equal(made.powerState.code, "Running");
  assert.ok(made.identityProfile.kubeletidentity.clientId && made.fqdn && made.currentKubernetesVersion);
  const [pool] = made.agentPoolProfiles;
  assert.deepEqual([pool.securityProfile.enableVtpm, pool.securityProfile.enableSecureBoot], [true, true]);
  assert.match(pool.nodeImageVersion, /TL/);
});

test("get and list", async () => {
  const shown = await aks.managedClusters.get(group, name);
  assert.equal(shown.nodeResourceGroup, `MC_${group}_${name}_${location}`);
  const inGroup = await all(aks.managedClusters.listByResourceGroup(group));
  assert.deepEqual(inGroup.map((one) => one.id), [shown.id]);
  const everywhere = await all(aks.managedClusters.list());
  assert.ok(everywhere.some((one) => one.id === shown.id));
  for await (const page of aks.managedClusters.list().byPage()) assert.ok(page.length > 0);
});

test("tags", async () => {
  const tagged = await aks.managedClusters.updateTags(group, name, { tags: { team: "a" } }, soon);
  assert.deepEqual(tagged.tags, { team: "a" });
});

test("put what was read", async () => {
  const read = await aks.managedClusters.get(group, name);
  const written = await aks.managedClusters.createOrUpdate(group, name, { ...read, tags: { team: "b" } }, soon);
  assert.deepEqual([written.tags, written.provisioningState], [{ team: "b" }, "Succeeded"]);
});

test("a pool with vTPM is added, gets Secure Boot and is scaled", async () => {
  const added = await aks.agentPools.createOrUpdate(group, name, "second", userPool(), soon);
  assert.deepEqual([added.name, added.provisioningState, added.count], ["second", "Succeeded", 1]);
  assert.deepEqual([added.securityProfile.enableVtpm, added.securityProfile.enableSecureBoot], [true, false]);
  const pools = await all(aks.agentPools.list(group, name));
  assert.deepEqual(pools.map((pool) => pool.name).sort(), ["nodepool1", "second"]);
  const read = await aks.agentPools.get(group, name, "second");
  read.securityProfile.enableSecureBoot = true;
  read.count = 2;
  const changed = await aks.agentPools.createOrUpdate(group, name, "second", read, soon);
  assert.deepEqual([changed.count, changed.securityProfile.enableSecureBoot], [2, true]);
});

test("machines", async () => {
  const machines = await all(aks.machines.list(group, name, "second"));
  assert.equal(machines.length, 2);
  const one = await aks.machines.get(group, name, "second", machines[0].name);
  assert.equal(one.properties.resourceId, machines[0].properties.resourceId);
  assert.ok(one.properties.network.ipAddresses[0].ip);
  await aks.agentPools.deleteMachines(group, name, "second", { machineNames: [one.name] }, soon);
  const left = await all(aks.machines.list(group, name, "second"));
  assert.deepEqual(left.map((machine) => machine.name), [machines[1].name]);
});

test("upgrades", async () => {
  const profile = await aks.managedClusters.getUpgradeProfile(group, name);
  assert.ok(profile.controlPlaneProfile.kubernetesVersion);
  assert.deepEqual(profile.agentPoolProfiles.map((pool) => pool.name).sort(), ["nodepool1", "second"]);
  const ofPool = await aks.agentPools.getUpgradeProfile(group, name, "second");
  assert.match(ofPool.latestNodeImageVersion, /TL/);
  const versions = await aks.managedClusters.listKubernetesVersions(location);
  assert.equal(versions.values.filter((version) => version.isDefault).length, 1);
  await aks.agentPools.upgradeNodeImageVersion(group, name, "second", soon);
});

test("credentials", async () => {
  for (const [action, user] of [
    ["listClusterUserCredentials", "clusterUser"],
    ["listClusterAdminCredentials", "clusterAdmin"],
  ]) {
    const { kubeconfigs } = await aks.managedClusters[action](group, name);
    assert.deepEqual(kubeconfigs.map((one) => one.name), [user]);
    assert.match(Buffer.from(kubeconfigs[0].value).toString(), /clusters:/);
  }
});

test("run a command", async () => {
  const ran = await aks.managedClusters.runCommand(group, name, { command: "kubectl get nodes" }, soon);
  assert.equal(ran.provisioningState, "Succeeded");
  assert.equal(typeof ran.exitCode, "number");
});

test("stop and start", async () => {
  await aks.managedClusters.stop(group, name, soon);
  assert.equal((await aks.managedClusters.get(group, name)).powerState.code, "Stopped");
  await aks.managedClusters.start(group, name, soon);
  assert.equal((await aks.managedClusters.get(group, name)).powerState.code, "Running");
});

test("abort", async () => {
  slipway("time", "explicit");
  const adding = aks.agentPools.createOrUpdate(group, name, "third", userPool(), soon);
  await adding.submitted();
  const aborting = aks.agentPools.abortLatestOperation(group, name, "third", soon);
  await aborting.submitted();
  slipway("time", "speed", "3000");
  await aborting.pollUntilDone();
  assert.equal((await aks.agentPools.get(group, name, "third")).provisioningState, "Canceled");
  await assert.rejects(adding.pollUntilDone());
  await aks.agentPools.delete(group, name, "third", soon);
  await refused(404, "NotFound", aks.agentPools.get(group, name, "third"));
});

test("delete", async () => {
  await aks.managedClusters.delete(group, name, soon);
  await refused(404, "ResourceNotFound", aks.managedClusters.get(group, name));
  assert.deepEqual(await all(aks.managedClusters.listByResourceGroup(group)), []);
});
