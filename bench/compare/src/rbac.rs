//! The account as Casbin takes it: its RBAC model with roles for subjects and for resources.

use std::error::Error;

use bailiwick_core::account::Principal;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};

use crate::dataset::{Asked, Dataset};

const MODEL: &str = "
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _
g2 = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.act == p.act && g(r.sub, p.sub) && g2(r.obj, p.obj)
";

/// Casbin with the account's rules.
pub struct Engine(Enforcer);

impl Engine {
    /// Translates the account.
    pub fn new(data: &Dataset) -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let model = DefaultModel::from_str(MODEL).await?;
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
            let mut rules: Vec<Vec<String>> = Vec::new();
            for grant in &data.grants {
                let principal = match grant.principal {
                    Principal::Group(id) => id.to_string(),
                    other => other.to_string(),
                };
                for permission in &grant.permissions {
                    rules.push(vec![principal.clone(), grant.at.clone(), (*permission).to_owned()]);
                }
            }
            // Casbin refuses a rule that it has; two roles of one principal at one place can share permissions.
            rules.sort_unstable();
            rules.dedup();
            enforcer.add_policies(rules).await?;
            let joined = data.joined.iter().map(|(user, group)| vec![user.to_string(), group.to_string()]);
            enforcer.add_named_grouping_policies("g", joined.collect()).await?;
            let above = data.resources.iter().map(|node| {
                let above = node.parent.map_or_else(|| node.project.to_string(), |parent| parent.to_string());
                vec![node.id.to_string(), above]
            });
            enforcer.add_named_grouping_policies("g2", above.collect()).await?;
            Ok(Self(enforcer))
        })
    }

    /// Casbin's answer.
    pub fn answer(&self, asked: &Asked) -> Result<bool, Box<dyn Error>> {
        Ok(self.0.enforce((asked.user.as_str(), asked.resource.as_str(), asked.action))?)
    }
}
