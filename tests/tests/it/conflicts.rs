//! What happens when two want the same: conflicts, ETags, aborts, deletions on the way, races. And what is refused
//! before anybody looks at a resource.

use serde_json::{Value, json};

use crate::support::{Answer, Arm, Az, NEW, Slipway, cluster_path, pool_body};

fn cluster_body(count: u32) -> Value {
    let mut pool = pool_body(count, &json!({"enableVTPM": true}))["properties"].take();
    pool["name"] = json!("nodepool1");
    pool["mode"] = json!("System");
    json!({"location": "eastus", "identity": {"type": "SystemAssigned"},
        "properties": {"dnsPrefix": "it", "agentPoolProfiles": [pool]}})
}

fn with(arm: &Arm, header: (&str, &str), method: &str, path: &str, body: Option<&Value>) -> Answer {
    let headers = [arm.headers().as_slice(), &[header]].concat();
    let text = body.map(Value::to_string);
    arm.send(method, &arm.url(path), &headers, text.as_deref().map(str::as_bytes))
}

/// Time stands still, so that what runs goes on running until it is told to end.
#[test]
fn one_operation_at_a_time_and_abort_and_delete_on_the_way() {
    let slipway = Slipway::start("explicit");
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    arm.put("/resourceGroups/g", &json!({"location": "eastus"}));
    let path = cluster_path("g", "c");
    let creation = arm.put(&path, &cluster_body(1));
    assert_eq!(creation.status, 201);

    // A second operation on the cluster, one on its pool: 409 in the words of 2026.
    let refused = az.fails(1, "az aks stop -g g -n c");
    let text = "Operation is not allowed because there's an in progress";
    assert!(refused.contains("(OperationNotAllowed)") && refused.contains(text), "{refused}");
    let pool = arm.request("PUT", &format!("{path}/agentPools/p"), Some(&pool_body(1, &json!({}))));
    assert_eq!((pool.status, pool.code().as_str()), (409, "OperationNotAllowed"), "{pool:?}");

    // Aborted: the creation is Canceled, the cluster can be written again.
    az.ok("az aks operation-abort -g g -n c --no-wait");
    slipway.ok(&["time", "until-idle"]);
    assert_eq!(arm.finish(&creation)["status"], "Canceled");
    assert_eq!(arm.get(&path)["properties"]["provisioningState"], "Canceled");
    let again = arm.put(&path, &cluster_body(1));
    slipway.ok(&["time", "until-idle"]);
    assert_eq!(arm.finish(&again)["status"], "Succeeded");

    // Deleted while it is being created.
    let (other, deleted) = (cluster_path("g", "other"), "az aks delete -g g -n other --yes --no-wait");
    let creation = arm.put(&other, &cluster_body(2));
    az.ok(deleted);
    assert_eq!(arm.get(&other)["properties"]["provisioningState"], "Deleting");
    slipway.ok(&["time", "until-idle"]);
    assert_eq!(arm.request("GET", &other, None).status, 404);
    assert_ne!(arm.finish(&creation)["status"], "Succeeded");
    assert_eq!(arm.request("DELETE", &other, None).status, 204);
}

/// The table of the AKS documentation (use-etags), on clusters and on pools.
#[test]
fn etags_are_compared() {
    let slipway = Slipway::start("3000");
    let (az, arm) = (Az::new(&slipway, NEW), slipway.arm());
    arm.put("/resourceGroups/g", &json!({"location": "eastus"}));
    let (cluster, stale) = (cluster_path("g", "c"), "00000000-0000-0000-0000-000000000000");
    let pool = format!("{cluster}/agentPools/p");
    for (path, body) in [(&cluster, cluster_body(1)), (&pool, pool_body(1, &json!({})))] {
        let put = |header: (&str, &str)| with(&arm, header, "PUT", path, Some(&body));
        let missing = put(("if-match", stale));
        assert_eq!((missing.status, missing.code().as_str()), (412, "PreconditionFailed"), "{missing:?}");
        assert_eq!(put(("if-match", "*")).status, 412, "{path}");
        assert_eq!(with(&arm, ("if-match", stale), "DELETE", path, None).status, 204, "{path}");
        let made = put(("if-none-match", "*"));
        assert_eq!(made.status, 201, "{made:?}");
        arm.finish(&made);
        assert_eq!(put(("if-none-match", "*")).status, 412, "{path}");
        assert_eq!(put(("if-none-match", stale)).status, 400, "{path}");
        assert_eq!(put(("if-match", stale)).status, 412, "{path}");
        assert_eq!(with(&arm, ("if-match", stale), "DELETE", path, None).status, 412, "{path}");
        let shown = arm.get(path);
        let tag = shown["eTag"].as_str().or(shown["properties"]["eTag"].as_str()).expect("an ETag");
        let written = put(("if-match", tag));
        assert_eq!(written.status, 200, "{written:?}");
        arm.finish(&written);
        let changed = arm.get(path);
        assert_ne!(changed["eTag"].as_str().or(changed["properties"]["eTag"].as_str()), Some(tag), "{path}");
    }
    let refused = az.fails(1, &format!("az aks update -g g -n c --tags a=b --if-match {stale}"));
    assert!(refused.contains("PreconditionFailed"), "{refused}");
}

/// Two clients write at the same moment: one of them wins, the other one learns it, and what stands is the winner's.
#[test]
fn of_two_clients_one_wins() {
    let slipway = Slipway::start("explicit");
    let (one, other) = (slipway.arm(), slipway.arm());
    one.put("/resourceGroups/g", &json!({"location": "eastus"}));
    let path = cluster_path("g", "c");
    let race = |what: &str| {
        let put = |arm: &Arm, count: u32| arm.request("PUT", &path, Some(&cluster_body(count)));
        let (first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(|| put(&other, 3));
            (put(&one, 2), second.join().expect("it does not panic"))
        });
        let (won, count, lost) = if first.status < 300 { (first, 2, second) } else { (second, 3, first) };
        assert!(matches!(won.status, 200 | 201), "{what}: {won:?}");
        assert_eq!((lost.status, lost.code().as_str()), (409, "OperationNotAllowed"), "{what}: {lost:?}");
        slipway.ok(&["time", "until-idle"]);
        assert_eq!(one.get(&path)["properties"]["agentPoolProfiles"][0]["count"], count, "{what}");
    };
    race("creation");
    // The counts of the second race may be those that stand already; nothing but the conflict can decide it.
    race("update");
}

/// What the gateway refuses without asking anybody, in its envelope, and what it does not mind.
#[test]
fn the_gateway_refuses_by_name_and_does_not_mind_letter_case() {
    let slipway = Slipway::start("3000");
    let arm = slipway.arm();
    arm.cluster("Group", "Cluster", 1, &json!({}));
    let path = cluster_path("Group", "Cluster");
    let table: &[(&str, String, u16, &str)] = &[
        ("GET", format!("{path}?api-version="), 400, "MissingApiVersionParameter"),
        ("GET", format!("{path}?api-version=soon"), 400, "InvalidApiVersionParameter"),
        ("GET", format!("{path}?api-version=2099-01-01"), 400, "NoRegisteredProviderFound"),
        ("PUT", format!("{path}/agentPools/p?api-version=2015-01-01"), 400, "NoRegisteredProviderFound"),
        (
            "GET",
            "/providers/Microsoft.ContainerService/managedClusters?api-version=2099-01-01".into(),
            404,
            "InvalidResourceType",
        ),
        (
            "GET",
            "/resourceGroups/Group/providers/Microsoft.ContainerService/unheardOf/x".into(),
            404,
            "InvalidResourceType",
        ),
        ("PUT", "/resourceGroups/Group/providers/Microsoft.Unheard/things/x".into(), 404, "InvalidResourceNamespace"),
        ("GET", "/resourceGroups/Group/providers/Microsoft.Compute/disks/x".into(), 501, "NotSimulated"),
        ("POST", format!("{path}/resetAADProfile"), 501, "NotSimulated"),
        ("PATCH", format!("{path}/agentPools/nodepool1"), 405, "MethodNotAllowed"),
        ("GET", "/resourceGroups/nowhere".into(), 404, "ResourceGroupNotFound"),
        ("GET", cluster_path("Group", "nothing"), 404, "ResourceNotFound"),
    ];
    for (method, path, status, code) in table {
        let body = matches!(*method, "PUT" | "PATCH" | "POST").then(|| json!({}));
        let answer = arm.request(method, path, body.as_ref());
        assert_eq!((answer.status, answer.code().as_str()), (*status, *code), "{method} {path}: {answer:?}");
        assert!(answer.json()["error"]["message"].is_string(), "{method} {path}: the gateway nests: {answer:?}");
        assert_eq!(answer.header("x-ms-failure-cause"), Some("gateway"), "{method} {path}");
    }

    // Keywords and names in any letter case, slashes in any number; the answer has Azure's own spelling.
    let odd = "/RESOURCEgroups/gROUP//providers/microsoft.containerservice/ManagedClusters/cLUSTER/";
    let shown = arm.get(odd);
    assert_eq!(
        (&shown["name"], &shown["type"]),
        (&json!("Cluster"), &json!("Microsoft.ContainerService/ManagedClusters"))
    );
    assert!(shown["id"].as_str().is_some_and(|id| id.contains("/resourcegroups/Group/")), "{}", shown["id"]);

    // What nobody knows is kept, through reads, writes and tags.
    let mut body = cluster_body(1);
    body["properties"]["somethingNew"] = json!({"a": [1, null, "x"]});
    body["properties"]["agentPoolProfiles"][0]["alsoNew"] = json!(true);
    body["tags"] = json!({"a": "b"});
    arm.put_and_wait(&path, &body);
    let tagged = arm.request("PATCH", &path, Some(&json!({"tags": {"c": "d"}})));
    arm.finish(&tagged);
    let kept = arm.get(&path);
    assert_eq!(kept["properties"]["somethingNew"], body["properties"]["somethingNew"]);
    assert_eq!(kept["properties"]["agentPoolProfiles"][0]["alsoNew"], true);
    assert_eq!(kept["tags"], json!({"c": "d"}));
}
