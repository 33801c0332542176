// @azure/identity: every way of logging in that works against another cloud, and how long tokens are good.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientAssertionCredential, DeviceCodeCredential, UsernamePasswordCredential } from "@azure/identity";
import { aksClient, all, credential, origin, refused, scope, slipway } from "./slipway-env.mjs";

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = process.env;
const options = { tenantId: AZURE_TENANT_ID, disableInstanceDiscovery: true };
const clusters = (who) => all(aksClient(who).managedClusters.list());

test("a device code and the refresh token behind it", async () => {
  const told = [];
  const who = new DeviceCodeCredential({ ...options, userPromptCallback: (info) => told.push(info) });
  assert.ok(Array.isArray(await clusters(who)));
  await who.getToken("https://other.localhost/.default", { enableCae: true });
  assert.equal(told.length, 1);
  assert.ok(told[0].verificationUri.startsWith(origin));
});

test("a user's name and password", async () => {
  const az = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
  const login = (password) =>
    new UsernamePasswordCredential(AZURE_TENANT_ID, az, "captain@slipway.localhost", password, options);
  assert.ok(Array.isArray(await clusters(login(AZURE_CLIENT_SECRET))));
  await assert.rejects(login("wrong").getToken(scope), /AADSTS50126/);
});

test("an assertion", async () => {
  const who = new ClientAssertionCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, async () => "assertion", options);
  assert.ok(Array.isArray(await clusters(who)));
});

test("a token dies when time is moved past its end", async (t) => {
  slipway("time", "explicit");
  t.after(() => slipway("time", "speed", "3000"));
  const aks = aksClient();
  assert.ok(Array.isArray(await all(aks.managedClusters.list())));
  // The clients say that they can be told to come back, and get tokens for a day.
  slipway("time", "advance", "25h");
  await refused(401, "ExpiredAuthenticationToken", all(aks.managedClusters.list()));
  assert.ok(Array.isArray(await clusters(credential())));
});
