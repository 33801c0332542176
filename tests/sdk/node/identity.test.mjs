// Managed identities: a shell that evaluated `slipway env --identity` has no secret of its own.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { aksClient, all, refused, resourceClient, scope, slipway } from "./slipway-env.mjs";

test("the machine itself", async () => {
  assert.equal(process.env.AZURE_CLIENT_SECRET, undefined);
  for (const who of [new ManagedIdentityCredential(), new DefaultAzureCredential()]) {
    assert.ok(Array.isArray(await all(aksClient(who).managedClusters.list())));
  }
});

test("an identity that may only read", async () => {
  const { clientId } = slipway("token", "--reader");
  const { resourceGroups } = resourceClient(new ManagedIdentityCredential({ clientId }));
  await refused(403, "AuthorizationFailed", resourceGroups.createOrUpdate("another", { location: "eastus" }));
});

test("a wrong header", () => {
  // In a process of its own: the library reads the variable once.
  const program = `
    import { ManagedIdentityCredential } from "@azure/identity";
    await new ManagedIdentityCredential().getToken("${scope}").catch((error) => console.log(error.message));
  `;
  const env = { ...process.env, IDENTITY_HEADER: "wrong" };
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { env, encoding: "utf8" });
  assert.match(said, /X-IDENTITY-HEADER is missing or wrong/);
});
