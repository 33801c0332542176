// @azure/identity, @azure/arm-resources, and how refusals arrive.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ClientSecretCredential, DefaultAzureCredential } from "@azure/identity";
import {
  aksClient,
  all,
  cluster,
  location,
  newGroup,
  readerCredential,
  refused,
  resourceClient,
  scope,
  slipway,
  soon,
  userPool,
} from "./slipway-env.mjs";

const aks = aksClient();
let group;

before(async () => {
  group = await newGroup();
});

test("credentials", async () => {
  const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = process.env;
  for (const who of [
    new DefaultAzureCredential({ disableInstanceDiscovery: true }),
    new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, { disableInstanceDiscovery: true }),
  ]) {
    const { token, expiresOnTimestamp } = await who.getToken(scope);
    assert.equal(token.split(".").length, 3);
    assert.ok(expiresOnTimestamp > Date.now());
    assert.deepEqual(await all(aksClient(who).managedClusters.listByResourceGroup(group)), []);
  }
  const wrong = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, "wrong", { disableInstanceDiscovery: true });
  await assert.rejects(wrong.getToken(scope), /AADSTS7000215/);
});

test("groups, resources, providers", async () => {
  const resources = resourceClient();
  const shown = await resources.resourceGroups.get(group);
  assert.deepEqual([shown.location, shown.tags], [location, { made: "here" }]);
  assert.equal((await resources.resourceGroups.checkExistence(group)).body, true);
  const groups = await all(resources.resourceGroups.list());
  assert.ok(groups.some((one) => one.name === group));
  const provider = await resources.providers.get("Microsoft.ContainerService");
  assert.equal(provider.registrationState, "Registered");
  await resources.resourceGroups.createOrUpdate("gone", { location });
  await resources.resourceGroups.beginDeleteAndWait("gone", soon);
  await refused(404, "ResourceGroupNotFound", resources.resourceGroups.get("gone"));
});

test("refusals", async () => {
  const missing = await refused(404, "ResourceNotFound", aks.managedClusters.get(group, "nobody"));
  assert.match(missing.message, /nobody/);
  const arm64 = cluster({ vmSize: "Standard_D2ps_v5" });
  await refused(
    400,
    "TrustedLaunchIncompatibleWithConfig",
    aks.managedClusters.createOrUpdate(group, "arm", arm64, soon),
  );
  slipway("time", "explicit");
  const busy = aks.managedClusters.createOrUpdate(group, "busy", cluster(), soon);
  await busy.submitted();
  await refused(409, "OperationNotAllowed", aks.agentPools.createOrUpdate(group, "busy", "second", userPool(), soon));
  slipway("time", "speed", "3000");
  await busy.pollUntilDone();
});

test("a reader may read and nothing else", async () => {
  const reads = aksClient(readerCredential());
  await all(reads.managedClusters.listByResourceGroup(group));
  for (const action of [
    () => reads.managedClusters.createOrUpdate(group, "mine", cluster(), soon),
    () => reads.managedClusters.delete(group, "mine", soon),
    () => reads.managedClusters.listClusterUserCredentials(group, "mine"),
  ]) {
    const error = await refused(403, "AuthorizationFailed", action());
    assert.match(error.message, /does not have authorization to perform action/);
  }
});
