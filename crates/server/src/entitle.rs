//! Entitlements that follow from attributes: pools with a rule, and pools for everybody.

use chrono::{DateTime, Utc};
use provisioning::PoolId;
use scim::Registry;
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::schema::ENROLMENT;
use store::{PoolRule, ReadUnit, User, WriteUnit};

/// The rules of a tenant's pools.
pub(crate) struct Rules(Vec<(PoolId, ResolvedFilter)>);

impl Rules {
    /// Loads them.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn of(unit: &ReadUnit) -> Result<Self, store::Error> {
        Ok(Self::among(&unit.pool_rules().await?))
    }

    /// The rules of these pools; each was checked by [`parse`] when its pool was made.
    pub(crate) fn among(pools: &[PoolRule]) -> Self {
        let rule = |pool: &PoolRule| Some((pool.pool, parse(pool.rule.as_deref()?).ok()?));
        Self(pools.iter().filter_map(rule).collect())
    }

    /// Gives a user exactly the grants whose rules match; says whether that changed anything.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn apply(
        &self,
        unit: &mut WriteUnit,
        user: &User,
        now: DateTime<Utc>,
    ) -> Result<bool, store::Error> {
        if self.0.is_empty() {
            return Ok(false);
        }
        let document = user.resource.clone().render("");
        let matching = self.0.iter().filter(|(_, rule)| rule.matches(&document));
        let pools: Vec<PoolId> = matching.map(|(pool, _)| *pool).collect();
        unit.attribute_grants(user.id, &pools, now).await
    }
}

/// Gives a user who has just arrived the grants of these pools, by their rules and for everybody; says whether there
/// were any.
///
/// # Errors
/// What the database says.
pub(crate) async fn arrived(
    unit: &mut WriteUnit,
    user: &User,
    pools: &[PoolRule],
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<bool, store::Error> {
    let by_rule = rules.apply(unit, user, now).await?;
    let for_all = pools.iter().any(|pool| pool.default) && unit.default_grants(user.id, now).await?;
    Ok(by_rule || for_all)
}

/// Reads the rule of a pool: a SCIM filter over what is stored of a user.
///
/// # Errors
/// A sentence; what we compute ourselves (groups, licences) cannot be a reason for a licence.
pub(crate) fn parse(rule: &str) -> Result<ResolvedFilter, String> {
    let parsed = filter::parse(Registry::standard().user(), rule, FilterDialect::default());
    let (filter, _) = parsed.map_err(|error| format!("The rule \"{rule}\" cannot be used: {error}"))?;
    if computed(&filter) {
        let advice = "bind the group to the pool instead";
        return Err(format!(
            "The rule \"{rule}\" asks for groups or licences, which follow from others: {advice}."
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
            core || target.extension.is_some_and(|schema| schema.id == ENROLMENT)
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
            assert!(parse(rule).is_ok(), "{rule}");
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
            assert!(parse(rule).is_err(), "{rule}");
        }
    }
}
