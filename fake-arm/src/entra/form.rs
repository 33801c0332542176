//! Form fields of the login endpoints.

use axum::extract::{FromRequest, Request};

use super::error::LoginError;
use crate::query;

/// The largest form that is read, in bytes. A signed assertion is a few kilobytes.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// `application/x-www-form-urlencoded` fields, or those of a query string.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=b&c=d`.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Form(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (query::decode(key), query::decode(value))
                })
                .collect(),
        )
    }

    /// A field that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A field that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<&str, LoginError> {
        self.get(name).ok_or_else(|| {
            LoginError::BadRequest(format!("The request body must contain the following parameter: '{name}'."))
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = LoginError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, LoginError> {
        let bytes = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX)
            .await
            .map_err(|_| LoginError::BadRequest(format!("The form is larger than {FORM_BYTES_MAX} bytes.")))?;
        Ok(Form::parse(&String::from_utf8_lossy(&bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form::parse("scope=https%3A%2F%2Flocalhost%3A1%2F%2F.default+openid&client_id=x&empty=");
        assert_eq!(form.get("scope"), Some("https://localhost:1//.default openid"));
        assert_eq!(form.get("empty"), None);
        assert!(form.require("client_id").is_ok());
        assert!(matches!(form.require("empty"), Err(LoginError::BadRequest(_))));
    }
}
