//! Why a request was refused: everything an error answer needs, without HTTP.

use serde::{Deserialize, Serialize};

/// Which layer of Azure speaks; the two use different error envelopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layer {
    /// The ARM gateway: `{"error":{"code","message"}}`.
    Gateway,
    /// The AKS resource provider: `{"code","details","message","subcode"}`.
    Provider,
}

/// The kinds of refusal. A success cannot be expressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalKind {
    /// 400
    BadRequest,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 409
    Conflict,
    /// 412
    PreconditionFailed,
    /// 413
    TooLarge,
    /// 415
    UnsupportedMediaType,
    /// 429
    TooManyRequests,
    /// 500
    Internal,
    /// 501: the simulator does not do this and says so; Azure would.
    NotImplemented,
}

impl RefusalKind {
    /// The HTTP status that carries it.
    pub fn status(self) -> u16 {
        match self {
            RefusalKind::BadRequest => 400,
            RefusalKind::Unauthorized => 401,
            RefusalKind::Forbidden => 403,
            RefusalKind::NotFound => 404,
            RefusalKind::MethodNotAllowed => 405,
            RefusalKind::Conflict => 409,
            RefusalKind::PreconditionFailed => 412,
            RefusalKind::TooLarge => 413,
            RefusalKind::UnsupportedMediaType => 415,
            RefusalKind::TooManyRequests => 429,
            RefusalKind::Internal => 500,
            RefusalKind::NotImplemented => 501,
        }
    }
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// What kind of refusal.
    pub kind: RefusalKind,
    /// Who refuses.
    pub layer: Layer,
    /// Azure's error code, e.g. `OperationNotAllowed`.
    pub code: String,
    /// The text for the client.
    pub message: String,
    /// The property at fault, where Azure names one.
    pub target: Option<Box<str>>,
    /// The AKS subcode; empty in most answers.
    pub subcode: &'static str,
    /// What a service behind the AKS resource provider said, which it shows in `details` now and then.
    pub detail: Option<Box<str>>,
    /// The rule of the rule table that refused, for logs and the docs.
    pub rule: Option<&'static str>,
}

impl Refusal {
    /// A refusal by the AKS resource provider.
    pub fn provider(kind: RefusalKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal {
            kind,
            layer: Layer::Provider,
            code: code.into(),
            message: message.into(),
            target: None,
            subcode: "",
            detail: None,
            rule: None,
        }
    }

    /// A refusal by the ARM gateway.
    pub fn gateway(kind: RefusalKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal { layer: Layer::Gateway, ..Refusal::provider(kind, code, message) }
    }

    /// Names the property at fault.
    #[must_use]
    pub fn at(mut self, target: impl Into<Box<str>>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Adds what a service behind the AKS resource provider said.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets the AKS subcode.
    #[must_use]
    pub fn subcode(mut self, subcode: &'static str) -> Self {
        self.subcode = subcode;
        self
    }
}
