// The clients of the tests, made from nothing but the variables that `slipway env` sets.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { ContainerServiceClient } from "@azure/arm-containerservice";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential, EnvironmentCredential } from "@azure/identity";

export const origin = process.env.AZURE_RESOURCE_MANAGER_URL;
export const subscription = process.env.AZURE_SUBSCRIPTION_ID;
export const scope = `${origin}/.default`;
export const location = "eastus";

// The clients' own pause between two polls is two seconds.
export const soon = { updateIntervalInMs: 100 };

/** Runs a command of the simulator that is under test; gives what it prints as JSON. */
export function slipway(...args) {
  const printed = execFileSync(process.env.SLIPWAY, [...args, "--json"], { encoding: "utf8" });
  return printed.trim() ? JSON.parse(printed) : undefined;
}

/** The service principal that owns everything. */
export function credential() {
  return new EnvironmentCredential({ disableInstanceDiscovery: true });
}

/** The service principal that may only read. */
export function readerCredential() {
  const reader = slipway("token", "--reader");
  return new ClientSecretCredential(reader.tenant, reader.clientId, reader.clientSecret, {
    disableInstanceDiscovery: true,
  });
}

const options = { endpoint: origin, credentials: { scopes: [scope] } };

export function aksClient(who = credential(), more = {}) {
  return new ContainerServiceClient(who, subscription, { ...options, ...more });
}

export function resourceClient(who = credential()) {
  return new ResourceManagementClient(who, subscription, options);
}

/** A resource group of its own for a test. */
export async function newGroup() {
  const name = `sdk-${randomBytes(4).toString("hex")}`;
  await resourceClient().resourceGroups.createOrUpdate(name, { location, tags: { made: "here" } });
  return name;
}

/** A cluster with one trusted-launch pool. */
export function cluster(pool = {}) {
  return {
    location,
    identity: { type: "SystemAssigned" },
    dnsPrefix: "sdk",
    agentPoolProfiles: [
      {
        name: "nodepool1",
        mode: "System",
        count: 1,
        vmSize: "Standard_D2s_v5",
        osType: "Linux",
        typePropertiesType: "VirtualMachineScaleSets",
        type: "VirtualMachineScaleSets",
        securityProfile: { enableVtpm: true, enableSecureBoot: true },
        ...pool,
      },
    ],
  };
}

/** A pool to be added to a cluster. */
export function userPool(more = {}) {
  return {
    mode: "User",
    count: 1,
    vmSize: "Standard_D2s_v5",
    osType: "Linux",
    typePropertiesType: "VirtualMachineScaleSets",
    securityProfile: { enableVtpm: true },
    ...more,
  };
}

/** Everything that a paging iterator gives. */
export async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** The error of a promise that must be refused with a status and a code. */
export async function refused(status, code, promise) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `not refused: ${code} expected`);
  assert.deepEqual([error.statusCode, error.code], [status, code], `${error.name}: ${error.message}`);
  assert.ok(error.message);
  return error;
}
