//! `slipway subscription`.

use super::{Context, args, out};
use crate::api::{NewSubscription, SubscriptionView, Subscriptions};
use crate::client::Client;
use crate::failure::Failure;
use crate::table;

pub(super) fn run(context: &Context, command: args::Subscription) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        args::Subscription::List => {
            let all: Subscriptions = client.get("/subscriptions")?;
            show(context, &all, &all.subscriptions)
        }
        args::Subscription::Add { era, name } => {
            let added: SubscriptionView = client.post("/subscriptions", &NewSubscription { name, era })?;
            show(context, &added, std::slice::from_ref(&added))
        }
    }
}

fn show(context: &Context, json: &impl serde::Serialize, rows: &[SubscriptionView]) -> Result<(), Failure> {
    if context.json {
        return out::json(json);
    }
    let rows: Vec<_> = rows.iter().map(|s| [s.name.clone(), s.era.to_string(), s.id.to_string()]).collect();
    out::text(&table::render(["NAME", "ERA", "ID"], &rows))
}

/// The subscription with this id or name.
pub(crate) fn find(client: &Client, wanted: &str) -> Result<SubscriptionView, Failure> {
    let all: Subscriptions = client.get("/subscriptions")?;
    let is_it = |s: &SubscriptionView| s.name.eq_ignore_ascii_case(wanted) || s.id.to_string() == wanted.to_lowercase();
    all.subscriptions.into_iter().find(is_it).ok_or_else(|| {
        Failure::NotFound(format!("there is no subscription '{wanted}'; 'slipway subscription list' shows all"))
    })
}
