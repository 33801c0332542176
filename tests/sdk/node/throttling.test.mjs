// Reads that are one too many are refused with 429; the client waits as long as it is told and gets through.

import assert from "node:assert/strict";
import { test } from "node:test";
import { aksClient, slipway } from "./slipway-env.mjs";

test("reads", async () => {
  const seen = [];
  const watch = {
    name: "watch",
    async sendRequest(request, next) {
      const response = await next(request);
      seen.push(response.status);
      if (response.status === 429) slipway("time", "advance", "1s");
      return response;
    },
  };
  const aks = aksClient(undefined, { additionalPolicies: [{ policy: watch, position: "perRetry" }] });
  const refused = () => seen.filter((status) => status === 429).length;
  // A cluster can be read sixty times at once, and then once a virtual second.
  let reads = 0;
  for (; refused() < 2 && reads < 63; reads++) assert.equal((await aks.managedClusters.get("g", "c")).name, "c");
  assert.equal(refused(), 2);
  assert.equal(seen.length, reads + 2, "each refusal was followed by one more try");
});
