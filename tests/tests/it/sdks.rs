//! The unmodified Azure SDKs for Python and JavaScript, in shells that evaluated `slipway env`. The suites are in
//! `tests/sdk`.

use crate::support::{Sdk, Slipway};

#[test]
fn the_python_sdks_walk_through_a_clusters_life() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).python_suite("test_clusters");
}

#[test]
fn the_python_sdks_see_what_lies_around_a_cluster() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).python_suite("test_around");
}

#[test]
fn the_python_sdks_understand_refusals() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).python_suite("test_errors");
}

#[test]
fn the_javascript_sdks_walk_through_a_clusters_life() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).node_suite("clusters.test.mjs");
}

#[test]
fn the_javascript_sdks_see_what_lies_around_a_cluster() {
    let slipway = Slipway::start("3000");
    Sdk::new(&slipway, &[]).node_suite("around.test.mjs");
}

#[test]
fn the_readmes_snippets_work_as_they_are_printed() {
    let slipway = Slipway::start("3000");
    slipway.arm().cluster("g", "myAKSCluster", 1, &serde_json::json!({ "enableVTPM": true }));
    let sdk = Sdk::new(&slipway, &[]);
    let printed = "myAKSCluster nodepool1 True";
    assert_eq!(sdk.python(&snippet("python")).trim(), printed);
    assert_eq!(sdk.node(&snippet("js")).trim(), printed.replace("True", "true"));
}

/// The one block of the README in a language.
fn snippet(language: &str) -> String {
    let readme = include_str!("../../../README.md");
    let fence = format!("```{language}\n");
    let mut blocks = readme.split(&fence).skip(1);
    let block = blocks.next().and_then(|rest| rest.split("```").next()).expect("the README has such a block");
    assert_eq!(blocks.count(), 0, "one block of {language}");
    block.to_owned()
}
