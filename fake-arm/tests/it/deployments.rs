//! Template deployments, driven as az drives them: bodies that are not quite JSON, and polls.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::house::{House, Reply};
use crate::setup;

const API: &str = "2025-04-01";

/// A cluster and a trusted-launch pool, with most of the language.
const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0", // the first
  "parameters": {
    "clusterName": { "type": "string", "defaultValue": "demo", "minLength": 2 },
    "location": { "type": "string", "defaultValue": "[resourceGroup().location]" },
    "count": { "type": "int", "allowedValues": [1, 2] },
    "secret": { "type": "secureString", "defaultValue": "hush-hush" }
  },
  "variables": {
    "pool": "[concat('tl', parameters('count'))]",
    "clusterId": "[resourceId('Microsoft.ContainerService/managedClusters', parameters('clusterName'))]"
  },
  "resources": [
    {
      "type": "Microsoft.ContainerService/managedClusters/agentPools",
      "apiVersion": "2025-08-01",
      "name": "[format('{0}/{1}', parameters('clusterName'), variables('pool'))]",
      "dependsOn": [ "[variables('clusterId')]" ],
      "properties": { "count": "[parameters('count')]", "mode": "User", "vmSize": "Standard_D4s_v3",
        "securityProfile": { "enableVTPM": true, "enableSecureBoot": true } },
    },
    {
      "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2025-08-01",
      "name": "[parameters('clusterName')]", "location": "[parameters('location')]",
      "identity": { "type": "SystemAssigned" },
      "properties": { /* small */ "dnsPrefix": "[uniqueString(resourceGroup().id)]",
        "agentPoolProfiles": [ { "name": "system", "count": 1, "mode": "System", "vmSize": "Standard_D4s_v3" } ] }
    },
    { "condition": "[greater(parameters('count'), 5)]", "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "never" }
  ],
  "outputs": {
    "fqdn": { "type": "string", "value": "[reference(variables('clusterId'), '2025-08-01').fqdn]" },
    "secret": { "type": "securestring", "value": "[parameters('secret')]" }
  }
}"#;

struct Deploy<'h> {
    house: &'h House,
    name: &'static str,
}

impl Deploy<'_> {
    fn path(&self, action: &str) -> String {
        self.house.path(&format!(
            "/resourcegroups/g/providers/Microsoft.Resources/deployments/{}{action}?api-version={API}",
            self.name
        ))
    }

    /// As az splices it together.
    async fn send(&self, method: &str, action: &str, template: &str, parameters: Value) -> Reply {
        let body = format!(
            "{{\"properties\": {{\"parameters\": {parameters}, \"mode\": \"Incremental\", template:{template}}}}}"
        );
        let request = Request::builder()
            .method(method)
            .uri(self.path(action))
            .header("authorization", format!("Bearer {}", self.house.token))
            .header("content-type", "application/json");
        self.house.raw(request.body(Body::from(body)).unwrap()).await
    }

    async fn put(&self, template: &str, parameters: Value) -> Reply {
        self.send("PUT", "", template, parameters).await
    }

    async fn get(&self, action: &str) -> Reply {
        self.house.get(&self.path(action)).await
    }

    /// Lets virtual time pass until the deployment has ended.
    async fn ended(&self) -> Value {
        let mut changes = self.house.world.watch();
        loop {
            changes.borrow_and_update();
            self.house.settle().await;
            let shown = self.get("").await.ok(200).json();
            let state = shown["properties"]["provisioningState"].as_str().unwrap().to_owned();
            if !["Accepted", "Running"].contains(&state.as_str()) {
                return shown;
            }
            changes.changed().await.unwrap();
        }
    }
}

fn count(count: i64) -> Value {
    json!({"count": {"value": count}})
}

async fn open() -> House {
    let house = House::open().await;
    setup::group(&house).await;
    house
}

fn deploy(house: &House) -> Deploy<'_> {
    Deploy { house, name: "first" }
}

#[tokio::test]
async fn a_cluster_and_a_trusted_launch_pool() {
    let house = open().await;
    let deploy = deploy(&house);
    let valid = deploy.send("POST", "/validate", TEMPLATE, count(1)).await.ok(200).json();
    assert_eq!(valid["properties"]["provisioningState"], "Succeeded");
    assert_eq!(valid["properties"]["validatedResources"].as_array().unwrap().len(), 2);
    assert_eq!(house.get(&house.path("/resourceGroups/g/resources")).await.ok(200).json()["value"], json!([]));

    let made = deploy.put(TEMPLATE, count(1)).await.ok(201);
    assert_eq!(made.json()["properties"]["provisioningState"], "Accepted");
    assert_eq!(made.json()["properties"]["parameters"]["secret"], json!({"type": "SecureString"}));
    let url = made.header("azure-asyncoperation").unwrap().to_owned();
    assert!(url.contains("/deployments/first/operationStatuses/085"), "{url}");
    let poll = house.get(House::local(&url)).await.ok(200);
    assert!(["Accepted", "Running"].contains(&poll.json()["status"].as_str().unwrap()));
    assert!(poll.header("retry-after-ms").is_some());

    let done = deploy.ended().await;
    let properties = &done["properties"];
    assert_eq!(properties["provisioningState"], "Succeeded", "{done:#}");
    assert_eq!(house.get(House::local(&url)).await.ok(200).json(), json!({"status": "Succeeded"}));
    assert!(properties["outputs"]["fqdn"]["value"].as_str().unwrap().ends_with(".hcp.eastus.azmk8s.io"));
    assert_eq!(properties["outputs"]["secret"], json!({"type": "SecureString"}));
    assert_eq!(properties["dependencies"][0]["resourceName"], "demo/tl1");
    assert_eq!(properties["dependencies"][0]["dependsOn"][0]["resourceName"], "demo");
    assert!(!done.to_string().contains("hush-hush"));

    let pool = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/demo/agentPools/tl1");
    let pool = house.get(&pool).await.ok(200).json();
    assert_eq!(pool["properties"]["provisioningState"], "Succeeded");
    assert_eq!(pool["properties"]["securityProfile"]["enableVTPM"], true);
    assert!(pool["properties"]["nodeImageVersion"].as_str().unwrap().contains("TL"));
}

#[tokio::test]
async fn the_history_is_listed_and_forgotten() {
    let house = open().await;
    let deploy = deploy(&house);
    deploy.put(TEMPLATE, count(1)).await.ok(201);
    assert_eq!(deploy.put(TEMPLATE, count(1)).await.error(), (409, "DeploymentActive".to_owned()));
    assert_eq!(house.delete(&deploy.path("")).await.error(), (409, "DeploymentActive".to_owned()));
    deploy.ended().await;
    let all = house.path(&format!("/resourcegroups/g/providers/Microsoft.Resources/deployments/?api-version={API}"));
    assert_eq!(house.get(&all).await.ok(200).json()["value"][0]["name"], "first");
    let failed = house.get(&format!("{all}&$filter=provisioningState%20eq%20'Failed'")).await.ok(200);
    assert_eq!(failed.json()["value"], json!([]));
    let operations = house.path(&format!("/resourcegroups/g/deployments/first/operations?api-version={API}"));
    let operations = house.get(&operations).await.ok(200).json();
    let kinds: Vec<_> = operations["value"].as_array().unwrap().iter().map(|one| &one["properties"]).collect();
    assert_eq!(kinds[0]["provisioningOperation"], "EvaluateDeploymentOutput");
    assert_eq!(kinds[1]["targetResource"]["resourceName"], "demo/tl1");
    assert_eq!(kinds[2]["statusCode"], "Created");
    let one = format!("/operations/{}", operations["value"][1]["operationId"].as_str().unwrap());
    assert_eq!(deploy.get(&one).await.ok(200).json(), operations["value"][1]);
    let exported = house.send("POST", &deploy.path("/exportTemplate"), None, &[]).await.ok(200).json();
    assert_eq!(exported["template"]["contentVersion"], "1.0.0.0");
    assert_eq!(house.send("HEAD", &deploy.path(""), None, &[]).await.status, 204);
    let cancel = house.send("POST", &deploy.path("/cancel"), None, &[]).await;
    assert_eq!(cancel.error(), (409, "DeploymentCannotBeCanceled".to_owned()));
    assert_eq!(deploy.put(TEMPLATE, count(1)).await.ok(200).json()["name"], "first");
    deploy.ended().await;
    house.delete(&deploy.path("")).await.ok(204);
    house.delete(&deploy.path("")).await.ok(204);
    assert_eq!(house.send("HEAD", &deploy.path(""), None, &[]).await.status, 404);
    assert_eq!(deploy.get("").await.error(), (404, "DeploymentNotFound".to_owned()));
    assert!(house.world.clusters(house.today().id).len() == 1, "its resources stay");
}

#[tokio::test]
async fn what_if_tells_what_would_change() {
    let house = open().await;
    let deploy = deploy(&house);
    let forecast = async |parameters: Value| {
        let asked = deploy.send("POST", "/whatIf", TEMPLATE, parameters).await.ok(202);
        let url = asked.header("location").unwrap().to_owned();
        house.get(House::local(&url)).await.ok(200).json()
    };
    let before = forecast(count(1)).await;
    let kinds = |forecast: &Value| -> Vec<String> {
        let changes = forecast["properties"]["changes"].as_array().unwrap();
        changes.iter().map(|change| change["changeType"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&before), ["Create", "Create"], "{before:#}");
    deploy.put(TEMPLATE, count(1)).await.ok(201);
    deploy.ended().await;
    assert_eq!(kinds(&forecast(count(1)).await), ["NoChange", "NoChange"], "{:#}", forecast(count(1)).await);
    let other = forecast(json!({"count": {"value": 1}, "clusterName": {"value": "other"}})).await;
    assert_eq!(kinds(&other), ["Create", "Create", "Ignore"]);
    let grown = TEMPLATE.replace("\"count\": 1, \"mode\"", "\"count\": 3, \"mode\"");
    let asked = deploy.send("POST", "/whatIf", &grown, count(1)).await.ok(202);
    let grown = house.get(House::local(asked.header("location").unwrap())).await.ok(200).json();
    assert_eq!(
        grown["properties"]["changes"][0]["delta"],
        json!([{"path": "properties.agentPoolProfiles", "propertyChangeType": "Array", "children": [
            {"path": "0", "propertyChangeType": "Modify", "children": [
                {"path": "count", "propertyChangeType": "Modify", "before": 1, "after": 3}]}]}]),
    );
}

#[tokio::test]
async fn rules_are_asked_before_anything_is_made() {
    let house = open().await;
    let deploy = deploy(&house);
    let windows =
        TEMPLATE.replace("\"mode\": \"User\"", "\"mode\": \"User\", \"vmSize\": \"Standard_D2pds_v5\", \"x\": 1");
    let windows = windows.replace("\"vmSize\": \"Standard_D4s_v3\",\n", "\"osType\": \"Linux\",\n");
    for (method, action) in [("POST", "/validate"), ("PUT", "")] {
        let refused = deploy.send(method, action, &windows, count(1)).await;
        assert_eq!(refused.error(), (400, "InvalidTemplateDeployment".to_owned()), "{}", refused.text());
        let error = &refused.json()["error"];
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("The template deployment 'first' is not valid according to the validation procedure.")
        );
        assert_eq!(error["details"].as_array().unwrap().len(), 1);
        assert!(error["details"][0]["message"].as_str().unwrap().starts_with(
            "Preflight validation check for resource(s) for container service demo in resource group g failed. Message: "
        ));
    }
    assert!(house.world.clusters(house.today().id).is_empty());
    assert_eq!(deploy.get("").await.error(), (404, "DeploymentNotFound".to_owned()));
}

#[tokio::test]
async fn invalid_templates_are_refused_in_arms_words() {
    let house = open().await;
    let deploy = deploy(&house);
    let says = async |template: &str, parameters: Value, wanted: &str| {
        let refused = deploy.send("POST", "/validate", template, parameters).await;
        assert_eq!(refused.status, 400, "{wanted}: {}", refused.text());
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(wanted), "{message}\nlacks\n{wanted}");
        refused.json()
    };
    let missing = says(
        TEMPLATE,
        json!({}),
        "The value for the template parameter 'count' at line '7' and column '14' is not provided.",
    )
    .await;
    assert_eq!(missing["error"]["code"], "InvalidTemplate");
    assert_eq!(missing["error"]["additionalInfo"][0]["info"]["lineNumber"], 7);
    says(TEMPLATE, count(3), "The provided value '3' for the template parameter 'count' at line '7' and column '14' is not valid. The parameter value is not part of the allowed value(s): '1,2'.").await;
    says(TEMPLATE, json!({"count": {"value": "1"}}), "Expected 'Integer'. Actual 'String'").await;
    says(TEMPLATE, json!({"count": {"value": null}}), "The value of deployment parameter 'count' is null.").await;
    says(TEMPLATE, json!({"nope": {"value": 1}}), "The template parameters 'nope' in the parameters file are not valid; they are not present in the original template").await;
    says(
        TEMPLATE,
        json!({"count": {"value": 1}, "clusterName": {"value": "x"}}),
        "Length of the value should be greater than or equal to '2'",
    )
    .await;
    let swapped = |from: &str, to: &str| {
        assert!(TEMPLATE.contains(from), "{from}");
        TEMPLATE.replace(from, to)
    };
    says(
        &swapped("reference(variables", "referense(variables"),
        count(1),
        "The template function 'referense' is not valid.",
    )
    .await;
    says(&swapped("concat('tl'", "concatenate('tl'"), count(1), "The template variable 'pool' at line '11' and column '13' is not valid: The template function 'concatenate' is not valid.").await;
    says(
        &swapped("[variables('clusterId')]\" ]", "nothere\" ]"),
        count(1),
        "The resource 'nothere' is not defined in the template.",
    )
    .await;
    says(&swapped(
            "\"location\": \"[parameters('location')]\"",
            "\"dependsOn\": [\"[resourceId('Microsoft.ContainerService/managedClusters/agentPools', parameters('clusterName'), variables('pool'))]\"]",
        ),
        count(1), "Circular dependency detected on resource").await;
    says(
        &swapped("Microsoft.Network/virtualNetworks", "Microsoft.Storage/storageAccounts"),
        count(1),
        "of the type 'Microsoft.Storage/storageAccounts', which Slipway does not deploy",
    )
    .await;
    says(&swapped("'{0}/{1}'", "'{0}-{1}'"), count(1), "has incorrect segment lengths").await;
    says(
        &swapped("\"variables\": {", "\"functions\": [{}], \"variables\": {"),
        count(1),
        "does not simulate 'functions'",
    )
    .await;
    says("{}", count(1), "Required property '$schema' not found in JSON").await;
    says(
        &swapped("deploymentTemplate.json", "subscriptionDeploymentTemplate.json"),
        count(1),
        "is not supported for deployments to a resource group",
    )
    .await;
    let broken = deploy.send("POST", "/validate", "{ \"a\": }", count(1)).await;
    assert_eq!(broken.error(), (400, "InvalidRequestContent".to_owned()));
}

#[tokio::test]
async fn what_is_not_simulated_is_refused_by_name() {
    let house = open().await;
    let deploy = deploy(&house);
    let body = |more: Value| {
        let mut body = json!({"properties": {"mode": "Incremental", "template": {}}});
        body["properties"].as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        body
    };
    for (more, wanted) in [
        (json!({"mode": "Complete"}), "mode 'Complete'"),
        (json!({"templateLink": {"uri": "https://x"}}), "'templateLink'"),
        (json!({"onErrorDeployment": {"type": "LastSuccessful"}}), "'onErrorDeployment'"),
    ] {
        let refused = house.put(&deploy.path(""), body(more)).await;
        assert_eq!(refused.error(), (501, "NotSimulated".to_owned()));
        assert!(refused.text().contains(wanted), "{}", refused.text());
    }
    let elsewhere = house.path(&format!("/providers/Microsoft.Resources/deployments/d?api-version={API}"));
    assert_eq!(house.put(&elsewhere, json!({})).await.error(), (501, "NotSimulated".to_owned()));
}

/// One group, three networks by a loop and what follows from them; nothing takes time.
const NETWORKS: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": [
    { "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2024-11-30", "name": "after", "location": "eastus",
      "tags": { "from": "[reference(resourceId('Microsoft.Network/virtualNetworks', 'net1'), '2024-05-01', 'full').name]" } },
    { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "[concat('net', copyIndex())]", "location": "eastus",
      "copy": { "name": "nets", "count": 3, "mode": "serial" }, "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/8"] } },
      "resources": [ { "type": "subnets", "apiVersion": "2024-05-01", "name": "inner", "dependsOn": ["nets"], "properties": { "addressPrefix": "10.1.0.0/16" } } ] }
  ],
  "outputs": { "tag": { "type": "object", "value": "[reference('after', '2024-11-30', 'Full').tags]" } }
}"#;

#[tokio::test]
async fn loops_children_and_references_are_put_in_order() {
    let house = open().await;
    let deploy = deploy(&house);
    deploy.put(NETWORKS, json!({})).await.ok(201);
    let done = deploy.ended().await;
    assert_eq!(done["properties"]["provisioningState"], "Succeeded", "{done:#}");
    assert_eq!(done["properties"]["outputs"]["tag"]["value"], json!({"from": "net1"}));
    assert_eq!(done["properties"]["outputResources"].as_array().unwrap().len(), 7);
    let subnet = house.path("/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net2/subnets/inner");
    assert_eq!(house.get(&subnet).await.ok(200).json()["name"], "inner");
}

#[tokio::test]
async fn a_failing_resource_fails_the_deployment() {
    let house = open().await;
    let deploy = deploy(&house);
    deploy.put(TEMPLATE, count(1)).await.ok(201);
    let cluster = house.path("/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/demo");
    let mut changes = house.world.watch();
    while house.get(&cluster).await.status == 404 {
        changes.changed().await.unwrap();
    }
    house.send("POST", &format!("{cluster}/abort"), None, &[]).await.ok(202);
    let done = deploy.ended().await;
    assert_eq!(done["properties"]["provisioningState"], "Failed");
    let error = &done["properties"]["error"];
    assert_eq!(error["code"], "DeploymentFailed");
    assert!(error["target"].as_str().unwrap().ends_with("/deployments/first"));
    assert_eq!(error["details"][0]["code"], "ResourceDeploymentFailure");
    assert!(error["details"][0]["message"].as_str().unwrap().ends_with("terminal provisioning state 'Canceled'."));
    let operations = deploy.get("/operations").await.ok(200).json();
    assert_eq!(operations["value"].as_array().unwrap().len(), 1, "the pool was never begun");
    assert_eq!(operations["value"][0]["properties"]["statusMessage"]["error"]["code"], "ResourceDeploymentFailure");
}

#[tokio::test]
async fn a_canceled_deployment_begins_nothing_more() {
    let house = open().await;
    let deploy = deploy(&house);
    deploy.put(TEMPLATE, count(1)).await.ok(201);
    house.send("POST", &deploy.path("/cancel"), None, &[]).await.ok(204);
    assert_eq!(deploy.ended().await["properties"]["provisioningState"], "Canceled");
    house.settle().await;
    let pools = house.world.clusters(house.today().id).iter().map(|c| house.world.pools(&c.id).len()).sum::<usize>();
    assert!(pools <= 1, "the template's pool is not begun");
}

#[tokio::test]
async fn a_deployment_goes_on_after_a_restart() {
    let house = open().await;
    deploy(&house).put(TEMPLATE, count(1)).await.ok(201);
    let house = house.reopen().await;
    let done = deploy(&house).ended().await;
    assert_eq!(done["properties"]["provisioningState"], "Succeeded", "{done:#}");
    assert!(done["properties"]["outputs"]["fqdn"]["value"].is_string());
}
