//! Microsoft.Security: alerts and assessments. Nothing raises any here, so the lists are empty.

use crate::answer;
use crate::error::Answer;
use crate::scope::{Scope, group_not_found};

/// `GET …/Microsoft.Security/alerts` and `…/assessments`, of a subscription or region.
pub(crate) async fn none(_scope: Scope) -> Answer {
    Ok(answer::gateway(br#"{"value":[]}"#.to_vec()))
}

/// `GET …/Microsoft.Security/alerts` of a resource group.
pub(crate) async fn none_in_group(scope: Scope) -> Answer {
    let group = scope.group();
    scope.world().group(&group).ok_or_else(|| group_not_found(&group))?;
    none(scope).await
}
