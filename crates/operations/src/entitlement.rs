//! Entitlements that follow from attributes: pools with a rule, and pools for all users.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use provisioning::{Grant, GrantSource, PoolId};
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::schema::ENROLMENT;
use scim::{Registry, ResourceType};
use store::{PoolRule, ReadUnit, User, WriteUnit};

use crate::error::Error;

/// The rules of a tenant's pools.
#[derive(Debug)]
pub(crate) struct Rules {
    readable: Vec<(PoolId, String, ResolvedFilter)>,
    /// Pools whose stored rule this program cannot read: their grants stay as they are.
    unreadable: Vec<PoolId>,
    /// Pools for every user.
    defaults: Vec<PoolId>,
    /// The type of the users.
    user_type: Arc<ResourceType>,
}

impl Rules {
    /// Loads them.
    pub(crate) async fn of(unit: &ReadUnit) -> Result<Self, Error> {
        Ok(Self::among(unit.registry(), &unit.pool_rules().await?))
    }

    /// The rules of these pools. Each was checked by [`parse`] when its pool was made, so one that cannot be read was
    /// written by another version of this program, and that is worth an alarm.
    pub(crate) fn among(registry: &Registry, pools: &[PoolRule]) -> Self {
        let defaults = pools.iter().filter(|pool| pool.default).map(|pool| pool.pool).collect();
        let user_type = Arc::clone(registry.user());
        let mut rules = Self { readable: Vec::new(), unreadable: Vec::new(), defaults, user_type };
        for pool in pools {
            let Some(text) = &pool.rule else { continue };
            match parse(registry, text) {
                Ok(rule) => rules.readable.push((pool.pool, text.clone(), rule)),
                Err(error) => {
                    tracing::error!(
                        pool = %pool.pool, error,
                        "the rule of a licence pool cannot be read; its grants stay as they are"
                    );
                    rules.unreadable.push(pool.pool);
                }
            }
        }
        rules
    }

    /// Whether no pool has a rule.
    pub(crate) fn is_empty(&self) -> bool {
        self.readable.is_empty()
    }

    /// The pools whose rules match a user.
    pub(crate) fn matching(&self, user: &User) -> Vec<PoolId> {
        if self.is_empty() {
            return Vec::new();
        }
        let document = user.resource.clone().render(&self.user_type, "");
        let matching = self.readable.iter().filter(|(_, _, rule)| rule.matches(&document));
        matching.map(|(pool, ..)| *pool).collect()
    }

    /// Gives a user exactly the grants whose rules match; says whether that changed anything.
    pub(crate) async fn apply(
        &self,
        unit: &mut WriteUnit,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        if self.is_empty() {
            return Ok(false);
        }
        let matching = self.matching(user);
        Ok(unit.attribute_grants(user.id, &matching, &self.unreadable, now).await?)
    }

    /// What [`Rules::apply`] makes of the grants of a user whom these rules match, as facts.
    pub(crate) fn grants(&self, matching: &[PoolId], grants: &mut Vec<Grant>) {
        if self.is_empty() {
            return;
        }
        let by_rule = |grant: &Grant| matches!(grant.source, GrantSource::Attribute { .. });
        grants.retain(|grant| {
            !by_rule(grant) || matching.contains(&grant.pool) || self.unreadable.contains(&grant.pool)
        });
        for (pool, filter, _) in self.readable.iter().filter(|(pool, ..)| matching.contains(pool)) {
            if !grants.iter().any(|grant| grant.pool == *pool && by_rule(grant)) {
                let source = GrantSource::Attribute { filter: filter.clone() };
                grants.push(Grant { pool: *pool, source });
            }
        }
    }

    /// Adds the grants that every user gets, as facts.
    pub(crate) fn defaults(&self, grants: &mut Vec<Grant>) {
        for pool in &self.defaults {
            let default = Grant { pool: *pool, source: GrantSource::Default };
            if !grants.contains(&default) {
                grants.push(default);
            }
        }
    }
}

/// Reads the rule of a pool: a SCIM filter over what is stored of a user.
///
/// # Errors
/// A sentence; what we compute ourselves (groups, licences) cannot be a reason for a licence.
pub(crate) fn parse(registry: &Registry, rule: &str) -> Result<ResolvedFilter, String> {
    let parsed = filter::parse(registry.user(), rule, FilterDialect::default());
    let (filter, _) = parsed.map_err(|error| format!("The rule \"{rule}\" cannot be used: {error}"))?;
    if computed(&filter) {
        let advice = "name attributes that a directory sends, or bind a group to the pool instead";
        return Err(format!(
            "The rule \"{rule}\" asks for groups, licences or meta, which the server computes: {advice}."
        ));
    }
    Ok(filter)
}

fn computed(filter: &ResolvedFilter) -> bool {
    match filter {
        ResolvedFilter::And(terms) | ResolvedFilter::Or(terms) => terms.iter().any(computed),
        ResolvedFilter::Not(inner) => computed(inner),
        ResolvedFilter::Compare { target, .. }
        | ResolvedFilter::Present(target)
        | ResolvedFilter::Element { attribute: target, .. } => {
            let core =
                target.extension.is_none() && ["groups", "meta"].contains(&target.attribute.name.as_str());
            core || target.extension.as_ref().is_some_and(|schema| schema.id == ENROLMENT)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_look_at_what_is_stored_only() {
        for rule in
            ["userType eq \"Employee\"", "active eq true and not (title pr)", "emails[type eq \"work\"]"]
        {
            assert!(parse(Registry::standard(), rule).is_ok(), "{rule}");
        }
        let enrolment = format!("{ENROLMENT}:status eq \"active\"");
        for rule in [
            "groups.value eq \"x\"",
            "userName pr and (title pr or groups pr)",
            &enrolment,
            "meta.version pr",
            "nope pr",
            "",
        ] {
            assert!(parse(Registry::standard(), rule).is_err(), "{rule}");
        }
    }
}
