//! `bailiwick check`.

use std::process::ExitCode;

use bailiwick_client::InAccount;
use bailiwick_client::wire::AccessQuestion;
use clap::Args;

use crate::context::Context;
use crate::failure::{Failure, REFUSED};
use crate::names;
use crate::output::{Shape, green, note, red};
use crate::scope::TargetText;

const SHAPE: Shape = Shape::new(&["allowed", "revision"]);

/// A question about access.
#[derive(Debug, Args)]
pub struct QuestionArgs {
    /// Member by email, or id, external id or name of a member, group or service account
    #[arg(value_name = "PRINCIPAL")]
    principal: String,
    /// Permission of the catalog, for instance `write:clusters`
    #[arg(value_name = "ACTION")]
    action: String,
    /// To what: `account`, `project:REF` or `TYPE:REF` with an id, external id or name
    #[arg(value_name = "TARGET")]
    target: TargetText,
}

impl QuestionArgs {
    /// The question with its names looked up.
    pub async fn question(self, account: &InAccount) -> Result<AccessQuestion, Failure> {
        Ok(AccessQuestion {
            principal: names::principal(account, &self.principal).await?,
            action: self.action,
            resource: names::target(account, &self.target).await?,
        })
    }
}

/// Asks whether somebody may do something: exit code 0 for yes, 1 for no.
pub async fn run(ctx: Context, args: QuestionArgs) -> Result<ExitCode, Failure> {
    let account = ctx.account().await?;
    let decision = account.check(&args.question(&account).await?).await?;
    ctx.output.record(&decision, SHAPE)?;
    if decision.allowed {
        note(&green("allowed"));
        return Ok(ExitCode::SUCCESS);
    }
    note(&red("denied"));
    note("hint: `bailiwick explain` with the same arguments says why");
    Ok(ExitCode::from(REFUSED))
}
