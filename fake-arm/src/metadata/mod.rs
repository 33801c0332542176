//! `GET /metadata/endpoints`: the cloud's addresses, in three shapes by api-version.
//!
//! 2022-09-01 is one object (`az cloud register` of today), 2019-05-01 and 2020-06-01 are an array of such objects
//! (`ARM_CLOUD_METADATA_URL`), 2015-01-01 is an older object (`az cloud register` up to 2024).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer;
use crate::door::FrontDoor;
use crate::middleware::ApiVersion;
use crate::query;

/// Answers in the shape of the api-version; without one, in today's.
pub(crate) async fn endpoints(State(door): State<Arc<FrontDoor>>, RawQuery(query): RawQuery) -> Response {
    let version = query::value(query.as_deref(), "api-version").and_then(|text| ApiVersion::parse(&text));
    let body = match version {
        Some(version) if version.is_before(2018, 1) => old_shape(&door),
        Some(version) if version.is_before(2022, 1) => Value::Array(vec![cloud(&door)]),
        _ => cloud(&door),
    };
    answer::gateway(body.to_string().into_bytes())
}

/// The cloud as one object: its name and addresses.
pub(crate) fn cloud(door: &FrontDoor) -> Value {
    let base = format!("{}/", door.origin);
    json!({
        "portal": base,
        "authentication": {
            "loginEndpoint": door.origin.as_str(),
            "audiences": [base, door.origin.as_str()],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": base,
        "graphAudience": base,
        "graph": base,
        "name": "Slipway",
        "suffixes": {
            "azureDataLakeStoreFileSystem": "azuredatalakestore.localhost",
            "acrLoginServer": "azurecr.localhost",
            "sqlServerHostname": "database.localhost",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.localhost",
            "keyVaultDns": "vault.localhost",
            "storage": "core.localhost",
        },
        "batch": base,
        "resourceManager": base,
        "vmImageAliasDoc": base,
        "activeDirectoryDataLake": base,
        "sqlManagement": base,
        "microsoftGraphResourceId": base,
        "appInsightsResourceId": base,
        "appInsightsTelemetryChannelResourceId": base,
        "synapseAnalyticsResourceId": base,
        "logAnalyticsResourceId": base,
        "gallery": base,
    })
}

fn old_shape(door: &FrontDoor) -> Value {
    let base = format!("{}/", door.origin);
    json!({
        "galleryEndpoint": base,
        "graphEndpoint": base,
        "portalEndpoint": base,
        "authentication": {"loginEndpoint": door.origin.as_str(), "audiences": [base, door.origin.as_str()]},
    })
}
