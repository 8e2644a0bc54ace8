//! The hand-over of an account.

use bailiwick_client::wire::{OfferOwnership, PageQuery};
use bailiwick_client::{InAccount, Write};
use clap::Args;

use crate::cli::{LimitArgs, WriteArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::output::Shape;

const COLUMNS: &[&str] = &["id", "from", "to", "keep", "made_at", "expires_at", "revision"];

/// Which offer.
#[derive(Debug, Args)]
pub struct OfferArgs {
    /// The offer's id; not needed while only one waits
    #[arg(value_name = "OFFER")]
    offer: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// Offers ownership to a member.
pub async fn offer(ctx: &Context, to: &str, keep: bool, write: &WriteArgs) -> Result<(), Failure> {
    let account = ctx.account().await?;
    let to = names::member(&account, to).await?;
    ctx.write(account.offer_ownership(&OfferOwnership { to, keep }), write, Shape::new(COLUMNS)).await
}

/// Lists offers that wait.
pub async fn list(ctx: &Context, limit: &LimitArgs) -> Result<(), Failure> {
    let query = PageQuery { limit: limit.page(), ..PageQuery::default() };
    let all = limit.read(ctx.account().await?.list_ownership_offers(&query)).await?;
    ctx.output.list(&all, COLUMNS)
}

/// Accepts, declines or withdraws an offer.
pub async fn answer(
    ctx: &Context,
    args: &OfferArgs,
    answer: impl FnOnce(&InAccount, &str) -> Write<()>,
) -> Result<(), Failure> {
    let account = ctx.account().await?;
    let offer = match &args.offer {
        Some(offer) => offer.clone(),
        None => the_one(&account).await?,
    };
    ctx.write(answer(&account, &offer), &args.write, Shape::new(&[])).await
}

async fn the_one(account: &InAccount) -> Result<String, Failure> {
    let waiting = account.list_ownership_offers(&PageQuery::default()).page().await?;
    match waiting.items.as_slice() {
        [one] if waiting.complete => Ok(one.id.clone()),
        [] => Err(Failure::refused(
            "no offer of ownership waits for an answer",
            "the owner makes one by `bailiwick account offer-ownership MEMBER`",
        )),
        _ => Err(Failure::usage("several offers wait", "name one: `bailiwick account offers` lists them")),
    }
}
