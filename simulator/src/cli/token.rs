//! `slipway token`.

use super::{Context, args, out, subscription};
use crate::api::{Token, TokenRequest};
use crate::failure::Failure;

pub(super) fn run(context: &Context, args: &args::Token) -> Result<(), Failure> {
    let client = context.client()?;
    if let Some(wanted) = &args.subscription {
        subscription::find(&client, wanted)?;
    }
    let token: Token = client.post("/token", &TokenRequest { reader: args.reader })?;
    if context.json {
        return out::json(&token);
    }
    out::text(&format!("{}\n", token.access_token))
}
