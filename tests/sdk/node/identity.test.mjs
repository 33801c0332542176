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

/** What a program says that asks for a token, with other variables, in a process of its own: they are read once. */
function ask(variables) {
  const program = `
    import { ManagedIdentityCredential } from "@azure/identity";
    const asked = new ManagedIdentityCredential().getToken("${scope}");
    await asked.then(() => console.log("a token"), (error) => console.log(error.message));
  `;
  const env = { ...process.env, ...variables };
  return execFileSync(process.execPath, ["--input-type=module", "--eval", program], { env, encoding: "utf8" });
}

test("a wrong header", () => {
  assert.match(ask({ IDENTITY_HEADER: "wrong" }), /X-IDENTITY-HEADER is missing or wrong/);
});

test("the instance metadata service", () => {
  const host = new URL(process.env.IDENTITY_ENDPOINT).origin;
  const variables = { AZURE_POD_IDENTITY_AUTHORITY_HOST: host, IDENTITY_ENDPOINT: "", IDENTITY_HEADER: "" };
  assert.equal(ask(variables), "a token\n");
});
