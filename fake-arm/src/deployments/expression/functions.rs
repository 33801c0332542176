//! The table of functions.

use serde_json::Value;

use super::evaluate::{Evaluator, Trouble};
use super::parse::Expression;
use super::{collections, logic, numbers, surroundings, texts};

/// How a function works.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// By its arguments alone.
    Plain(fn(&[Value]) -> Result<Value, String>),
    /// By its arguments and the surroundings.
    Here(fn(&Evaluator<'_>, &[Value]) -> Result<Value, Trouble>),
    /// It evaluates its arguments itself.
    Special(fn(&Evaluator<'_>, &[Expression]) -> Result<Value, Trouble>),
}

/// A function.
pub(super) struct Function {
    /// Its name as the documentation writes it; compares without regard to case.
    pub(super) name: &'static str,
    /// The fewest arguments.
    min: usize,
    /// The most arguments.
    max: usize,
    /// What it does.
    pub(super) run: Run,
}

/// For functions that take any number of arguments.
const ANY: usize = usize::MAX;

const fn plain(name: &'static str, min: usize, max: usize, run: fn(&[Value]) -> Result<Value, String>) -> Function {
    Function { name, min, max, run: Run::Plain(run) }
}

const fn here(
    name: &'static str,
    min: usize,
    max: usize,
    run: fn(&Evaluator<'_>, &[Value]) -> Result<Value, Trouble>,
) -> Function {
    Function { name, min, max, run: Run::Here(run) }
}

const fn special(
    name: &'static str,
    min: usize,
    max: usize,
    run: fn(&Evaluator<'_>, &[Expression]) -> Result<Value, Trouble>,
) -> Function {
    Function { name, min, max, run: Run::Special(run) }
}

/// What can be called (azure-docs `template-functions.md`).
static FUNCTIONS: &[Function] = &[
    // deployment and resources
    here("parameters", 1, 1, surroundings::parameters),
    here("variables", 1, 1, surroundings::variables),
    here("resourceGroup", 0, 0, surroundings::resource_group),
    here("subscription", 0, 0, surroundings::subscription),
    here("tenant", 0, 0, surroundings::tenant),
    here("deployment", 0, 0, surroundings::deployment),
    here("environment", 0, 0, surroundings::environment),
    here("resourceId", 2, ANY, surroundings::resource_id),
    here("subscriptionResourceId", 2, ANY, surroundings::subscription_resource_id),
    here("tenantResourceId", 2, ANY, surroundings::tenant_resource_id),
    here("extensionResourceId", 3, ANY, surroundings::extension_resource_id),
    here("reference", 1, 3, surroundings::reference),
    here("copyIndex", 0, 2, surroundings::copy_index),
    here("utcNow", 0, 1, surroundings::utc_now),
    here("newGuid", 0, 0, surroundings::new_guid),
    // texts
    plain("concat", 0, ANY, texts::concat),
    plain("format", 1, ANY, texts::format),
    plain("toLower", 1, 1, texts::to_lower),
    plain("toUpper", 1, 1, texts::to_upper),
    plain("trim", 1, 1, texts::trim),
    plain("replace", 3, 3, texts::replace),
    plain("split", 2, 2, texts::split),
    plain("join", 2, 2, texts::join),
    plain("substring", 2, 3, texts::substring),
    plain("padLeft", 2, 3, texts::pad_left),
    plain("startsWith", 2, 2, texts::starts_with),
    plain("endsWith", 2, 2, texts::ends_with),
    plain("indexOf", 2, 2, texts::index_of),
    plain("lastIndexOf", 2, 2, texts::last_index_of),
    plain("string", 1, 1, texts::string),
    plain("base64", 1, 1, texts::base64),
    plain("base64ToString", 1, 1, texts::base64_to_string),
    plain("guid", 1, ANY, texts::guid),
    plain("uniqueString", 1, ANY, texts::unique_string),
    // numbers
    plain("int", 1, 1, numbers::int),
    plain("add", 2, 2, numbers::add),
    plain("sub", 2, 2, numbers::sub),
    plain("mul", 2, 2, numbers::mul),
    plain("div", 2, 2, numbers::div),
    plain("mod", 2, 2, numbers::modulo),
    plain("min", 1, ANY, numbers::min),
    plain("max", 1, ANY, numbers::max),
    plain("range", 2, 2, numbers::range),
    // logic and comparison
    special("if", 3, 3, logic::either),
    special("and", 2, ANY, logic::and),
    special("or", 2, ANY, logic::or),
    plain("not", 1, 1, logic::not),
    plain("bool", 1, 1, logic::boolean),
    plain("true", 0, 0, logic::yes),
    plain("false", 0, 0, logic::no),
    plain("null", 0, 0, logic::null),
    plain("equals", 2, 2, logic::equals),
    plain("less", 2, 2, logic::less),
    plain("lessOrEquals", 2, 2, logic::less_or_equals),
    plain("greater", 2, 2, logic::greater),
    plain("greaterOrEquals", 2, 2, logic::greater_or_equals),
    plain("coalesce", 1, ANY, logic::coalesce),
    // arrays and objects
    plain("length", 1, 1, collections::length),
    plain("empty", 1, 1, collections::empty),
    plain("first", 1, 1, collections::first),
    plain("last", 1, 1, collections::last),
    plain("contains", 2, 2, collections::contains),
    plain("take", 2, 2, collections::take),
    plain("skip", 2, 2, collections::skip),
    plain("union", 2, ANY, collections::union),
    plain("intersection", 2, ANY, collections::intersection),
    plain("array", 1, 1, collections::array),
    plain("createArray", 0, ANY, collections::create_array),
    plain("createObject", 0, ANY, collections::create_object),
    plain("items", 1, 1, collections::items),
    plain("objectKeys", 1, 1, collections::object_keys),
    plain("json", 1, 1, collections::json),
];

/// Functions that ARM has and the simulator does not.
const NOT_SIMULATED: &[&str] = &[
    "base64ToJson",
    "cidrHost",
    "cidrSubnet",
    "dataUri",
    "dataUriToString",
    "dateTimeAdd",
    "dateTimeFromEpoch",
    "dateTimeToEpoch",
    "deployer",
    "fail",
    "filter",
    "flatten",
    "float",
    "groupBy",
    "indexFromEnd",
    "lambda",
    "lambdaVariables",
    "list",
    "listAccountSas",
    "listClusterAdminCredential",
    "listClusterUserCredential",
    "listKeys",
    "listSecrets",
    "managementGroup",
    "managementGroupResourceId",
    "map",
    "mapValues",
    "parseCidr",
    "parseUri",
    "pickZones",
    "providers",
    "reduce",
    "references",
    "shallowMerge",
    "sort",
    "toObject",
    "tryGet",
    "tryIndexFromEnd",
    "uri",
    "uriComponent",
    "uriComponentToString",
];

/// The function of a name.
///
/// # Errors
/// When there is none, in ARM's words (microsoft/vscode-azurearmtools issue 531); one that ARM has is named as not
/// simulated.
pub(super) fn find(name: &str) -> Result<&'static Function, Trouble> {
    if let Some(found) = FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name)) {
        return Ok(found);
    }
    Err(Trouble::Fault(match NOT_SIMULATED.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => format!("The template function '{known}' is not simulated by Slipway."),
        None => format!(
            "The template function '{name}' is not valid. Please see https://aka.ms/arm-template-expressions for usage details."
        ),
    }))
}

/// Refuses an expression that calls what there is not, before anything is evaluated.
pub(crate) fn check_functions(expression: &Expression) -> Result<(), Trouble> {
    let mut outcome = Ok(());
    expression.calls(&mut |name, arguments| {
        if outcome.is_ok() {
            outcome = find(name).and_then(|function| function.check_count(arguments.len()));
        }
    });
    outcome
}

impl Function {
    /// Refuses a wrong number of arguments.
    pub(super) fn check_count(&self, given: usize) -> Result<(), Trouble> {
        if (self.min..=self.max).contains(&given) {
            return Ok(());
        }
        let wanted = match (self.min, self.max) {
            (min, max) if min == max => min.to_string(),
            (min, ANY) => format!("{min} or more"),
            (min, max) => format!("{min} to {max}"),
        };
        Err(Trouble::Fault(format!(
            "Unable to evaluate template language function '{}': function requires {wanted} argument(s) while {given} were provided. Please see https://aka.ms/arm-template-expressions/#{} for usage details.",
            self.name,
            self.name.to_lowercase()
        )))
    }
}
