//! Refusals with details, as ARM gives them for deployments: an envelope that the plain [`Error`] does not have.

use axum::response::{IntoResponse, Response};
use control_plane::refusal::RefusalKind;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::positions::At;
use crate::answer::{self, Voice};
use crate::error::{Error, status_of};

/// An error with inner errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// ARM's code.
    pub(crate) code: String,
    /// The resource or property at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    /// The text for the client.
    pub(crate) message: String,
    /// Inner errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) details: Vec<Fault>,
    /// Where in the template it is.
    #[serde(rename = "additionalInfo", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) info: Vec<Value>,
}

impl Fault {
    /// An error with a code and a text.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Fault { code: code.to_owned(), message: message.into(), ..Fault::default() }
    }

    /// A template that does not hold: ARM puts the reason between apostrophes.
    pub(crate) fn template(why: impl std::fmt::Display) -> Self {
        Fault::new("InvalidTemplate", format!("Deployment template validation failed: '{why}'."))
    }

    /// A template that cannot even be read.
    pub(crate) fn unreadable(why: impl std::fmt::Display) -> Self {
        Fault::new("InvalidTemplate", format!("Deployment template parse failed: '{why}'."))
    }

    /// Tells where, as ARM does (Azure/SimuLand issue 39).
    #[must_use]
    pub(crate) fn at(mut self, at: &At) -> Self {
        let info = json!({"lineNumber": at.line, "linePosition": at.column, "path": at.path});
        self.info = vec![json!({"type": "TemplateViolation", "info": info})];
        self
    }

    /// Names the resource at fault.
    #[must_use]
    pub(crate) fn about(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// `{"error":{…}}`
    pub(crate) fn shown(&self) -> Value {
        json!({"error": self})
    }
}

/// Why a request about deployments is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// As any other request is.
    Plain(Error),
    /// With details; always 400.
    Fault(Box<Fault>),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Plain(error)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Refused::Fault(Box::new(fault))
    }
}

impl Refused {
    /// A refusal by the gateway.
    pub(crate) fn gateway(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        Refused::Plain(Error::gateway(kind, code, message))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::Plain(error) => error.into_response(),
            Refused::Fault(fault) => {
                tracing::debug!(code = %fault.code, message = %fault.message, "deployment refused");
                let body = fault.shown().to_string().into_bytes();
                answer::json(Voice::Gateway, bad_request(), body)
            }
        }
    }
}

fn bad_request() -> StatusCode {
    status_of(RefusalKind::BadRequest)
}
