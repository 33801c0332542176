//! Every rule is tripped in every era in which it holds, by an example that breaks nothing else, and is kept by a near
//! miss; in the other eras the same example does not trip it.

mod cluster_examples;
mod examples;
mod properties;
mod scaling_examples;
mod scene;
mod trusted_launch_examples;

use std::collections::HashSet;

use super::*;
use scene::Scene;

/// One rule's example.
struct Example {
    id: &'static str,
    /// What is judged; the untouched scene of this kind breaks no rule.
    scene: fn(Era) -> Scene,
    /// Breaks exactly this rule.
    trip: fn(&mut Scene),
    /// Almost breaks it.
    near: fn(&mut Scene),
}

fn all_examples() -> Vec<&'static Example> {
    [examples::EXAMPLES, scaling_examples::EXAMPLES, trusted_launch_examples::EXAMPLES, cluster_examples::EXAMPLES]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_rule_has_an_example_and_a_name_of_its_own() {
    let ids: Vec<_> = table().iter().map(|rule| rule.id).collect();
    let examples: HashSet<_> = all_examples().iter().map(|example| example.id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "two rules share a name");
    let without: Vec<_> = ids.iter().filter(|id| !examples.contains(*id)).collect();
    assert!(without.is_empty(), "no example for {without:?}");
    for rule in table() {
        assert!(!rule.summary.is_empty() && !rule.message.is_empty() && !rule.source.is_empty(), "{}", rule.id);
        assert!(!rule.eras.is_empty() && rule.eras.is_sorted(), "{}", rule.id);
    }
}

#[test]
fn untouched_scenes_break_no_rule() {
    for era in Era::ALL {
        for example in all_examples() {
            let scene = (example.scene)(era);
            assert_eq!(scene.judge(), Ok(()), "{} in {era}", example.id);
        }
    }
}

#[test]
fn every_rule_refuses_its_example_and_lets_the_near_miss_pass() {
    for example in all_examples() {
        let rule = table().iter().find(|rule| rule.id == example.id).unwrap();
        for era in Era::ALL {
            let (mut tripped, mut near) = ((example.scene)(era), (example.scene)(era));
            (example.trip)(&mut tripped);
            (example.near)(&mut near);
            let refused = tripped.judge().err();
            let by = refused.as_ref().and_then(|refusal| refusal.rule);
            if !rule.eras.contains(&era) {
                assert_ne!(by, Some(rule.id), "{} does not hold in {era}", rule.id);
                continue;
            }
            assert_eq!(by, Some(rule.id), "{} in {era}: {refused:?}", rule.id);
            let refusal = refused.unwrap();
            assert_eq!((refusal.kind, refusal.code.as_str()), (rule.kind, rule.code));
            let text = refusal.message + refusal.target.as_deref().unwrap_or_default();
            assert!(!text.contains('{') && !text.contains('}'), "{}: {text}", rule.id);
            assert_eq!(near.judge(), Ok(()), "near miss of {} in {era}", rule.id);
        }
    }
}

#[test]
fn docs_constraints_is_the_rendered_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONSTRAINTS.md");
    let page = render_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page,
        "docs/CONSTRAINTS.md is out of date: UPDATE_DOCS=1 cargo test -p control-plane docs_constraints"
    );
}

#[test]
fn texts_are_filled_in_once() {
    let values = [("a", "{b}".to_owned()), ("b", "x".to_owned())];
    assert_eq!(filled("{a}-{b}-{c} {", &values), "{b}-x-{c} {");
}

#[test]
fn texts_are_the_published_ones() {
    let refused = |change: fn(&mut Scene)| {
        let mut scene = Scene::pool(Era::CURRENT);
        change(&mut scene);
        scene.judge().unwrap_err()
    };
    let size = refused(|s| s.spec.vm_size = Some("Standard_Nope".into()));
    assert_eq!(
        size.message,
        "The VM size of AgentPoolProfile:userpool is not allowed in your subscription in location 'eastus'.  For more \
         details, please visit https://aka.ms/aks/quotas-skus-regions"
    );
    let disk = refused(|s| {
        s.spec.vm_size = Some("Standard_D2ads_v5".into());
        s.spec.os_disk_type = Some(crate::model::OsDiskType::Ephemeral);
        s.spec.os_disk_size_gb = Some(75);
    });
    assert_eq!(
        disk.message,
        "OS disk of Ephemeral VM with size greater than 74 GB is not allowed for VM size Standard_D2ads_v5 when the \
         DiffDiskPlacement is ResourceDisk. Please refer to https://aka.ms/Ephemeral for more details."
    );
    let arm = refused(|s| s.spec.vm_size = Some("standard_d2ps_v5".into()));
    assert_eq!(arm.code, "TrustedLaunchIncompatibleWithConfig");
    assert_eq!(
        arm.message,
        "Trusted Launch enabled clusters using vTPM and/or Secure Boot are not supported for this agentpool. Secure Boot \
         and/or vTPM requires the VM Image to be Trusted Launch Compatible. Ubuntu 1804, FIPS, Arm64, CBLMariner, GPU \
         nodepools dont have Trusted Launch support."
    );
}
