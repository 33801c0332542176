//! From the resources that a template declares to those that are deployed: conditions, loops and children.

use std::sync::Arc;

use control_plane::model::Opaque;
use serde_json::Value;

use super::super::expression::{CopyIndex, Effort, Evaluator, Here, Target, Trouble, check_functions};
use super::super::failure::Fault;
use super::super::resource_types;
use super::planned::Planned;
use super::{Template, each_expression, step};
use crate::middleware::ApiVersion;
use crate::wire::ids::GroupPath;
use crate::wire::locate::Step;

/// The most resources that a template may have, copies counted: ARM's documented limit.
const RESOURCES_MAX: usize = 800;

/// Members of a resource that are refused by name.
const NOT_SIMULATED: &[&str] = &["scope", "subscriptionId", "resourceGroup", "import", "extension", "asserts"];

/// A declared resource.
struct Declared<'t> {
    symbol: Option<&'t str>,
    source: &'t Opaque,
    path: Vec<Step>,
}

/// The resource that children are declared in.
#[derive(Clone)]
struct Parent {
    kind: String,
    name: String,
}

/// All resources of a template: those to be deployed, and those that their condition leaves out.
pub(super) fn read(template: &Template) -> Result<(Vec<Planned>, Vec<Target>), Fault> {
    let mut reader = Reader { template, planned: Vec::new(), skipped: Vec::new() };
    reader.all(template.source.get("resources"), &[step("resources")], None, false)?;
    Ok((reader.planned, reader.skipped))
}

struct Reader<'t> {
    template: &'t Template,
    planned: Vec<Planned>,
    skipped: Vec<Target>,
}

/// One round of a loop, with the round that goes before it.
type Round = (Option<CopyIndex>, Option<i64>);

impl<'t> Reader<'t> {
    /// Resources are an array, or in language version 2.0 an object by symbolic name.
    fn all(
        &mut self,
        list: Option<&'t Value>,
        path: &[Step],
        parent: Option<&Parent>,
        skip: bool,
    ) -> Result<(), Fault> {
        let under = |last: Step| path.iter().cloned().chain([last]).collect::<Vec<_>>();
        let declared: Vec<(Option<&str>, &Value, Vec<Step>)> = match list {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(at, item)| (None, item, under(Step::Item(at)))).collect()
            }
            Some(Value::Object(members)) => {
                members.iter().map(|(key, value)| (Some(key.as_str()), value, under(step(key)))).collect()
            }
            Some(_) => return Err(Fault::unreadable("The property 'resources' is neither an array nor an object.")),
        };
        for (symbol, value, path) in declared {
            let Value::Object(source) = value else {
                let at = self.template.positions.find(&path);
                let text =
                    format!("The template resource at line '{}' and column '{}' is not an object.", at.line, at.column);
                return Err(Fault::template(text).at(&at));
            };
            self.declared(&Declared { symbol, source, path }, parent, skip)?;
        }
        Ok(())
    }

    fn declared(&mut self, declared: &Declared<'t>, parent: Option<&Parent>, skip: bool) -> Result<(), Fault> {
        self.check_head(declared)?;
        let copies = self.copies(declared)?;
        for (copy, copy_after) in copies {
            let effort = Effort::default();
            let evaluator = Evaluator { copy: copy.as_ref(), ..self.template.evaluator(Here::Head, &effort) };
            let head = Head { template: self.template, evaluator: &evaluator, declared };
            let skip = skip || !head.condition()?;
            let mut planned = head.plan(parent)?;
            let children = Parent { kind: planned.kind.clone(), name: planned.full_name() };
            planned.copy_after = copy_after;
            planned.copy = copy;
            if skip {
                self.skipped.push(planned.target());
            } else {
                self.add(planned)?;
            }
            let path: Vec<_> = declared.path.iter().cloned().chain([step("resources")]).collect();
            self.all(declared.source.get("resources"), &path, Some(&children), skip)?;
        }
        Ok(())
    }

    fn check_head(&self, declared: &Declared<'_>) -> Result<(), Fault> {
        let refused = NOT_SIMULATED.iter().copied().find(|member| declared.source.contains_key(*member));
        let existing = declared.source.get("existing").is_some_and(|v| *v != Value::Bool(false));
        let refused = refused.or(existing.then_some("existing"));
        if let Some(member) = refused {
            let text = format!("Slipway does not simulate '{member}' of a resource");
            return Err(self.fault(declared, &Trouble::Fault(text)));
        }
        // Everything is looked through now: what depends on other resources is not evaluated before they are there.
        let functions = declared.source.iter().filter(|(key, _)| *key != "resources");
        for (_, value) in functions {
            each_expression(value, &mut check_functions).map_err(|trouble| self.fault(declared, &trouble))?;
        }
        Ok(())
    }

    fn fault(&self, declared: &Declared<'_>, trouble: &Trouble) -> Fault {
        let name = declared.source.get("name").and_then(Value::as_str).unwrap_or("");
        self.template.invalid_at("resource", name, trouble, &declared.path)
    }

    /// One for each round of the loop with the round that goes before it, or one without a loop.
    fn copies(&self, declared: &Declared<'_>) -> Result<Vec<Round>, Fault> {
        let Some(copy) = declared.source.get("copy") else {
            return Ok(vec![(None, None)]);
        };
        let effort = Effort::default();
        let evaluator = self.template.evaluator(Here::Head, &effort);
        let copy = evaluator.value(copy).map_err(|trouble| self.fault(declared, &trouble))?;
        let name = copy.get("name").and_then(Value::as_str).unwrap_or("");
        let count = copy.get("count").and_then(Value::as_i64).unwrap_or(-1);
        let most = i64::try_from(RESOURCES_MAX).unwrap_or(i64::MAX);
        if name.is_empty() || !(0..=most).contains(&count) {
            let text = format!("the loop needs a 'name' and a 'count' between 0 and {RESOURCES_MAX}");
            return Err(self.fault(declared, &Trouble::Fault(text)));
        }
        let serial = copy.get("mode").and_then(Value::as_str).is_some_and(|mode| mode.eq_ignore_ascii_case("serial"));
        let batch = copy.get("batchSize").and_then(Value::as_i64).unwrap_or(1).max(1);
        let round = |index| {
            let after = (serial && index >= batch).then(|| index - batch);
            (Some(CopyIndex { name: name.to_owned(), index }), after)
        };
        Ok((0..count).map(round).collect())
    }

    fn add(&mut self, planned: Planned) -> Result<(), Fault> {
        let at = self.template.positions.find(&planned.path);
        if self.planned.iter().any(|other| other.id.eq_ignore_ascii_case(&planned.id)) {
            return Err(Fault::template(format_args!(
                "The resource '{}' at line '{}' and column '{}' is defined multiple times in a template. Please see https://aka.ms/arm-syntax-resources for usage details.",
                planned.id, at.line, at.column
            ))
            .at(&at));
        }
        if self.planned.len() == RESOURCES_MAX {
            return Err(Fault::template(format_args!(
                "The number of template resources exceeds the limit of '{RESOURCES_MAX}'."
            )));
        }
        self.planned.push(planned);
        Ok(())
    }
}

/// What makes a declared resource the one it is.
struct Head<'a, 't> {
    template: &'a Template,
    evaluator: &'a Evaluator<'a>,
    declared: &'a Declared<'t>,
}

impl Head<'_, '_> {
    fn fault(&self, name: &str, why: impl Into<String>) -> Fault {
        self.template.invalid_at("resource", name, &Trouble::Fault(why.into()), &self.declared.path)
    }

    fn evaluated(&self, member: &str) -> Result<Option<Value>, Fault> {
        let Some(source) = self.declared.source.get(member).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let shown = self.declared.source.get("name").and_then(Value::as_str).unwrap_or("");
        let value = self.evaluator.value(source);
        value.map(Some).map_err(|trouble| self.template.invalid_at("resource", shown, &trouble, &self.declared.path))
    }

    fn text(&self, member: &str) -> Result<String, Fault> {
        let value = self.evaluated(member)?;
        let text = value.as_ref().and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| {
            let name = self.declared.source.get("name").and_then(Value::as_str).unwrap_or("");
            self.fault(name, format!("The {member} property cannot be null or empty"))
        })
    }

    /// Whether it is deployed at all.
    fn condition(&self) -> Result<bool, Fault> {
        match self.evaluated("condition")? {
            None => Ok(true),
            Some(Value::Bool(condition)) => Ok(condition),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(self.fault(&self.text("name")?, "The condition property is not a boolean")),
        }
    }

    fn plan(&self, parent: Option<&Parent>) -> Result<Planned, Fault> {
        let (own_kind, own_name) = (self.text("type")?, self.text("name")?);
        let (kind, name) = match parent {
            // A child may also be given with its full type and name.
            Some(parent) if !own_kind.to_lowercase().starts_with(&format!("{}/", parent.kind.to_lowercase())) => {
                (format!("{}/{own_kind}", parent.kind), format!("{}/{own_name}", parent.name))
            }
            _ => (own_kind, own_name),
        };
        let names: Vec<String> = name.split('/').map(str::to_owned).collect();
        self.check_segments(&kind, &name, names.len())?;
        let Some(kind) = resource_types::conventional(&kind) else {
            return Err(self.unknown_type(&kind, &name));
        };
        if let Some(bad) = names.iter().find(|name| !plausible(name)) {
            return Err(self.fault(&name, format!("The name '{bad}' is not valid")));
        }
        let api = self.text("apiVersion")?;
        if ApiVersion::parse(&api).is_none() {
            return Err(
                self.fault(&name, format!("The api-version '{api}' is invalid. The correct format is 'yyyy-MM-dd'"))
            );
        }
        let (namespace, types) = kind.split_once('/').unwrap_or((&kind, ""));
        let pairs: Vec<_> = types.split('/').zip(&names).map(|(kind, name)| format!("{kind}/{name}")).collect();
        let group = GroupPath(self.template.surroundings.group_id());
        Ok(Planned {
            id: format!("{group}/providers/{namespace}/{}", pairs.join("/")),
            names,
            api,
            after: Vec::new(),
            copy: None,
            symbol: self.declared.symbol.map(str::to_owned),
            depends_on: self.depends_on(&name)?,
            copy_after: None,
            source: Arc::new(self.declared.source.clone()),
            path: self.declared.path.clone(),
            kind,
        })
    }

    fn depends_on(&self, name: &str) -> Result<Vec<String>, Fault> {
        match self.evaluated("dependsOn")? {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let each = items.into_iter().map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(self.fault(name, "The property 'dependsOn' holds something that is not a text")),
                });
                each.collect()
            }
            Some(_) => Err(self.fault(name, "The property 'dependsOn' is not an array")),
        }
    }

    fn check_segments(&self, kind: &str, name: &str, names: usize) -> Result<(), Fault> {
        if kind.split('/').count() == names + 1 {
            return Ok(());
        }
        let at = self.template.positions.find(&self.declared.path);
        Err(Fault::template(format_args!(
            "The template resource '{name}' for type '{kind}' at line '{}' and column '{}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.",
            at.line, at.column
        ))
        .at(&at))
    }

    fn unknown_type(&self, kind: &str, name: &str) -> Fault {
        let at = self.template.positions.find(&self.declared.path);
        Fault::template(format_args!(
            "The template resource '{name}' at line '{}' and column '{}' is of the type '{kind}', which Slipway does not deploy; nothing was created. It deploys {}",
            at.line,
            at.column,
            resource_types::all().join(", ")
        ))
        .at(&at)
    }
}

/// Whether a name can be one at all; the resource provider has its own rules.
fn plausible(name: &str) -> bool {
    !name.is_empty() && name.len() <= 260 && !name.chars().any(|c| c.is_control() || "<>%&\\?#".contains(c))
}
