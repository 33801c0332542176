//! Recordings: one exchange between a client and Azure a line, as JSON.
//!
//! Members: `command` (what the person typed), `features` (names for `AKSHTTPCustomFeatures`), `method`, `uri`,
//! `request` (JSON, null, or a text when the recorder cut it), `status`, `headers` and `response`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::Failure;

/// The largest recording that is read, in bytes.
const SIZE_MAX: u64 = 64 << 20;

/// What the client sent as a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Nothing.
    None,
    /// A JSON document.
    Json(Value),
    /// The recorder kept a part only, so it cannot be sent again.
    Cut,
}

/// One request and Azure's answer to it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its place in the file, from 0.
    pub place: usize,
    /// What the person typed.
    pub command: String,
    /// Value of the request header `AKSHTTPCustomFeatures`; empty for none.
    pub features: String,
    /// The HTTP method.
    pub method: String,
    /// The whole URI, with the recorded host and subscription.
    pub uri: String,
    /// The request's body.
    pub request: Request,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers that were recorded; names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The answer's body; null when there was none.
    pub response: Value,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The file's name without its folder.
    pub name: String,
    /// In the order in which they happened.
    pub exchanges: Vec<Exchange>,
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is larger than 64 MiB, or a line is not an exchange.
    pub fn load(path: &Path) -> Result<Recording, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failed = |why: String| Failure(format!("cannot read the recording {}: {why}", path.display()));
        let size = std::fs::metadata(path).map_err(|e| failed(e.to_string()))?.len();
        if size > SIZE_MAX {
            return Err(failed(format!("it has {size} bytes, more than {SIZE_MAX}")));
        }
        let text = std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
        let exchanges = parse(&text).map_err(failed)?;
        Ok(Recording { name, exchanges })
    }

    /// The newest api-version that was sent to Microsoft.ContainerService itself (not to a status URL).
    pub fn api_version(&self) -> Option<&str> {
        let own = self.exchanges.iter().filter(|e| !e.is_poll());
        let own = own.filter(|e| e.uri.to_ascii_lowercase().contains("/microsoft.containerservice/"));
        own.filter_map(Exchange::api_version).max()
    }
}

/// Reads the lines of a recording. Empty lines are allowed.
fn parse(text: &str) -> Result<Vec<Exchange>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parsed = lines.enumerate().map(|(place, (number, line))| {
        let value = serde_json::from_str(line).map_err(|e| format!("line {}: {e}", number + 1))?;
        exchange(place, &value).ok_or_else(|| format!("line {} has no method, uri or status", number + 1))
    });
    parsed.collect()
}

fn exchange(place: usize, value: &Value) -> Option<Exchange> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let headers = value["headers"].as_object().into_iter().flatten();
    Some(Exchange {
        place,
        command: text("command").unwrap_or_default(),
        features: text("features").unwrap_or_default(),
        method: text("method")?,
        uri: text("uri")?,
        request: match &value["request"] {
            Value::Null => Request::None,
            Value::String(_) => Request::Cut,
            json => Request::Json(json.clone()),
        },
        status: u16::try_from(value["status"].as_u64()?).ok()?,
        headers: headers.filter_map(|(k, v)| Some((k.to_ascii_lowercase(), v.as_str()?.to_owned()))).collect(),
        response: value["response"].clone(),
    })
}

impl Exchange {
    /// The path of the URI, without host and query.
    pub fn path(&self) -> &str {
        let rest = self.uri.split_once("://").map_or(self.uri.as_str(), |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        path.split('?').next().unwrap_or(path)
    }

    /// The segment of the path after one of this name (in any letter case).
    pub fn segment_after(&self, name: &str) -> Option<&str> {
        let mut segments = self.path().split('/');
        segments.find(|s| s.eq_ignore_ascii_case(name))?;
        segments.next().filter(|s| !s.is_empty())
    }

    /// The id of the operation that this request asks about.
    pub fn operation(&self) -> Option<&str> {
        self.segment_after("operations").or_else(|| self.segment_after("operationresults"))
    }

    /// Whether it asks how an operation of a region goes or went.
    pub fn is_poll(&self) -> bool {
        self.method == "GET" && self.segment_after("locations").is_some() && self.operation().is_some()
    }

    /// The `api-version` of the query.
    pub fn api_version(&self) -> Option<&str> {
        let query = self.uri.split_once('?')?.1;
        query.split('&').find_map(|pair| pair.strip_prefix("api-version="))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_exchange() {
        let line = r#"{"command":"aks show","features":"","method":"GET","uri":"https://h/subscriptions/s/providers/P/locations/l/operations/42?api-version=2016-03-30","request":"{...","status":200,"headers":{"Content-Type":"x"},"response":null}"#;
        let all = parse(&format!("{line}\n\n")).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].operation(), Some("42"));
        assert!(all[0].is_poll());
        assert_eq!(all[0].api_version(), Some("2016-03-30"));
        assert_eq!(all[0].request, Request::Cut);
        assert_eq!(all[0].headers["content-type"], "x");
    }

    #[test]
    fn what_is_no_exchange_is_named_by_its_line() {
        assert!(parse("{}\n").unwrap_err().contains("line 1"));
        assert!(parse("\nnope\n").unwrap_err().contains("line 2"));
    }
}
