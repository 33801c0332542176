//! The language by examples.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use control_plane::clock::VirtualTime;
use control_plane::era::Era;
use control_plane::ids::{GroupId, SubscriptionId};
use control_plane::model::{Opaque, ResourceGroup, Subscription};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::surroundings::Surroundings;
use super::{CopyIndex, Effort, Evaluator, Here, Lazy, References, Target, Trouble, Values, check_functions, parse};

const S: &str = "/subscriptions/00000000-0000-0000-0000-000000000007";

fn surroundings() -> Surroundings {
    let id = SubscriptionId(Uuid::from_u128(7));
    Surroundings {
        subscription: Arc::new(Subscription {
            id,
            name: "Slipway".to_owned(),
            tenant: Uuid::from_u128(8),
            era: Era::ALL[0],
            added: VirtualTime::default(),
            order: 0,
            features: BTreeMap::new(),
            providers: BTreeMap::new(),
        }),
        group: Arc::new(ResourceGroup {
            id: GroupId { subscription: id, name: "g".into() },
            location: "eastus".to_owned(),
            tags: None,
            managed_by: None,
            deleting: false,
            opaque: Opaque::new(),
        }),
        deployment: "d".to_owned(),
        correlation: Uuid::from_u128(9),
        asked: VirtualTime::from_millis(1_700_000_000_000),
        cloud: json!({"name": "Slipway"}),
        template: Arc::new(Opaque::new()),
    }
}

fn map(value: Value) -> Opaque {
    value.as_object().cloned().unwrap()
}

/// The value of `[text]` in the body of a resource.
fn evaluate(text: &str) -> Result<Value, String> {
    evaluate_at(text, Here::Body)
}

fn evaluate_at(text: &str, here: Here) -> Result<Value, String> {
    let surroundings = surroundings();
    let parameters = map(json!({"name": "demo", "list": [1, 2, 3], "object": {"Key": "v", "inner": {"deep": true}}}));
    let variables = map(json!({"prefix": "aks"}));
    let known = HashMap::from([(
        format!("{S}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net").to_lowercase(),
        json!({"id": "x", "location": "eastus", "properties": {"state": "there"}}),
    )]);
    let targets = [Target {
        symbol: Some("network".to_owned()),
        id: format!("{S}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net"),
        name: "net".to_owned(),
    }];
    let copy = CopyIndex { name: "loop".to_owned(), index: 2 };
    let effort = Effort::default();
    let evaluator = Evaluator {
        surroundings: &surroundings,
        parameters: Values::Known(&parameters),
        variables: Values::Known(&variables),
        here,
        copy: Some(&copy),
        references: if here == Here::Body { References::Known(&known) } else { References::Forbidden },
        targets: &targets,
        effort: &effort,
    };
    evaluator.value(&Value::from(text)).map_err(|trouble| match trouble {
        Trouble::Fault(text) => text,
        Trouble::Later => "later".to_owned(),
    })
}

#[track_caller]
fn gives(text: &str, wanted: Value) {
    assert_eq!(evaluate(&format!("[{text}]")), Ok(wanted), "{text}");
}

#[track_caller]
fn refuses(text: &str, wanted: &str) {
    let error = evaluate(&format!("[{text}]")).expect_err(text);
    assert!(error.contains(wanted), "{text}: {error}");
}

#[test]
fn plain_texts_are_themselves() {
    assert_eq!(evaluate("plain"), Ok(json!("plain")));
    assert_eq!(evaluate("[[literal]"), Ok(json!("[literal]")));
    assert_eq!(evaluate("[open"), Ok(json!("[open")));
}

#[test]
fn texts() {
    gives("concat('a', 1, true(), 'it''s')", json!("a1Trueit's"));
    gives("concat(parameters('list'), createArray(4))", json!([1, 2, 3, 4]));
    gives("format('{0}-{1}-{{x}}', parameters('name'), 7)", json!("demo-7-{x}"));
    gives("toUpper(substring('abcdef', 1, 3))", json!("BCD"));
    gives("toLower(trim('  AB '))", json!("ab"));
    gives("replace('a-b-c', '-', '')", json!("abc"));
    gives("split('a,b;c', createArray(',', ';'))", json!(["a", "b", "c"]));
    gives("join(parameters('list'), '/')", json!("1/2/3"));
    gives("padLeft(7, 3, '0')", json!("007"));
    gives("indexOf('Hello', 'L')", json!(2));
    gives("lastIndexOf('Hello', 'l')", json!(3));
    gives("startsWith('Hello', 'he')", json!(true));
    gives("endsWith('Hello', 'x')", json!(false));
    gives("string(parameters('object'))", json!(r#"{"Key":"v","inner":{"deep":true}}"#));
    gives("base64ToString(base64('üx'))", json!("üx"));
    refuses("substring('abc', 2, 5)", "must refer to a location within the string");
    refuses("toLower(1)", "expected to be of type 'String', but it is of type 'Integer'");
    refuses("format('{0:N0}', 1)", "alignment or format");
}

#[test]
fn ids_follow_from_their_arguments() {
    let space = Uuid::parse_str("11fb06fb-712d-4ddd-98c7-e71bbd588830").unwrap();
    gives("guid('a', 'b')", json!(Uuid::new_v5(&space, b"a-b").to_string()));
    let one = evaluate("[uniqueString('a', 'b')]").unwrap();
    assert_eq!(one.as_str().unwrap().len(), 13);
    assert_eq!(evaluate("[uniqueString('a', 'b')]"), Ok(one.clone()));
    assert_ne!(evaluate("[uniqueString('a', 'c')]"), Ok(one));
}

#[test]
fn numbers_and_logic() {
    gives("add(mul(2, 3), sub(10, div(9, 2)))", json!(12));
    gives("mod(7, 3)", json!(1));
    gives("min(parameters('list'))", json!(1));
    gives("max(4, 9, 2)", json!(9));
    gives("range(3, 2)", json!([3, 4]));
    gives("int('42')", json!(42));
    gives("-5", json!(-5));
    gives("if(equals(1, 1), 'yes', reference('nowhere'))", json!("yes"));
    gives("and(true(), not(false()))", json!(true));
    gives("or(false(), bool('True'))", json!(true));
    gives("less('a', 'b')", json!(true));
    gives("greaterOrEquals(2, 3)", json!(false));
    gives("coalesce(null(), 'x')", json!("x"));
    gives("equals('A', 'a')", json!(false));
    refuses("div(1, 0)", "no 64-bit result");
    refuses("if('x', 1, 2)", "expected to be of type 'Boolean'");
}

#[test]
fn collections() {
    gives("length('äb')", json!(2));
    gives("empty(createObject())", json!(true));
    gives("first(parameters('list'))", json!(1));
    gives("last('xyz')", json!("z"));
    gives("contains(parameters('object'), 'key')", json!(true));
    gives("contains('abc', 'd')", json!(false));
    gives("take(parameters('list'), 2)", json!([1, 2]));
    gives("skip('abc', 1)", json!("bc"));
    gives("union(createArray(1, 2), createArray(2, 3))", json!([1, 2, 3]));
    gives(
        "union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))",
        json!({"a": {"x": 1, "y": 2}}),
    );
    gives("intersection(createArray(1, 2), createArray(2, 3))", json!([2]));
    gives("array('x')", json!(["x"]));
    gives("json('{\"a\": [1]}').a[0]", json!(1));
    gives("objectKeys(parameters('object'))", json!(["inner", "Key"]));
    gives("parameters('object').inner.deep", json!(true));
    gives("parameters('object')['key']", json!("v"));
    refuses("parameters('object').nope", "doesn't exist, available properties are 'Key, inner'");
    refuses("parameters('list')[3]", "array index '3' is out of bounds");
}

#[test]
fn surroundings_are_told() {
    gives("resourceGroup().location", json!("eastus"));
    gives("subscription().subscriptionId", json!("00000000-0000-0000-0000-000000000007"));
    gives("deployment().name", json!("d"));
    gives("environment().name", json!("Slipway"));
    gives("concat(variables('prefix'), '-', parameters('NAME'))", json!("aks-demo"));
    gives(
        "resourceId('Microsoft.ContainerService/managedClusters/agentPools', 'c', 'p')",
        json!(format!("{S}/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c/agentPools/p")),
    );
    gives(
        "resourceId('other', 'Microsoft.Network/virtualNetworks', 'v')",
        json!(format!("{S}/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/v")),
    );
    gives(
        "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
        json!(format!("{S}/providers/Microsoft.Authorization/roleDefinitions/r")),
    );
    gives("reference('network').state", json!("there"));
    gives("reference('net', '2024-05-01', 'Full').location", json!("eastus"));
    gives("copyIndex()", json!(2));
    gives("copyIndex('loop', 10)", json!(12));
    refuses("resourceId('Microsoft.Network/virtualNetworks/subnets', 'v')", "requires '2' resource name argument(s)");
    refuses("parameters('nope')", "The template parameter 'nope' is not found");
    refuses("reference('nope')", "could not find template resource");
    refuses("utcNow()", "The template function 'utcNow' is not expected at this location");
}

#[test]
fn some_functions_are_expected_in_some_places_only() {
    assert_eq!(evaluate_at("[utcNow()]", Here::Default), Ok(json!("20231114T221320Z")));
    assert_eq!(evaluate_at("[utcNow('yyyy-MM-dd')]", Here::Default), Ok(json!("2023-11-14")));
    assert!(evaluate_at("[newGuid()]", Here::Default).is_ok());
    for (text, here) in [("[reference('net')]", Here::Head), ("[variables('prefix')]", Here::Default)] {
        assert!(evaluate_at(text, here).unwrap_err().contains("is not expected at this location"), "{text}");
    }
}

#[test]
fn what_there_is_not_is_named() {
    refuses(
        "nope(1)",
        "The template function 'nope' is not valid. Please see https://aka.ms/arm-template-expressions for usage details.",
    );
    refuses("listKeys('x', 'y')", "'listKeys' is not simulated by Slipway");
    refuses("concat('a'", "ends where more is expected");
    refuses("concat('a' 'b')", "the string character ''' at position '11' is not expected");
    refuses("toLower()", "function requires 1 argument(s) while 0 were provided");
    let hidden = parse::parse("if(true(), 1, nope())").unwrap();
    assert!(check_functions(&hidden).is_err(), "found without evaluating");
}

#[test]
fn nothing_grows_without_end() {
    let deep = format!("[{}1{}]", "add(1,".repeat(2000), ")".repeat(2000));
    assert!(evaluate(&deep).unwrap_err().contains("levels deep"));
    let doubled: Vec<_> =
        (0..40).map(|n| json!(format!("[createArray(variables('v{}'), variables('v{}'))]", n + 1, n + 1))).collect();
    let mut sources: Vec<(String, Value)> =
        doubled.into_iter().enumerate().map(|(n, v)| (format!("v{n}"), v)).collect();
    sources.push(("v40".to_owned(), json!("x".repeat(100))));
    let (surroundings, effort) = (surroundings(), Effort::default());
    let lazy = Lazy::new(sources.iter().map(|(name, value)| (name.as_str(), value)));
    let evaluator = Evaluator {
        surroundings: &surroundings,
        parameters: Values::Lazy(&lazy),
        variables: Values::Lazy(&lazy),
        here: Here::Variable,
        copy: None,
        references: References::Forbidden,
        targets: &[],
        effort: &effort,
    };
    let Err(Trouble::Fault(text)) = evaluator.variable("v0") else { panic!("it has a value") };
    assert!(text.contains("exceed the limit"), "{text}");
    let circle = json!({"a": "[variables('b')]", "b": "[variables('a')]"});
    let circle = map(circle);
    let lazy = Lazy::new(circle.iter().map(|(name, value)| (name.as_str(), value)));
    let fresh = Effort::default();
    let evaluator = Evaluator { variables: Values::Lazy(&lazy), effort: &fresh, ..evaluator };
    assert!(matches!(evaluator.variable("a"), Err(Trouble::Fault(text)) if text.contains("depends on itself")));
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        let _ = parse::parse(&text);
    }

    #[test]
    fn evaluating_never_panics(text in "(concat|add|first|split|substring|range|createObject|json|resourceId|parameters|if|format|take)(\\(|\\)|,|'|[a-z0-9]|\\.|\\[|\\]| |-|\\{0\\}|first\\('a'\\)){0,25}") {
        let _ = evaluate(&format!("[{text}]"));
    }

    #[test]
    fn any_text_survives_quoting(text in "\\PC{0,30}") {
        let quoted = format!("[string('{}')]", text.replace('\'', "''"));
        prop_assert_eq!(evaluate(&quoted), Ok(Value::from(text)));
    }
}
