//! Bad input at every door gets Azure's envelope and a message that helps.

use serde_json::{Value, json};

use crate::support::{Arm, Slipway, cluster_path, pool_body};

struct Case {
    what: &'static str,
    method: &'static str,
    path: String,
    body: Option<Vec<u8>>,
    status: u16,
    code: &'static str,
}

fn case(
    what: &'static str,
    method: &'static str,
    path: impl Into<String>,
    body: Option<&[u8]>,
    status: u16,
    code: &'static str,
) -> Case {
    Case { what, method, path: path.into(), body: body.map(<[u8]>::to_vec), status, code }
}

fn check(arm: &Arm, case: &Case) {
    let answer = arm.send(case.method, &arm.url(&case.path), &arm.headers(), case.body.as_deref());
    assert_eq!(answer.status, case.status, "{}: {answer:?}", case.what);
    assert_eq!(answer.code(), case.code, "{}: {answer:?}", case.what);
    assert!(answer.message().len() > 10, "{}: {answer:?}", case.what);
}

#[test]
fn nonsense_is_refused_in_azures_words() {
    let slipway = Slipway::start("explicit");
    let arm = slipway.arm();
    arm.put("/resourceGroups/g", &json!({ "location": "eastus" }));
    let cluster = cluster_path("g", "c");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases = [
        case("no api-version", "GET", "/resourceGroups?x=y", None, 400, "MissingApiVersionParameter"),
        case("a bad api-version", "GET", "/resourceGroups?api-version=now", None, 400, "InvalidApiVersionParameter"),
        case("not JSON", "PUT", "/resourceGroups/x", Some(b"{not json"), 400, "InvalidRequestContent"),
        case("nested too deep", "PUT", "/resourceGroups/x", Some(deep.as_bytes()), 400, "InvalidRequestContent"),
        case("not UTF-8", "PUT", "/resourceGroups/x", Some(b"\xff\xfe{}"), 400, "InvalidRequestContent"),
        case("a list for an object", "PUT", "/resourceGroups/x", Some(b"[]"), 400, "InvalidRequestContent"),
        case("no such group", "GET", "/resourceGroups/nope", None, 404, "ResourceGroupNotFound"),
        case("no such cluster", "GET", cluster.clone(), None, 404, "ResourceNotFound"),
        case(
            "a cluster in no group",
            "PUT",
            cluster_path("nope", "c"),
            Some(b"{\"location\":\"eastus\"}"),
            404,
            "ResourceGroupNotFound",
        ),
    ];
    for case in &cases {
        check(&arm, case);
    }
    // az tells its user about these by exit code 3 and by text; both depend on the envelope.
    let nowhere = arm.request("GET", "/resourceGroups/nope", None);
    assert_eq!(nowhere.message(), "Resource group 'nope' could not be found.");
}

#[test]
fn pools_that_cannot_be_are_refused_by_name_and_limit() {
    let slipway = Slipway::start("3000");
    let arm = slipway.arm();
    arm.cluster("g", "c", 1, &json!({ "enableVTPM": true }));
    let path = |name: &str| format!("{}/agentPools/{name}", cluster_path("g", "c"));
    let with = |change: Value| {
        let mut body = pool_body(1, &json!({ "enableVTPM": true }));
        for (name, value) in change.as_object().expect("an object") {
            body["properties"][name] = value.clone();
        }
        body
    };
    let refused = [
        ("upper case", "MyPool", json!({})),
        ("a digit first", "1pool", json!({})),
        ("too long", "abcdefghijklm", json!({})),
        ("too many nodes", "p", json!({ "count": 1001 })),
        ("too few nodes", "p", json!({ "count": -1 })),
        ("a count in words", "p", json!({ "count": "three" })),
        ("an unknown size", "p", json!({ "vmSize": "Standard_Nope" })),
        ("an Arm64 size", "p", json!({ "vmSize": "Standard_D2ps_v5" })),
        ("an unknown version", "p", json!({ "orchestratorVersion": "9.99.9" })),
        ("a flag in words", "p", json!({ "securityProfile": { "enableVTPM": "yes" } })),
        ("an availability set", "p", json!({ "type": "AvailabilitySet" })),
    ];
    for (what, name, change) in refused {
        let answer = arm.request("PUT", &path(name), Some(&with(change)));
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        assert!(answer.message().len() > 10, "{what}: {answer:?}");
    }
    assert_eq!(arm.get(&format!("{}/agentPools", cluster_path("g", "c")))["value"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_second_operation_is_refused_while_one_runs() {
    let slipway = Slipway::start("3000");
    let arm = slipway.arm();
    arm.cluster("g", "c", 1, &json!({ "enableVTPM": true }));
    slipway.ok(&["time", "explicit"]);
    let path = format!("{}/agentPools/nodepool1", cluster_path("g", "c"));
    let mut pool = arm.get(&path);
    pool["properties"]["securityProfile"]["enableSecureBoot"] = json!(true);
    let first = arm.put(&path, &pool);
    pool["properties"]["count"] = json!(2);
    let second = arm.request("PUT", &path, Some(&pool));
    assert_eq!((second.status, second.code().as_str()), (409, "OperationNotAllowed"), "{second:?}");
    slipway.ok(&["time", "until-idle"]);
    assert_eq!(arm.finish(&first)["status"], "Succeeded");
}

#[test]
fn strangers_are_asked_for_a_token() {
    let slipway = Slipway::start("explicit");
    let arm = slipway.arm();
    for headers in [vec![], vec![("authorization", "Bearer x.y.z")], vec![("authorization", "Basic eDp5")]] {
        let answer = arm.send("GET", &arm.url("/resourceGroups"), &headers, None);
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.header("www-authenticate").is_some_and(|h| h.starts_with("Bearer ")), "{answer:?}");
    }
}

#[test]
fn unknown_features_and_subscriptions_are_named() {
    let slipway = Slipway::start("explicit");
    let arm = slipway.arm();
    let feature = "/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/NopePreview";
    let answer = arm.request("GET", &format!("{feature}?api-version=2021-07-01"), None);
    assert_eq!((answer.status, answer.code().as_str()), (404, "FeatureNotFound"), "{answer:?}");
    assert!(answer.message().contains("NopePreview"));
    let stranger = Arm::new(&slipway, "00000000-0000-0000-0000-000000000000");
    let answer = stranger.request("GET", "/resourceGroups", None);
    assert_eq!((answer.status, answer.code().as_str()), (404, "SubscriptionNotFound"), "{answer:?}");
}

#[test]
fn the_control_api_refuses_nonsense_too() {
    let slipway = Slipway::start("explicit");
    let arm = slipway.arm();
    let secret = std::fs::read_to_string(slipway.data().join("control.secret")).expect("its owner can read it");
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let send = |method: &str, path: &str, body: &[u8]| {
        let url = format!("{}/_slipway/v1{path}", slipway.url());
        arm.send(method, &url, &headers, Some(body))
    };
    for (method, path, body, status) in [
        ("POST", "/time/advance", &b"{"[..], 400),
        ("POST", "/time/advance", b"{\"byMs\":-5}", 400),
        ("PUT", "/time/pace", b"{\"mode\":\"auto\",\"speed\":0}", 400),
        ("PUT", "/time/pace", b"{\"mode\":\"sideways\"}", 400),
        ("POST", "/subscriptions", b"{\"era\":\"stone-age\"}", 400),
        ("POST", "/subscriptions", b"{\"era\":\"ga\",\"name\":\"\"}", 400),
        ("GET", "/nodes/nobody", b"", 404),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/events?after=x", b"", 400),
    ] {
        let answer = send(method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.message().len() > 5, "{method} {path}: {answer:?}");
    }
    // The answer may get lost when the server hangs up on a client that still sends; that it is taken may not be.
    let big = vec![b' '; 100 * 1024];
    let url = format!("{}/_slipway/v1/subscriptions", slipway.url());
    let answer = arm.try_send("POST", &url, &headers, Some(&big));
    assert!(answer.as_ref().is_none_or(|answer| answer.status == 413), "{answer:?}");
    assert_eq!(slipway.json(&["subscription", "list"])["subscriptions"].as_array().map(Vec::len), Some(2));
}
