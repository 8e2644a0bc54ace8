//! Attributes on the command line: `--attribute department=research`.

use bailiwick_client::InAccount;
use bailiwick_client::wire::{AttributeChanges, AttributeValue, Attributes};
use clap::Args;

use crate::context::Context;
use crate::failure::Failure;

/// What is said of a member or resource.
#[derive(Debug, Clone, Default, Args)]
pub struct AttributeArgs {
    /// An attribute of the catalog and its value, of a list with commas; an empty value takes it away (repeatable)
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    attributes: Vec<String>,
}

impl AttributeArgs {
    /// The changes, each value of the type that the catalog says.
    pub async fn changes(&self, ctx: &Context, _: &InAccount) -> Result<AttributeChanges, Failure> {
        if self.attributes.is_empty() {
            return Ok(AttributeChanges::new());
        }
        let known = ctx.client.catalog().await?.attributes;
        let mut changes = AttributeChanges::new();
        for given in &self.attributes {
            let Some((name, value)) = given.split_once('=') else {
                return Err(Failure::usage(
                    format!("`{given}` is no attribute"),
                    "write `--attribute NAME=VALUE`, such as `--attribute department=research`",
                ));
            };
            let kind = known.iter().find(|known| known.name == name).map_or("string", |known| &known.kind);
            let wrong = |what: &str| {
                Failure::usage(format!("`{value}` is no value of `{name}`"), format!("give {what}"))
            };
            let value = match kind {
                _ if value.is_empty() => None,
                "number" => Some(AttributeValue::Number(value.parse().map_err(|_| wrong("a whole number"))?)),
                "bool" => Some(AttributeValue::Bool(value.parse().map_err(|_| wrong("`true` or `false`"))?)),
                "list" => {
                    Some(AttributeValue::List(value.split(',').map(|one| one.trim().to_owned()).collect()))
                }
                _ => Some(AttributeValue::String(value.to_owned())),
            };
            changes.insert(name.to_owned(), value);
        }
        Ok(changes)
    }

    /// What is said of something new, where nothing can be taken away.
    pub async fn values(&self, ctx: &Context, account: &InAccount) -> Result<Attributes, Failure> {
        let changes = self.changes(ctx, account).await?;
        Ok(changes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}
