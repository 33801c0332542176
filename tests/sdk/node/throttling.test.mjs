// Reads that are one too many are refused with 429; the client waits as long as it is told and gets through.

import assert from "node:assert/strict";
import { test } from "node:test";
import { aksClient } from "./slipway-env.mjs";

test("reads", async () => {
  const seen = [];
  const watch = {
    name: "watch",
    async sendRequest(request, next) {
      const response = await next(request);
      seen.push(response.status);
      return response;
    },
  };
  const aks = aksClient(undefined, { additionalPolicies: [{ policy: watch, position: "perRetry" }] });
  // A cluster can be read sixty times at once, and then once a second.
  for (let n = 0; n < 63; n++) assert.equal((await aks.managedClusters.get("g", "c")).name, "c");
  const refused = seen.filter((status) => status === 429);
  assert.ok(refused.length > 0);
  assert.equal(seen.length, 63 + refused.length);
});
