//! The types of parameters and outputs.

use serde_json::Value;

use super::super::expression::Trouble;

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    String,
    /// Text that is never shown.
    SecureString,
    /// A whole number.
    Int,
    /// A boolean.
    Bool,
    /// An object.
    Object,
    /// An object that is never shown.
    SecureObject,
    /// An array.
    Array,
}

impl Kind {
    const ALL: &[Kind] =
        &[Kind::String, Kind::SecureString, Kind::Int, Kind::Bool, Kind::Object, Kind::SecureObject, Kind::Array];

    /// The type of a name, without regard to case.
    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }

    /// As ARM shows it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::String => "String",
            Kind::SecureString => "SecureString",
            Kind::Int => "Int",
            Kind::Bool => "Bool",
            Kind::Object => "Object",
            Kind::SecureObject => "SecureObject",
            Kind::Array => "Array",
        }
    }

    /// Whether its values stay hidden.
    pub(crate) fn is_secure(self) -> bool {
        matches!(self, Kind::SecureString | Kind::SecureObject)
    }

    /// Whether a value is of the type.
    pub(crate) fn admits(self, value: &Value) -> bool {
        match self {
            Kind::String | Kind::SecureString => value.is_string(),
            Kind::Int => value.is_i64() || value.is_u64(),
            Kind::Bool => value.is_boolean(),
            Kind::Object | Kind::SecureObject => value.is_object(),
            Kind::Array => value.is_array(),
        }
    }

    /// The types of JSON that would do, in ARM's words.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Kind::String | Kind::SecureString => "String, Uri",
            Kind::Int => "Integer",
            Kind::Bool => "Boolean",
            Kind::Object | Kind::SecureObject => "Object",
            Kind::Array => "Array",
        }
    }
}

/// Reads `type` of a definition.
pub(super) fn read(definition: &Value) -> Result<Kind, Trouble> {
    let name = definition.get("type").and_then(Value::as_str);
    let name = name.ok_or_else(|| Trouble::Fault("the required property 'type' is missing".to_owned()))?;
    Kind::named(name).ok_or_else(|| Trouble::Fault(format!("the type '{name}' is not supported")))
}
