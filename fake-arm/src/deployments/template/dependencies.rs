//! What is deployed after what.

use std::collections::BTreeSet;

use super::super::expression::Target;
use super::super::failure::Fault;
use super::Template;
use super::planned::Planned;

/// Resolves `dependsOn`, `reference()` and serial loops, and puts every resource after those it depends on.
///
/// # Errors
/// When a dependency is not in the template (microsoft/vscode-azurearmtools issue 493) or depends on itself
/// (polymind-inc/acmebot issue 1089).
pub(super) fn resolve(
    template: &Template,
    mut planned: Vec<Planned>,
    skipped: &[Target],
) -> Result<Vec<Planned>, Fault> {
    let mut all = Vec::with_capacity(planned.len());
    for at in 0..planned.len() {
        let mut after = BTreeSet::new();
        for wanted in &planned[at].depends_on {
            let found = places(&planned, wanted);
            if found.is_empty() && !skipped.iter().any(|target| names(target, None, wanted)) {
                return Err(not_defined(template, &planned[at], wanted));
            }
            after.extend(found);
        }
        let ids = template.references_of(&planned[at]).map_err(|t| template.body_fault(&planned[at], &t))?;
        for id in ids {
            after.extend(planned.iter().position(|other| other.id.eq_ignore_ascii_case(&id)));
        }
        after.extend(serial(&planned, at));
        all.push(after);
    }
    for (planned, after) in planned.iter_mut().zip(all) {
        planned.after = after.into_iter().collect();
    }
    sorted(planned)
}

/// The copy of the same loop that must be done before this one.
fn serial(planned: &[Planned], at: usize) -> Option<usize> {
    let (after, copy) = (planned[at].copy_after?, planned[at].copy.as_ref()?);
    planned.iter().position(|other| {
        other.path == planned[at].path && other.copy.as_ref().is_some_and(|c| c.name == copy.name && c.index == after)
    })
}

fn places(planned: &[Planned], wanted: &str) -> Vec<usize> {
    let named = |one: &&(usize, &Planned)| names(&one.1.target(), one.1.copy.as_ref().map(|c| c.name.as_str()), wanted);
    let all: Vec<_> = planned.iter().enumerate().collect();
    all.iter().filter(named).map(|(at, _)| *at).collect()
}

/// Whether a `dependsOn` means this resource: by symbol, by loop, by id, by `Namespace/type/name` or by name.
fn names(target: &Target, copy: Option<&str>, wanted: &str) -> bool {
    if target.symbol.as_deref() == Some(wanted) || copy.is_some_and(|copy| copy.eq_ignore_ascii_case(wanted)) {
        return true;
    }
    let (id, wanted) = (target.id.to_lowercase(), wanted.to_lowercase());
    id == wanted || id.ends_with(&format!("/providers/{wanted}")) || target.name.to_lowercase() == wanted
}

fn not_defined(template: &Template, planned: &Planned, wanted: &str) -> Fault {
    let at = template.positions.find(&planned.path);
    let shown = wanted.split_once("/providers/").map_or(wanted, |(_, tail)| tail);
    Fault::template(format_args!(
        "The resource '{shown}' is not defined in the template. Please see https://aka.ms/arm-syntax-resources for usage details."
    ))
    .at(&at)
}

/// Each after those it depends on, else in the template's order; places are renumbered.
fn sorted(planned: Vec<Planned>) -> Result<Vec<Planned>, Fault> {
    let mut order: Vec<usize> = Vec::with_capacity(planned.len());
    let mut done = vec![false; planned.len()];
    while order.len() < planned.len() {
        let ready = |at: &usize| !done[*at] && planned[*at].after.iter().all(|before| done[*before]);
        let Some(next) = (0..planned.len()).find(ready) else {
            let stuck = done.iter().position(|done| !done).map_or("", |at| planned[at].id.as_str());
            return Err(Fault::template(format_args!(
                "Circular dependency detected on resource: '{stuck}'. Please see https://aka.ms/arm-syntax-resources for usage details."
            )));
        };
        done[next] = true;
        order.push(next);
    }
    let mut place = vec![0; planned.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new;
    }
    let mut slots: Vec<Option<Planned>> = planned.into_iter().map(Some).collect();
    let moved = order.iter().filter_map(|old| {
        let mut one = slots[*old].take()?;
        for after in &mut one.after {
            *after = place[*after];
        }
        Some(one)
    });
    Ok(moved.collect())
}
